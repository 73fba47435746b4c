"""How wakes are judged, and what the model says about charge: worked out by hand here."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dormouse import energy, ledger
from dormouse.energy import Currents
from dormouse.ledger import Ledger
from dormouse.report import duration
from dormouse.subscriber import Message

UPLOADING = ("boot", "start", "measure", "link", "mqtt", "finish", "sleep")
TOPICS = ("d/history", "d/readings")
KEEPING = ("boot", "start", "measure", "finish", "sleep")


@dataclass
class Life:
    names: tuple[str, ...] = UPLOADING
    ended: str = "deepsleep"
    by: str = "node"
    phases: list[tuple[str, int, int]] = field(init=False)

    def __post_init__(self) -> None:
        self.phases = [(name, 0, 1) for name in self.names]


def reading(seq: int, boot: int = 1) -> Message:
    # Late ones go elsewhere.
    return Message(TOPICS[seq % 2], json.dumps({"seq": seq, "boot": boot}), 1, False)


def outcome(book: Ledger, life: Life, *seqs: int) -> str:
    expected = book.judge(life)
    book.arrived([reading(seq) for seq in seqs])
    return book.settle(expected)


def test_each_wake_needs_its_own_record() -> None:
    book = Ledger(TOPICS, 1, new=True, test_mode=False)
    assert outcome(book, Life(), 1) == ledger.PUBLISHED
    assert outcome(book, Life(), 2) == ledger.PUBLISHED
    assert outcome(book, Life()) == ledger.NOT_PUBLISHED
    assert outcome(book, Life(), 4) == ledger.NOT_PUBLISHED  # 3 is still missing
    assert outcome(book, Life(), 3, 5) == ledger.PUBLISHED


def test_another_nodes_or_topics_records_do_not_count() -> None:
    book = Ledger(TOPICS, 1, new=True, test_mode=False)
    expected = book.judge(Life())
    assert not book.arrived([Message("d/log", '{"seq": 1, "boot": 1}', 1, False), Message("d/readings", "[1", 1, False)])
    assert book.settle(expected) == ledger.NOT_PUBLISHED


def test_a_board_that_lived_before_starts_anywhere() -> None:
    book = Ledger(TOPICS, 1, new=False, test_mode=False)
    assert outcome(book, Life(), 17) == ledger.PUBLISHED
    assert outcome(book, Life(), 19) == ledger.NOT_PUBLISHED


def test_upload_every_third() -> None:
    book = Ledger(TOPICS, 3, new=True, test_mode=False)
    assert outcome(book, Life(), 1) == ledger.PUBLISHED
    assert outcome(book, Life(KEEPING)) == ledger.KEPT
    assert outcome(book, Life(KEEPING)) == ledger.KEPT
    assert outcome(book, Life(), 2, 3, 4) == ledger.PUBLISHED
    assert outcome(book, Life(KEEPING)) == ledger.KEPT
    assert outcome(book, Life(KEEPING)) == ledger.KEPT
    assert outcome(book, Life(KEEPING)) == ledger.NOT_PUBLISHED  # record 7 was due


def test_a_first_wake_that_keeps_is_no_success() -> None:
    assert outcome(Ledger(TOPICS, 3, new=True, test_mode=False), Life(KEEPING)) == ledger.NOT_PUBLISHED


@pytest.mark.parametrize(
    ("life", "expected"),
    [
        (Life(by="supervisor", ended="killed"), ledger.NOT_ASLEEP),
        (Life(ended="crashed", by="supervisor"), ledger.NOT_ASLEEP),
        (Life(ended="repl"), ledger.NOT_ASLEEP),
        (Life(ended="reset"), ledger.NOT_ASLEEP),
        (Life(ended="watchdog"), ledger.NOT_ASLEEP),
        (Life(ended="soft_reset"), ledger.NOT_ASLEEP),
        (Life(("boot", "start", "sleep")), ledger.SLEPT_ON),
        (Life(("boot", "start")), ledger.NOT_PUBLISHED),  # main.py's last resort
        (Life(("boot",)), ledger.NOT_PUBLISHED),
    ],
)
def test_only_a_node_that_puts_itself_to_sleep_is_good(life: Life, expected: str) -> None:
    assert outcome(Ledger(TOPICS, 1, new=True, test_mode=False), life, 1) == expected


def test_in_test_mode_a_soft_reset_is_the_sleep() -> None:
    book = Ledger(TOPICS, 1, new=True, test_mode=True)
    assert outcome(book, Life(ended="soft_reset"), 1) == ledger.PUBLISHED


def test_charge_is_current_times_time() -> None:
    currents = Currents(deepsleep_ma=0.066, cpu_ma=20.0, radio_ma=70.0)
    lengths = {"boot": 350, "start": 50, "measure": 100, "link": 1000, "clock": 50, "mqtt": 40, "finish": 10, "sleep": 0}
    phases = [(name, 0, length) for name, length in lengths.items()]
    # 20 mA for 0.4 s, 70 mA for 1.2 s
    assert energy.wake_mc(currents, phases) == pytest.approx(8 + 84)
    # the radio stays off: 20 mA for 0.5 s
    assert energy.wake_mc(currents, [("boot", 0, 400), ("measure", 0, 100)]) == pytest.approx(10)


def test_life_is_the_fact_sheets_example() -> None:
    # An ESP32-S2 every 15 minutes: 110 mC a wake, 66 uA asleep, so 0.188 mA; 1000 mAh then last 7.3 months before
    # self-discharge. At 5 % a month 1000 mAh lose 0.0685 mA more: 1000 h / 0.2567 / 730.
    months = energy.life_months(Currents(0.066, 22.2, 73), 110, 900, "lipo", 1000)
    assert months == pytest.approx(5.34, abs=0.01)


@pytest.mark.parametrize("board", ["feather_s2", "esp8266", "pyboard_d"])
def test_every_board_has_currents(root: Path, board: str) -> None:
    currents = energy.read_currents(root, board)
    assert 0 < currents.deepsleep_ma < 1 < currents.cpu_ma < currents.radio_ma


@pytest.mark.parametrize(
    ("seconds", "text"), [(600, "10 min"), (905, "15.1 min"), (0.5, "0.5 s"), (59, "59 s"), (7200, "2 h"), (86400, "1 d")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
