"""Faults at points of a wake, drawn from the whole campaign; and what makes the campaign worth believing.

Oracles: mosquitto and paho for what was delivered, the supervisor's clock for the time awake.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import campaign_bytes
import pytest
from campaign import campaign, sample, verdict
from campaign_nodes import BOARDS, Listener, Prepared, prepare
from campaign_run import Case, cases, ended_well, missing, run

from dormouse.virtual import faults
from dormouse.virtual.board import Wake
from dormouse.virtual.flash import Flash

_SAMPLE = 36
_SEED = 4


@pytest.fixture
def broker(mosquitto_factory: Any) -> Any:
    return mosquitto_factory("max_queued_messages 10000")


def prepared_cold(broker: Any, micropython: str, folder: Path, chip: int, extra: dict[str, bytes] | None = None) -> Prepared:
    return prepare("esp8266", 1, folder, broker.port, chip, micropython, extra, ("cold",))[0]


def test_a_drawn_part_of_the_campaign_loses_nothing_and_always_sleeps(micropython: str, broker: Any) -> None:
    with campaign(BOARDS, 5 * (os.cpu_count() or 2)) as made:
        drawn = sample(made.cases, _SAMPLE, _SEED)
        assert {(c.board, c.fault.kind) for c in drawn} == {(b, k) for b in BOARDS for k in faults.KINDS}
        said = [text for outcome in made.run(drawn) if (text := verdict(outcome))]
    assert not said, "\n".join(said)


def test_a_new_step_in_the_wake_brings_its_own_points(micropython: str, broker: Any, tmp_path: Path) -> None:
    driver = Path(__file__).with_name("faulty.py").read_bytes()
    longer = driver.replace(b"    return 1, bus\n", b"    bus.readfrom(0x44, 1) if False else bus.scan()\n    return 1, bus\n")
    assert longer != driver
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    plain = cases([prepared_cold(broker, micropython, tmp_path / "a", 1)])
    more = cases([prepared_cold(broker, micropython, tmp_path / "b", 2, {"/sensors/faulty.py": longer})])
    new = Counter(c.point.call.name for c in more) - Counter(c.point.call.name for c in plain)
    assert new["i2c.scan"] == 6  # reset, cut, stall, three errors
    assert len({c.point.number for c in more}) == len({c.point.number for c in plain}) + 1


def test_a_node_that_loses_readings_is_caught(micropython: str, broker: Any, tmp_path: Path) -> None:
    main = Path(__file__).resolve().parents[2].joinpath("main.py").read_bytes()
    # A wake after a reset forgets what is in retained memory, and starts anew.
    forget = b"import machine\nif machine.reset_cause() == 4:\n    machine.RTC().memory(b'')\n"
    forgetful = main.replace(b"import machine\n", forget, 1)
    prepared = prepare("esp8266", 3, tmp_path, broker.port, 1, micropython, {"/main.py": forgetful}, ("quiet",))[0]
    last = next(c for c in cases([prepared]) if c.point.call.name == "deepsleep" and c.fault.kind == "reset")
    listener = Listener(broker.port)
    try:
        outcome = run(prepared, last, 2, listener, micropython)
    finally:
        listener.close()
    assert any("readings taken" in problem for problem in outcome.problems), outcome


def wake(**changes: Any) -> Wake:
    made = Wake(1, "DEEPSLEEP_RESET", "deepsleep", awake_ms=500, sleep_ms=900000)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    "changes",
    [{"ended": "repl"}, {"ended": "crashed", "by": "supervisor"}, {"ended": "reset"}, {"awake_ms": 2601}, {"sleep_ms": None}],
)
def test_a_wake_that_does_not_end_as_it_should_is_caught(changes: dict[str, Any]) -> None:
    assert ended_well(wake(), None) == []
    assert len(ended_well(wake(**changes), None)) == 1


def test_gaps_are_what_was_lost() -> None:
    assert missing({(1, 1), (1, 2), (2, 1)}) == set()
    assert missing({(1, 1), (1, 4), (2, 2)}) == {(1, 2), (1, 3), (2, 1)}


def test_every_byte_of_a_stopped_write_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    flash = Flash(tmp_path / "flash.img", 1 << 20)
    try:
        flash.sync({"/boots.txt": b"1"})
        before = (tmp_path / "flash.img").read_bytes()
        flash.sync({"/boots.txt": b"2"})
        after = (tmp_path / "flash.img").read_bytes()
    finally:
        flash.close()
    (tmp_path / "flash.img").write_bytes(before)
    blocks = [i for i in range(0, len(before), 4096) if before[i : i + 4096] != after[i : i + 4096]]
    assert blocks
    writes = [(n, at // 4096, 0, after[at : at + 4096]) for n, at in enumerate(blocks)]
    candidates = {
        n: tuple(i + 1 for i in range(4096) if before[at + i] != after[at + i]) for n, at in enumerate(blocks)
    }
    found, looked = campaign_bytes.stops(tmp_path / "flash.img", writes, candidates)
    assert looked == sum(map(len, candidates.values())) > 4
    assert all(1 <= len(stops) <= 3 for stops in found.values()), found


def test_a_case_can_be_named_again() -> None:
    call = faults.Call(5, "i2c", "0x44", "measure")
    from campaign_run import Point

    assert str(Case("esp8266", Point(123, "warm", call), faults.Fault(5, "error", 19))) == (
        "--board esp8266 --point 123 --fault error:19"
    )
