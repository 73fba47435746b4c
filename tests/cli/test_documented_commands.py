"""Every `dormouse ...` line of README.md and docs can be given so: its own parser takes it. Nothing is run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from command_line import ROOT

from dormouse import commands
from dormouse.cli import build

PAGES = sorted(path.relative_to(ROOT).as_posix() for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
_BEFORE = r"(?:\$ |sudo |unshare -r )?(?:\.venv/bin/)?"
_COMMANDS = sorted(path.stem for path in Path(commands.__path__[0]).glob("[a-z]*.py"))
_LINE = re.compile(rf"^ *{_BEFORE}dormouse (.+)$", re.MULTILINE)
_SPAN = re.compile(rf"`{_BEFORE}dormouse\s([^`]+)`|`((?:{'|'.join(_COMMANDS)})\s[^`]+)`")
# What ends the command of a line in a block: a comment, or the words beside it.
_BESIDE = re.compile(r"\s+#\s|\s{3,}")
# What stands for a number in the documents.
_NUMBERS = {"PORT": "1883", "SECONDS": "60"}
# Taken still, for habits and scripts, and hidden in the help.
_OLD = {"--node"}


def lines_of(text: str) -> list[str]:
    """The commands of a page, those in blocks and those in a sentence, without the word dormouse."""
    prose, blocks = [], []
    for index, part in enumerate(re.split(r"^```.*$", text, flags=re.MULTILINE)):
        if index % 2:
            blocks.append(part)
        else:
            indented = re.findall(r"^ {4,}\S.*$", part, re.MULTILINE)
            blocks.append("\n".join(indented))
            prose.append(part)
    found = [_BESIDE.split(line)[0] for block in blocks for line in _LINE.findall(block)]
    found += [" ".join("".join(span).split()) for part in prose for span in _SPAN.findall(part)]
    return list(dict.fromkeys(line for line in found))


NAMED = [(page, line) for page in PAGES for line in lines_of((ROOT / page).read_text("utf-8"))]


@pytest.fixture(scope="module")
def command() -> Any:
    """The dormouse command with every subcommand."""
    return typer.main.get_command(build())


def refused(command: Any, line: str) -> str:
    """Why the parser does not take the line; nothing where it does."""
    words = [_NUMBERS.get(word, word) for word in shlex.split(line)]
    if words[0] not in command.commands:
        return f"there is no dormouse {words[0]}"
    chosen = command.commands[words[0]]
    if len(words) == 1:  # the command is meant, not how it is given
        return ""
    if old := _OLD.intersection(words):
        return f"{old.pop()} is the old way"
    try:
        chosen.make_context(f"dormouse {words[0]}", words[1:])
    except typer.BadParameter.__mro__[1] as error:
        return getattr(error, "format_message", error.__str__)()
    return ""


@pytest.mark.parametrize("page", sorted({page for page, _ in NAMED}))
def test_every_command_of_the_page_can_be_given_so(page: str, command: Any) -> None:
    wrong = {line: why for there, line in NAMED if there == page and (why := refused(command, line))}
    assert wrong == {}


def test_the_readmes_table_names_options_that_are_there(command: Any) -> None:
    """A row of README.md that begins with one command names only that command's options."""
    rows = re.findall(r"^\| `dormouse ([a-z]+)[^|]*\|(.*)\|$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert len(rows) > 5
    for name, said in rows:
        known = {option for it in command.commands[name].params for option in it.opts} | {"--help"}
        assert set(re.findall(r"`(--[a-z-]+)", said)) <= known, name


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("check --node kitchen", "--node"),
        ("simulate a b c", "unexpected extra"),
        ("nothing", "no dormouse nothing"),
        ("simulate --wakes many", "--wakes"),
    ],
)
def test_a_line_that_cannot_be_given_is_found(line: str, why: str, command: Any) -> None:
    assert why in refused(command, line)


def test_lines_are_found_wherever_they_stand() -> None:
    text = "`dormouse\ncheck A`:\n\n    dormouse logs A   what\n\n```\n$ dormouse flash A  # write\nok\n```\n`check --all`."
    assert lines_of(text) == ["logs A", "flash A", "check A", "check --all"]
    assert {page for page, _ in NAMED} >= {f"docs/{name}.md" for name in ("help", "bag_to_field", "watch", "bench")}
