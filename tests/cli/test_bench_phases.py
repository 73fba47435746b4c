"""`dormouse bench --phases`: whole wakes on a virtual board. The oracles: the board's own table of times and currents
(boards/*/board.toml), and arithmetic done here once more.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from command_line import ROOT, Run

from dormouse import cli, phases
from dormouse.commands import _bench_phases
from dormouse.phases import Phases
from dormouse.virtual import models

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

BOARDS = ("esp8266", "feather_s2", "pyboard_d")
BOARD = "feather_s2"
pytestmark = pytest.mark.timeout(300)  # the first one waits for whole days on three boards
SPEED = 16  # --speed of the virtual board: every modelled time is a sixteenth
WAKES = [*phases.GOOD, *phases.FAILED, *phases.BROKER]


@pytest.fixture(scope="module")
def toml() -> dict[str, Any]:
    """The board's numbers."""
    return tomllib.loads((ROOT / "boards" / BOARD / "board.toml").read_text())


@pytest.fixture(scope="module")
def steps() -> list[str]:
    """What was announced on the way."""
    return []


@pytest.fixture(scope="module")
def everywhere(steps: list[str], micropython: str) -> list[Phases]:
    """All boards measured, in a hurry."""
    return phases.measure(ROOT, BOARDS, 1, steps.append, SPEED)


@pytest.fixture(scope="module")
def found(everywhere: list[Phases]) -> Phases:
    """One of them."""
    return everywhere[BOARDS.index(BOARD)]


def test_every_wake_is_there_and_every_step_announced(found: Phases, steps: list[str]) -> None:
    assert [row.name for row in found.rows] == WAKES
    mine = [step for step in steps if step.startswith(BOARD + ": ")]
    assert len(mine) == phases.STEPS and len(steps) == len(BOARDS) * phases.STEPS


def test_each_came_to_what_it_is_called(found: Phases) -> None:
    said = {row.name: row.said for row in found.rows}
    assert said["cold boot"] == said["warm"] == "delivered 1" and said["no upload"] == "kept"
    assert "no_ap" in said["AP gone"] and "password" in said["wrong password"]
    assert said["no address"].startswith("upload failed: LinkError")
    assert said["sensor failed"] == "delivered 1" and said["exception"] == "RuntimeError: on purpose"
    assert "not authorised" in said["refused"] and "116" in said["stalls"]  # the port's ETIMEDOUT
    # The port's EAI_FAIL; a node that keeps the broker's address does without the name server.
    assert "-202" in said["DNS dead"] or said["DNS dead"] == "delivered 1"
    assert "ECONNREFUSED" in said["broker down"] or "111" in said["broker down"]
    assert said["broker silent"].startswith("upload failed") and said["broker silent"] != said["broker down"]


def test_the_phases_fill_the_wake_without_a_gap(found: Phases) -> None:
    for row in found.rows:
        at = 0
        for _, start, length in row.phases:
            assert start == at
            at += length
        assert at == row.awake_ms


def test_the_times_are_the_boards(found: Phases, toml: dict[str, Any]) -> None:
    table = toml["virtual"]
    assert found.row("cold boot").ms("boot") == table["boot_ms"] // SPEED
    assert found.row("warm").ms("boot") == table["wake_boot_ms"] // SPEED
    # A new node asks for an address, so the link takes both, from the beginning of the measurement on.
    joined = found.row("cold boot").ms("measure") + found.row("cold boot").ms("link")
    assert joined >= (table["associate_ms"] + table["dhcp_ms"]) // SPEED
    assert not found.row("no upload").ms("link") and not found.row("no upload").ms("mqtt")
    assert not found.row("AP gone").ms("mqtt")
    assert found.row("broker silent").ms("mqtt") > found.row("broker down").ms("mqtt") + 4000 // SPEED
    assert found.row("cold boot").ms("window") > 0 == found.row("warm").ms("window")


def test_the_charge_is_current_times_time(found: Phases, toml: dict[str, Any]) -> None:
    currents = toml["currents"]
    assert currents["cpu"]["unit"] == currents["radio"]["unit"] == "mA"
    cpu, radio = currents["cpu"]["value"], currents["radio"]["value"]
    kept = found.row("no upload")
    assert kept.charge_mc == pytest.approx(kept.awake_ms / 1000 * cpu)
    gone = found.row("AP gone")
    on = gone.ms("measure") + gone.ms("link") + gone.ms("finish")  # the radio starts as the measurement begins
    assert gone.charge_mc == pytest.approx(on / 1000 * radio + (gone.awake_ms - on) / 1000 * cpu)
    assert found.row("broker silent").charge_mc > found.row("warm").charge_mc > kept.charge_mc


