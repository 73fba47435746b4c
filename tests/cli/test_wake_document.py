"""docs/wake.md and its picture are what `dormouse wake` makes now, and the error table's numbers are the node's own."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from command_line import ROOT, Run

from dormouse import cli, phases, picture, settings
from dormouse.commands import wake as command
from dormouse.errors import DormouseError
from dormouse.phases import Row
from dormouse.virtual import models
from node import backoff, grants

ROWS = [
    Row("warm", 900, (("boot", 0, 350), ("measure", 350, 50), ("link", 400, 450), ("sleep", 850, 50)), 50.4, "delivered 1"),
    Row("no upload", 400, (("boot", 0, 350), ("measure", 350, 49), ("sleep", 399, 1)), 9.0, "kept"),
    Row("cold boot", 9000, (("boot", 0, 560), ("window", 560, 8440)), 200.0, "delivered 1"),
]


def test_the_committed_document_and_picture_are_fresh(micropython: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["wake", "--check"]) == 0, capsys.readouterr().err
    assert capsys.readouterr().out == "docs/wake.md and docs/wake.svg are fresh\n"


def test_the_table_has_every_setting_with_its_default() -> None:
    schema = settings.load_schema(ROOT)
    lines = command.table(schema).splitlines()[2:]
    assert len(lines) == len(schema.SETTINGS)
    for line, row in zip(lines, schema.SETTINGS):
        cells = re.split(r"(?<!\\) \| ", line.strip("| "))
        assert cells[0] == f"`{row[0]}`" and f"`{row[5]!r}`" in cells
        if row[1] in ("int", "number"):
            assert cells[1:3] == [f"{row[3]} to {row[4]}", row[2]]


def test_the_picture_says_what_was_traced() -> None:
    svg = picture.draw(ROWS, "feather_s2")
    assert picture.wakes(svg) == {row.name: [(name, ms) for name, _, ms in row.phases] for row in ROWS}
    assert "A model, no measurement" in svg and "900 ms, 50 mC" in svg
    bars = re.findall(r'data-phase="(\w+)"[^>]* x="([\d.]+)"[^>]* width="([\d.]+)"', svg)[:4]
    # One begins where the other ends, to scale.
    for (_, x, width), (_, following, _) in itertools.pairwise(bars):
        assert float(x) + float(width) == pytest.approx(float(following), abs=0.2)
    assert float(bars[2][2]) / float(bars[0][2]) == pytest.approx(450 / 350, rel=0.01)


def test_a_picture_of_other_phases_is_stale_but_one_with_or_without_the_clock_is_not() -> None:
    kept = picture.wakes(picture.draw(ROWS, "feather_s2"))
    command._compare(kept, ROWS)
    with_clock = Row("warm", 950, (*ROWS[0].phases[:3], ("clock", 850, 50), ("sleep", 900, 50)), 50.4, "")
    command._compare(kept, [with_clock])
    other = Row("warm", 900, (("boot", 0, 350), ("link", 350, 500), ("sleep", 850, 50)), 50.4, "")
    with pytest.raises(DormouseError, match=r"stale, warm: it has boot, measure, link, sleep; a wake has boot, link, sleep"):
        command._compare(kept, [other])
    with pytest.raises(DormouseError, match="stale"):
        command._compare({}, ROWS)


def test_every_phase_that_a_bench_knows_is_explained() -> None:
    assert set(picture.TELLS) == set(phases.NAMES)
    story = (ROOT / "docs/wake.md").read_text()
    assert [name for name in phases.NAMES if f"**{name}**" not in story] == []


def test_the_error_tables_numbers_are_the_nodes() -> None:
    text = " ".join((ROOT / "docs/wake.md").read_text().split())
    most = (1 << 24) - 1
    assert backoff.extra_s(backoff.CONFIG, 1, 900, 0) == 6 * 3600 and "sleeps six hours" in text
    throttled = [10 + backoff.extra_s(backoff.THROTTLED, fails, 10, 0) for fails in (1, 2, 20)]
    assert throttled == [120, 240, 7200] and "two minutes" in text and "twice as long the next time, two hours at most" in text
    assert 10 + backoff.extra_s(backoff.BANNED, 1, 10, 0) == 3600 and "no upload for an hour" in text
    assert backoff.extra_s(backoff.NETWORK, 20, 900, most) == 7199 and "at most two hours" in text
    assert backoff.extra_s(backoff.NETWORK, 3, 60, most) == 8 * 60 - 1 and "the interval times 2<sup>n</sup>" in text
    share = 10 + backoff.extra_s(backoff.NETWORK, 20, 10, 0, 10000)
    assert share == 10 * 1024 and "1/1024 of the time, 84 seconds a day" in text and 86400 // 1024 == 84
    assert 10 + backoff.extra_s(backoff.NETWORK, 20, 10, 0, 60000) == 6 * 3600 and "or six hours" in text

    class State:
        refused = flags = 0

    both = [("a", 1), ("b", 1)]
    grants.note(State, both, both, b"\1\x80", True, b"")
    uploads = 0
    while len(grants.ask(State, both)) < 2:
        uploads += 1
    assert uploads == 63 and "asked for again after 63 uploads" in text


def test_the_links_lead_somewhere() -> None:
    text = (ROOT / "docs/wake.md").read_text()
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / "docs" / target).exists(), target


def test_wrong_usage(dormouse: Run) -> None:
    done = dormouse("wake", "--board", "nut")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "dormouse: no virtual board 'nut': there are " + ", ".join(models.names()) + "\n"


def test_writing_replaces_the_table_and_the_picture_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "docs").mkdir()
    document = tmp_path / "docs/wake.md"
    document.write_text("head\n<!-- dormouse wake: begin -->\nold\n<!-- dormouse wake: end -->\ntail\n")
    monkeypatch.setattr(command, "find_root", lambda: tmp_path)
    monkeypatch.setattr(command, "board_names", lambda _: ["feather_s2"])
    monkeypatch.setattr(settings, "load_schema", lambda _, load=settings.load_schema: load(ROOT))
    monkeypatch.setattr(phases, "good_wakes", lambda *_: ROWS)
    assert cli.main(["wake"]) == 0
    text = document.read_text()
    assert text.startswith("head\n") and text.endswith("tail\n") and "\nold\n" not in text and "| `BOARD` |" in text
    assert picture.wakes((tmp_path / "docs/wake.svg").read_text())["warm"][0] == ("boot", 350)
    assert cli.main(["wake", "--check"]) == 0
    document.write_text(text.replace("`BOARD`", "`BORED`"))
    assert cli.main(["wake", "--check"]) == 1
    assert "docs/wake.md is stale" in capsys.readouterr().err
