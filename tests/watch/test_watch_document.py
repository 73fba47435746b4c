"""docs/watch.md and its picture: options, events, numbers and links are the code's."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import typer
from rich.console import Console

from dormouse import cli
from dormouse.watching import client, ibm_codes, nodes, scene, sending, shared, table

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/watch.md").read_text(encoding="utf-8")


def options(command: str) -> set[str]:
    found = typer.main.get_command(cli.build()).commands[command]  # type: ignore[attr-defined]
    return {option for parameter in found.params if not getattr(parameter, "hidden", False) for option in parameter.opts}


def test_every_option_is_there_and_every_one_that_is_named_exists() -> None:
    watch, send = TEXT.split("# dormouse send")
    for command, text in (("watch", watch), ("send", watch[:900] + send)):
        named = set(re.findall(r"--[a-z][a-z-]*", text))
        known = {option for option in options(command) if option.startswith("--")}
        assert known - named - {"--help"} == set(), command
        assert set(re.findall(r"--[a-z][a-z-]*", send)) <= options("send") if command == "send" else named <= known | {"--all"}


def test_the_picture_is_fresh() -> None:
    kept = (ROOT / "docs/screens/watch.svg").read_text(encoding="utf-8")
    assert scene.texts(kept) == scene.texts(scene.svg()), "run: dormouse watch --picture docs/screens/watch.svg"
    assert "http" not in re.sub(r"http://www.w3.org/2000/svg|<!--.*?-->", "", kept)


def test_the_columns_and_states_are_the_tables() -> None:
    rows = re.findall(r"^\| ([a-zA-Z ,]+) \|", TEXT.split("## For programs")[0], re.MULTILINE)
    assert [name for row in rows[1:] for name in row.split(", ")] == [name for name in table._COLUMNS if name != "node"]
    for state in (nodes.ASLEEP, nodes.AWAKE, nodes.LATE, nodes.MISSING, nodes.LOST, nodes.UNKNOWN):
        assert f"`{state}`" in TEXT
    assert "need a wider terminal" in TEXT and all(name in TEXT for name in table._FROM)
    console = Console(width=200, record=True, file=StringIO())
    console.print(table.draw(scene.fleet(), scene.NOW, 200, 40))
    drawn = console.export_text()
    assert all(state in drawn for state in ("asleep", "awake", "late", "missing", "lost"))


def test_the_events_are_the_codes() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tools/dormouse/watching").glob("*.py"))
    table = TEXT.partition("| event | |")[2].partition("\n\n")[0]
    named = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", table, re.MULTILINE))))
    made = set(re.findall(r'"event": "(\w+)"', source))
    made |= set(re.findall(r'"event": "(\w+)" if found.up else "(\w+)"', source)[0])
    assert made | {"reading", "status", "report", "result", "log", nodes.LATE, nodes.MISSING} == named


def test_the_numbers_are_the_codes() -> None:
    assert nodes.LONGEST_BACKOFF_S == 6 * 3600 and "by six hours at most" in TEXT
    assert f"the broker keeps its session for {shared.BRIDGE_S} s" in TEXT
    assert f"again after {client._SOONEST_S} s, then ever later, up to {client._LATEST_S} s" in TEXT
    assert f"until {sending.AFTER_S} s after" in TEXT
    assert f"the {len(ibm_codes.ALL)} closing codes" in TEXT
    assert f"reason code {client.NOBODY}" in TEXT


def test_the_sessions_are_what_the_options_make() -> None:
    rows = re.findall(r"^\| `(--(?:group|client-id)[^`]*)` \| (yes|no) \| (\d+)", TEXT, re.MULTILINE)
    assert len(rows) == 4
    for words, clean, expiry in rows:
        said = dict(zip(words.split()[::2], words.split()[1::2]))
        said_id = said.get("--client-id")
        session = shared.plan(said.get("--group"), said.get("--instance"), int(said.get("--keep", 0)), said_id)
        assert (session.clean_start is True, session.expiry_s) == (clean == "yes", int(expiry)), words


def test_the_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)", TEXT):
        assert (ROOT / "docs" / target).exists(), target