def test_the_battery_lasts_as_long_as_the_days_allow(found: Phases, toml: dict[str, Any]) -> None:
    asleep = toml["currents"]["deepsleep"]["value"] / 1000 * 86400  # mC a day
    assert found.day_mc == pytest.approx(asleep + found.row("warm").charge_mc * 86400 / found.every_s)
    assert 1 <= found.down.wakes < 86400 / found.every_s
    # Each of them cost what the one did that was looked at, and the middles of long sleeps little more.
    assert found.down.mc - asleep == pytest.approx(found.down.wakes * found.row("broker down").charge_mc, rel=0.1)
    assert 1 <= found.silent.wakes <= found.down.wakes
    kind, mah = found.battery or ("", 0)
    assert kind == "lipo"  # 5 % of self-discharge a month
    for months, day_mc in (
        (found.months, found.day_mc),
        (found.down.months, found.down.mc),
        (found.silent.months, found.silent.mc),
    ):
        assert months == pytest.approx(mah / (day_mc / 3600 * 730 / 24 + 0.05 * mah))


@pytest.mark.parametrize("board", BOARDS)
def test_a_day_of_failures_is_bounded_and_costs_about_as_much_as_one_of_uploads(everywhere: list[Phases], board: str) -> None:
    one = next(phases for phases in everywhere if phases.board == board)
    for name, day in (("broker down", one.down), ("broker silent", one.silent)):
        # Long after the first failure a node is awake for 1/1024 of the time (node.backoff), or less; a wake more or less where
        # the day begins, and what it takes from the last look at the clock until it sleeps.
        assert day.awake_s <= 86400 / 1024 * 1.25 + one.row(name).awake_ms * SPEED / 1000
        # That is about what a warm wake every 900 s takes, so no failure costs much more than none.
        assert day.mc <= 1.25 * one.day_mc and one.every_s == 900


def test_the_codes_own_share_is_more_than_nothing_and_less_than_the_wake(found: Phases) -> None:
    assert 1 < found.own_ms < 2000


@pytest.fixture
def measured(found: Phases, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command takes what was measured already."""
    monkeypatch.setattr(phases, "measure", lambda *_: [found])


@pytest.mark.usefixtures("measured")
def test_the_screen_has_the_table_the_share_the_battery_and_says_that_it_is_a_model(
    found: Phases, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    assert cli.main(["bench", "--phases", "--board", BOARD]) == 0
    out = capsys.readouterr().out
    assert [name for name in WAKES if f"{name} " not in out] == []
    assert f"{found.own_ms:.0f} ms of this computer's CPU time" in out and "A model, no measurement of a board" in out
    assert f"refuses every connection {found.down.mc / 3600:.2f} mAh ({found.down.wakes} wakes)" in out
    assert f"never answers {found.silent.mc / 3600:.2f} mAh ({found.silent.wakes} wakes)" in out
    assert f"about {found.months:.1f} months; {found.down.months:.1f} if the broker were gone" in out


@pytest.mark.usefixtures("measured")
def test_json(found: Phases, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "--phases", "--json"]) == 0
    [one] = json.loads(capsys.readouterr().out)
    assert (one["board"], one["is"], [row["name"] for row in one["rows"]]) == (BOARD, "a model", WAKES)
    assert one["day_mc"] == found.day_mc and one["rows"][0]["phases"][0] == ["boot", 0, found.rows[0].ms("boot")]


@pytest.mark.usefixtures("measured")
def test_the_table_goes_into_a_file_of_benches_and_replaces_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bench.md"
    before = "head\n<!-- dormouse bench: begin -->\nold\n<!-- dormouse bench: end -->\ntail\n"
    file.write_text(before)
    for _ in range(2):
        assert cli.main(["bench", "--phases", "--write", str(file)]) == 0
        text = file.read_text()
        assert text.startswith(before) and text.count(_bench_phases.BEGIN) == text.count(_bench_phases.END) == 1
        assert text.count(f"\n| {BOARD} |") == len(WAKES) and "`dormouse bench --phases --runs 5`" in text
    assert capsys.readouterr().err == f"wrote {file}\n" * 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--phases", "--rtt", "5"), "--rtt and --peer do not go with --phases"),
        (("--phases", "--peer", "umqtt=."), "--rtt and --peer do not go with --phases"),
        (("--phases", "--board", "nut"), "no virtual board 'nut': there are " + ", ".join(models.names())),
        (("--board", BOARD), "--board needs --phases"),
        (("--phases", "--write", "README.md"), _bench_phases.BEGIN),
    ],
)
def test_wrong_usage(dormouse: Run, words: tuple[str, ...], told: str) -> None:
    done = dormouse("bench", *words)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert done.stderr.startswith("dormouse: ") and told in done.stderr


def test_without_micropython(dormouse: Run) -> None:
    done = dormouse("bench", "--phases", MICROPYTHON="no-such-program")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert done.stderr.startswith("dormouse: no MicroPython interpreter")
