"""Configurations that `dormouse check` accepts run: made by chance from a seed, each lives one wake without a mistake.

CI runs a few; more with DORMOUSE_CHECK_WAKES=100. Every setting comes out of its allowed values, and half of what is made is
refused: by the rules, two sensors on one pin, what one board has and another has not. What is refused is not run.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from checked_nodes import lived, looked_at, secrets_text
from command_line import ROOT

from dormouse import drivers, settings
from dormouse.battery import cells
from dormouse.broker import EmbeddedBroker
from dormouse.checking import Node, energy
from dormouse.constants import ERROR
from dormouse.drivers import Option
from dormouse.project import board_names

WAKES = int(os.environ.get("DORMOUSE_CHECK_WAKES", "6"))
LOOKS = 100
# What nobody can have without hardware that a model stands for: a driver without one measures nothing there.
_PARTS = {path.stem for path in (ROOT / "tools/dormouse/virtual/devices").glob("*.py")}
MODELS = [name for name in drivers.names(ROOT) if name in _PARTS]
WEATHER = re.compile(r"^sensor \S+ failed: (OSError\(5,\)|ValueError\('\S+ \S+ is out of range',\))$")
WITHOUT = {"ROM": "28ff641e8216c3a1"}


class Dice:
    """Makes settings of one number."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.board = self.one(board_names(ROOT))
        self._facts = Node(ROOT, {"BOARD": self.board}, {}, "")

    def one(self, values: Any) -> Any:
        return self._random.choice(list(values))

    def chance(self, part: float) -> bool:
        return self._random.random() < part

    def number(self, low: int, high: int) -> int:
        return self._random.randint(low, high)

    def pin(self) -> Any:
        """A pin that the board may have, or not."""
        names = list(self._facts.board["pins"].get("names", {}))
        return self.one([*self._facts.chip.pins, *names] or names) if self.chance(0.95) else self.number(0, 50)

    def option(self, row: Option) -> Any:
        """A value that the row allows."""
        if isinstance(row.allowed, tuple):
            return self.one(row.allowed)
        if row.allowed in drivers.PINS:
            return self.pin()
        if row.allowed == "bus":
            bus, scl, sda = self._facts.profile("I2C")
            return (bus, scl, sda) if self.chance(0.7) else (self.number(0, 1), self.pin(), self.pin())
        if row.allowed == "yes or no":
            return self.chance(0.5)
        if row.allowed == "rom":
            return WITHOUT["ROM"]
        low, high = (int(float(end)) for end in re.findall(r"\d+(?:\.\d+)?", row.allowed)[:2])
        if row.allowed.startswith("pair"):
            return (self.number(low, 10), self.number(low, 3))
        return self.number(low, high)

    def sensor(self) -> dict[str, Any]:
        """An entry of SENSORS."""
        driver = drivers.read(ROOT, self.one(MODELS))
        entry: dict[str, Any] = {"driver": driver.name}
        for name, row in driver.allowed.items():
            if row.needed or row.note == "must be named" or (name != "rom" and self.chance(0.3)):
                entry[name] = self.option(row)
        if driver.name == "soil":
            entry.update(dry_mv=2400, wet_mv=1100)
        # After a power-up it takes a second to answer, so that one's first reading is missing.
        entry.pop("sleep", None)
        field = self.one(driver.fields)
        more = {
            "offset": {field: self.number(-2, 2) / 2}, "samples": self.number(1, 2), "settle_ms": self.number(0, 60),
            "every": self.number(1, 9), "supply": self.pin(),
        }  # fmt: skip
        entry.update({name: value for name, value in more.items() if self.chance(0.12)})
        return entry

    def settings(self) -> dict[str, Any]:
        """Lines of config.py."""
        sensors = {f"s{i}": self.sensor() for i in range(self.number(0, 3))}
        host = f"{self.number(1, 254)}"
        return {
            "NAME": self.one([None, "greenhouse", "a-1"]),
            "WAKE_EVERY_S": self.one([10, 60, 900, 86400, 2592000]),
            "UPLOAD_EVERY": self.one([1, 1, 4, 96]),
            "UPLOAD_IF": {f"{name}.{field}": {"change": 1} for name, field in self._fields(sensors)}
            if self.chance(0.2)
            else {},
            "WAKE_PIN": {"pin": self.one([0, 5, "X1", 12]), "edge": self.one(["both", "rising"])} if self.chance(0.2) else None,
            "SENSORS": sensors,
            "BATTERY": self.one([None, {"type": "lipo", "mah": 1000, "stop_below_v": self.one([3.2, 3.5, 4.2])}]),
            "MQTT5": self.chance(0.2),
            "TOPIC": self.one(["dormouse/{name}", "a/b/c", "x//{name}"]),
            "STATIC_IP": self.one([None, None, (f"192.168.1.{host}/24", "192.168.1.1"), ("10.0.0.7/29", "10.0.0.1")]),
            "COUNTRY": self.one([None, "DE"]),
            "NTP": self.one([None, "pool.ntp.org"]),
        }

    def _fields(self, sensors: dict[str, Any]) -> Iterator[tuple[str, str]]:
        for name, options in sensors.items():
            yield name, self.one(drivers.fields(ROOT, options["driver"]))


