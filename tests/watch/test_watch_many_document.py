"""docs/from-one-to-many.md: slots are the node's own arithmetic, the measured table is many.py's, words are the code's."""

from __future__ import annotations

import re
from pathlib import Path

import many
import typer

from dormouse import cli
from node import backoff, schedule

ROOT = Path(__file__).resolve().parents[2]
TEXT = many.PAGE.read_text(encoding="utf-8")


def block(name: str) -> str:
    begin, end = many.marks(name)
    assert TEXT.count(begin) == TEXT.count(end) == 1
    return TEXT.partition(begin)[2].partition(end)[0]


def test_the_slots_are_fresh() -> None:
    assert block("slots") == many.slots(), "run: python tests/watch/many.py"


def test_the_measured_table_has_a_figure_for_each_line() -> None:
    rows = [line.strip("| ").split(" | ") for line in block("measured").splitlines()[2:]]
    titles = re.findall(r'f"\| (.*?) \| ', (ROOT / "tests/watch/many.py").read_text(encoding="utf-8").split("def measured")[1])
    assert len(rows) == len(titles) == 7
    figures = {title: [float(figure) for figure in re.findall(r"[\d.]+", value)] for title, value in rows}
    assert all(figures.values())
    sums = [sum(values) for title, values in figures.items() if "three instances" in title]
    assert sums == [many.LATE]
    (memory_mb,) = next(values for title, values in figures.items() if "memory at most" in title)
    slowest_ms, shown_ms = next(values for title, values in figures.items() if "slowest redraw" in title)
    assert memory_mb < 200 and slowest_ms < 1000 and shown_ms < 1000


def test_the_words_are_the_codes() -> None:
    text = " ".join(TEXT.split())
    assert schedule.offset_ms((1 << 32) - 1, 86400) // 1000 == 15 * 60 - 1 and "within 15 minutes after its round time" in text
    (most,) = re.findall(r"^_MOST_S = const\((\d+)\)", (ROOT / "src/node/spread.py").read_text(encoding="utf-8"), re.MULTILINE)
    assert f"random time of up to {most} s" in text and f"500 nodes are {500 / int(most):.1f} connections a second" in text
    longest_s = backoff.extra_s(backoff.NETWORK, 20, 900, (1 << 24) - 1)
    assert longest_s == 7199 and "doubles with each failure up to two hours" in text
    assert backoff.extra_s(backoff.CONFIG, 1, 900, 0) == 6 * 3600 and "after a failure six hours on top" in text


def test_every_command_that_is_named_exists() -> None:
    commands = typer.main.get_command(cli.build()).commands  # type: ignore[attr-defined]
    pages = TEXT + "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("watch.md", "consumers.md"))
    named = re.findall(r"(?:`|^    )dormouse (\w+)((?: [^`\n]*)?)", pages, re.MULTILINE)
    assert {command for command, _ in named} >= {"watch", "send", "check", "new"}
    for command, words in named:
        known = {option for parameter in commands[command].params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", words)) <= known, (command, words)


def test_the_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", TEXT):
        assert (ROOT / "docs" / target).exists(), target
