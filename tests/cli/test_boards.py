"""`dormouse boards`: what it prints, what it writes, and that docs/boards.md and the pictures are what it would write."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from command_line import ROOT

from dormouse import boards, cli, wiring
from dormouse.commands import boards as command
from dormouse.virtual import models

EVERY = boards.every(ROOT)


def test_document_and_pictures_are_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["boards", "--check"]) == 0
    assert capsys.readouterr().out == f"docs/boards.md and {len(EVERY)} pictures are fresh\n"


def test_the_table_has_every_board(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["boards"]) == 0
    shown = capsys.readouterr().out
    names = re.findall(r"^ (\w+) ", shown, re.MULTILINE)
    assert [name for name in names if name != "board"] == models.names(ROOT / "boards")
    for board in EVERY:
        line = next(line for line in shown.splitlines() if line.startswith(f" {board['name']} "))
        assert f"{board['currents']['deepsleep']['value']} uA" in line
        assert line.split()[-1] == ("no" if "not_for_batteries" in board else "yes")


@pytest.mark.parametrize("board", EVERY, ids=lambda board: board["name"])
def test_one_in_full(board: boards.Facts, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["boards", board["name"]]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    told = [board["title"], board["flash"]["enter"], board["sleep"]["source"], *board["pins"]["wake"]]
    told += [current["source"] for current in board["currents"].values()]
    told += [text for wire in board["wiring"] for text in (wire["how"], wire["source"])]
    told += [text for it in board["trouble"] for text in it.values()] + [it["quirk"] for it in board["radio"]]
    for text in [*told, board.get("not_for_batteries", "")]:
        # Long words may be broken where the line ends.
        assert re.sub(r"\s", "", text) in re.sub(r"\s", "", shown), text


@pytest.mark.parametrize("board", EVERY, ids=lambda board: board["name"])
def test_a_picture_has_the_boards_pins(board: boards.Facts) -> None:
    svg = wiring.draw(board)
    pins, drawn = board["pins"], wiring.pins(svg)
    expected = [board["rails"]["battery"], pins["battery"], "GND", board["rails"]["sensors"], pins["onewire"]]
    expected += [pin.split()[1] for pin in pins["i2c"]]
    expected += ["16", "RST"] if board["port"] == "esp8266" else []
    assert set(expected) <= set(drawn) and len(set(drawn)) == len(drawn)
    assert set(drawn) - set(expected) <= set(pins["wake"]) and (len(drawn) > len(expected)) == bool(pins["wake"])
    root = ET.fromstring(svg)
    width, height = (float(root.attrib[name]) for name in ("width", "height"))
    for text in root.iter("{http://www.w3.org/2000/svg}text"):
        # A letter is about 0.58 of its height wide: no text may leave the picture.
        x, long = float(text.attrib["x"]), 0.58 * float(text.get("font-size", 13)) * len(text.text or "")
        left = {"end": x - long, "middle": x - long / 2}.get(text.get("text-anchor", ""), x)
        assert 0 <= left and left + long <= width and 0 < float(text.attrib["y"]) < height, text.text
    if "data-pin" in svg and board["rails"]["divider"]:
        values = [value.replace("Ohm", "Ω") for value in board["rails"]["divider"] if value]
        assert all(value in svg for value in values)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nut",), "no board 'nut': there are " + ", ".join(models.names(ROOT / "boards"))),
        (("feather_s2", "--write"), "leave the name out"),
        (("feather_s2", "--check"), "leave the name out"),
    ],
)
def test_wrong_usage(words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["boards", *words]) == 2
    assert told in capsys.readouterr().err


def test_writing_changes_what_is_stale_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = ROOT / "boards/virtual/board.toml"
    (tmp_path / "boards/virtual").mkdir(parents=True)
    (tmp_path / "boards/virtual/board.toml").write_bytes(source.read_bytes())
    (tmp_path / "docs").mkdir()
    document, drawn = tmp_path / "docs/boards.md", tmp_path / "boards/virtual/wiring.svg"
    marks = "".join(f"<!-- dormouse boards {part}: {end} -->\n" for part in command._PARTS for end in ("begin", "end"))
    document.write_text(f"head\n{marks}tail\n")
    monkeypatch.setattr(command, "find_root", lambda: tmp_path)
    assert cli.main(["boards", "--check"]) == 1
    assert "stale; run dormouse boards --write" in capsys.readouterr().err and not drawn.exists()
    assert cli.main(["boards", "--write"]) == 0
    text = document.read_text()
    assert text.startswith("head\n") and text.endswith("tail\n") and "| `virtual` |" in text
    assert cli.main(["boards", "--check"]) == 0
    drawn.write_text("old")
    capsys.readouterr()
    assert cli.main(["boards", "--write"]) == 0
    assert capsys.readouterr().out == f"wrote {drawn}\n"
    document.write_text("no marks")
    assert cli.main(["boards", "--write"]) == 2