@pytest.fixture(scope="module")
def accepted(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, dict[str, Any]]]:
    """Board and settings of what check lets through."""
    folder = tmp_path_factory.mktemp("looked")
    found = []
    for seed in range(max(LOOKS, 4 * WAKES)):
        dice = Dice(seed)
        changes = dice.settings()
        problems = looked_at(folder, dice.board, changes)
        assert all(problem.line or problem.kind == "setting" for problem in problems), problems
        if not any(problem.level == ERROR for problem in problems):
            found.append((dice.board, changes))
    return found


def test_about_half_is_refused_and_every_board_is_there(accepted: list[tuple[str, dict[str, Any]]]) -> None:
    assert 0.2 < len(accepted) / max(LOOKS, 4 * WAKES) < 0.8
    assert {board for board, _ in accepted} == set(board_names(ROOT))
    assert {options["driver"] for _, changes in accepted for options in changes["SENSORS"].values()} >= set(MODELS) - {"pulse"}


def test_what_is_accepted_lives_a_wake_without_a_mistake(accepted: list[tuple[str, dict[str, Any]]]) -> None:
    # Those with the most in them first.
    chosen = sorted(accepted, key=lambda made: -len(repr(made)))[:: max(1, len(accepted) // WAKES)][:WAKES]
    with EmbeddedBroker() as broker:
        for board, changes in chosen:
            where = {name: value for name, value in changes.items() if name != "BROKER"}
            (wake,) = lived(board, where, f"{broker.host}:{broker.port}")
            told = f"{board} {changes}\n{wake.output}"
            assert (wake.ended, wake.by) == ("deepsleep", "node"), told
            assert "delivered 1" in wake.output, told
            # What the weather is beyond (EIO, or out of RANGE) is no mistake of the settings'.
            lines = [line for line in wake.output.splitlines() if not WEATHER.search(line)]
            assert not [line for line in lines if "failed" in line or "Error" in line or "Traceback" in line], told


def test_a_secret_that_is_accepted_has_the_names_that_the_node_reads(tmp_path: Path) -> None:
    (tmp_path / "credentials.py").write_text(secrets_text({}), "utf-8")
    assert settings.check_credentials(settings.load(ROOT), tmp_path / "credentials.py") == []
    text = "".join(path.read_text("utf-8") for path in (ROOT / "src" / "node").rglob("*.py"))
    read = set(re.findall(r"credentials\.([A-Z]+)\b", text)) | set(re.findall(r"from credentials import ([A-Z]+)", text))
    assert read <= {"WIFI", "USER", "PASSWORD", "CA", "CERT", "KEY"}


TYPES = next(row[6] for row in settings.load_schema(ROOT).SETTINGS if row[0] == "BATTERY.type")


@pytest.mark.parametrize("kind", TYPES)
def test_a_battery_s_ends_are_those_of_the_board(kind: str) -> None:
    """checking.energy names each type's curve once more."""
    empty, full = energy.curve(Node(ROOT, {"BATTERY": {"type": kind}}, {}, "config.py"))
    assert (cells.left(ROOT, kind, empty), cells.left(ROOT, kind, full)) == (0, 1)
    assert 0 < cells.left(ROOT, kind, empty + 0.2) <= cells.left(ROOT, kind, full - 0.05) < 1
