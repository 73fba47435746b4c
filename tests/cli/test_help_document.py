"""docs/help.md: its links lead somewhere, its table is the boards'; its commands: test_documented_commands."""

from __future__ import annotations

import re

from command_line import ROOT

from dormouse import boards, settings

DOCUMENT = ROOT / "docs" / "help.md"
TEXT = DOCUMENT.read_text("utf-8")
NAMED = sorted(set(re.findall(r"`dormouse ([^`]+)`", TEXT)))


def test_it_names_commands() -> None:
    assert {line.split()[0] for line in NAMED} >= {"check", "simulate", "logs", "deploy", "flash", "clock", "boards"}


def test_every_setting_that_it_names_exists() -> None:
    known = {row[0] for row in settings.load_schema(ROOT).SETTINGS}
    named = set(re.findall(r"`([A-Z][A-Z_]{2,})(?: = [^`]*)?`", TEXT))
    assert named
    assert named <= known | {
        "WIFI",
        "USER",
        "PASSWORD",
        "CA",
        "POWERON",
        "BROWN_OUT",
        "ETIMEDOUT",
        "ECONNREFUSED",
        "EHOSTUNREACH",
    }


def test_its_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", TEXT)
    assert links
    assert [link for link in links if not (DOCUMENT.parent / link).is_file()] == []


def test_the_table_is_the_boards() -> None:
    expected = [
        f"| `{it['name']}` | {'goes' if it['usb'] == 'native' else 'stays'} | {it['flash']['enter']} |"
        for it in boards.every(ROOT)
        if it["flash"]["method"] != "none"
    ]
    heading = "| board | USB in deep sleep |"
    table = TEXT[TEXT.index(heading) :].split("\n\n")[0].splitlines()[2:]
    assert table == expected, "\n".join(expected)


def test_the_lines_that_it_quotes_are_the_nodes() -> None:
    source = "".join(
        (ROOT / "src" / "node" / name).read_text() for name in ("upload.py", "outcome.py", "reading.py", "secure.py")
    )
    for words in ('print("delivered",', 'print("upload failed:",', 'print("sensor", name, "failed:"', 'OSError("clock")'):
        assert words in source
    link = (ROOT / "src/node/link.py").read_text()
    quoted = re.findall(r"LinkError (\w+)`", TEXT)
    assert quoted
    for word in (*quoted, "refused", "handshake"):
        assert f'"{word}"' in link
    assert "_WINDOW_S = const(8)" in (ROOT / "src/node/begin.py").read_text()
    assert "_WINDOW_S = 10" in (ROOT / "main.py").read_text()
