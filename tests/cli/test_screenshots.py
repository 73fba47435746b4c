"""dormouse screenshots: the pictures of docs/screens show what the commands print now."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
from command_line import ROOT

from dormouse.cli import main
from dormouse.errors import DormouseError

pytest.importorskip("termios")  # a pseudo-terminal
from dormouse.screens import picture, scenes, terminal
from dormouse.screens.terminal import Answer, Screen

PICTURES = ROOT / "docs" / "screens"
# A deploy's sizes are another's with each change of the device code: its picture may be older.
SAME = sorted(set(scenes.SCENES) - {"deploy"})


@pytest.mark.parametrize("name", SAME)
def test_a_picture_is_fresh(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["screenshots", "--check", name]) == 0, capsys.readouterr().err


def test_every_scene_has_its_picture_and_its_picture_is_a_whole_one() -> None:
    for name in scenes.SCENES:
        text = (PICTURES / f"{name}.svg").read_text("utf-8")
        said = picture.words(text)
        assert said[:1] == ["$"] or "$" in said
        assert " ".join(said).count(f"dormouse {name}") >= 2  # the title, and the command
        assert not re.search(r"https?://(?!www\.w3\.org|www\.textualize\.io)", text)


def test_a_stale_one_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(scenes, "play", lambda name: "something else")
    assert main(["screenshots", "--check", "boards"]) == 1
    assert "docs/screens/boards.svg: stale" in capsys.readouterr().err


def test_an_unknown_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["screenshots", "sunset"]) == 2
    assert "there are: boards, check, deploy, logs, new, upgrade" in capsys.readouterr().err


def test_the_screen() -> None:
    """What rich's spinners and bars do, and the terminal's ends of lines."""
    for fed, left in (
        ("a\r\nb\r\n", "a\nb"),
        ("\x1b[?25lworking\r\x1b[2Kdone\r\n\x1b[?25h", "done"),
        ("one\r\ntwo\r\n\x1b[1A\x1b[2Kthree\r\n", "one\nthree"),
        ("10 %\r\x1b[32m100 %\x1b[0m\r\n", "\x1b[32m100 %\x1b[0m"),
        ("\r\n\r\n  indented  \r\n\r\n", "  indented"),
    ):
        screen = Screen()
        screen.feed(fed)
        assert screen.text() == left


def test_questions_are_answered_when_they_come(tmp_path: Path) -> None:
    program = "import getpass; print(input('who? '), len(getpass.getpass('what? ')))"
    words, env = [sys.executable, "-c", program], {"PATH": os.defpath}
    answers = [Answer("who", "me"), Answer("what", "secret", unseen=True)]
    assert terminal.run(words, tmp_path, env, answers).split() == ["who?", "me", "what?", "me", "6"]
    with pytest.raises(DormouseError, match="has not asked 'why'"):
        terminal.run([sys.executable, "-c", "print('hello')"], tmp_path, env, [Answer("why", "")])
