"""The wakes of a node by kind, with the length of each phase, from the settings and board.toml alone: nothing is run.

Boot, radio, association and DHCP take what board.toml says, conversions what the drivers say. What the node's own code takes
is in code_ms.json, measured on virtual boards by `dormouse battery --write`. Phases have the names of the trace; "search",
"tls" stand for parts of its link and mqtt.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from dormouse import drivers, energy
from dormouse.battery.cells import Spread
from dormouse.errors import DormouseError, UsageError
from dormouse.settings import Settings
from dormouse.virtual import models

MODEL = "model"
UPLOAD, QUIET, FAILED, SILENT, LOOK = "upload", "no upload", "failed", "broker silent", "look"
CODE_FILE = Path(__file__).with_name("code_ms.json")

# By how much a number is off, as factors, by its `kind` in board.toml. Chosen: a measurement is one specimen's; a data sheet's
# typical value is mostly met or exceeded; an estimate is one.
OFF = {
    "measured": (0.9, 1.1),
    "datasheet": (0.9, 1.25),
    "code": (1.0, 1.0),
    "doc": (0.9, 1.25),
    "estimate": (0.6, 1.6),
}
# The code's own time was measured on a PC: a board takes longer. Loading a program from its file system instead of from the
# firmware took an ESP32 350 ms more (glenn20/upy-esp32-experiments README).
_SLOWER_MS = 350

# From the node's own modules: how long what was learned is believed, and how long is waited.
_LEASE_MIN = 120  # power/lease.py, _AGE_MIN
_SCAN_USES = 97  # power/lease.py, _MOST_USES, and the use that finds it exceeded
_CLOCK_S = 52 << 11  # src/node/clock.py, _FRESH_S; src/node/drift.py, _MOST_STEP
_QUICK_MS = 3000  # src/node/link.py, _QUICK_S
_EXCHANGE_MS = 8000  # src/node/upload.py, _EXCHANGE_S
# Round trips of a burst with mosquitto as it comes (docs/bench.md), of a time fix, of TLS 1.2's handshake (RFC 5246, 7.3).
_BURST_TRIPS, _CLOCK_TRIPS, _TLS_TRIPS = 3, 1, 2

# A full TLS handshake, in ms: no MicroPython release resumes a session (micropython PR #12780).
_TLS = {
    "esp32": (
        Spread(1040, 1060, 3000),
        "ESP32: 1.04 to 1.08 s on average (micropython-esp32 #131); 2 to 3 s with ESP-IDF (esp-idf #8852)",
    ),
    "esp8266": (
        Spread(1670, 1850, 2040),
        "BearSSL on an ESP8266: 1.67 to 2.04 s (esp8266/Arduino PR #5160); axTLS: none published",
    ),
}
_TLS_ELSE = Spread(600, 1500, 3000), "None published for this chip: between the above"


class Cause(NamedTuple):
    """Why a number is not certain: what all numbers with this key have in common, and by what factors it may be off."""

    key: str
    low: float
    high: float


EXACT = Cause("", 1.0, 1.0)


@dataclass(frozen=True)
class Phase:
    """A part of a wake. ms: on average over many wakes. cause: of their being other than that."""

    name: str
    ms: float
    cause: Cause = EXACT


@dataclass(frozen=True)
class Assumed:
    """What the settings do not say: round trip to the broker in ms, uploads of a hundred that fail, wakes by the pin a day,
    mean temperature in degrees Celsius, days a month without the broker (it refuses), and with one that never answers.
    """

    rtt_ms: float = 20.0
    failed_pct: float = 1.0
    events_a_day: float = 0.0
    celsius: float = 20.0
    down_days: float = 0.0
    silent_days: float = 0.0

    def __post_init__(self) -> None:
        for name, low, high in (
            ("rtt_ms", 0, 10000),
            ("failed_pct", 0, 100),
            ("events_a_day", 0, 86400),
            ("celsius", -40, 60),
            ("down_days", 0, 30),
            ("silent_days", 0, 30),
        ):
            if not low <= getattr(self, name) <= high:
                raise UsageError(f"{name} is {getattr(self, name):g}; allowed: {low} to {high}")
        if self.down_days + self.silent_days > 30:
            raise UsageError("more than 30 days a month without a broker")


@dataclass(frozen=True)
class Kind:
    """One kind of wake: its phases, the charge that the sensors take beside the board's, in mC, and where it comes from."""

    name: str
    phases: tuple[Phase, ...]
    sensors_mc: float = 0.0
    source: str = MODEL
    charge_mc: float | None = None  # measured as a whole, in place of the phases' sum

    @property
    def awake_ms(self) -> float:
        """How long it takes."""
        return sum(phase.ms for phase in self.phases)

    def parts_mc(self, currents: energy.Currents) -> list[tuple[str, float]]:
        """The charge of each phase, in mC; the sensors' own added to "measure"."""
        found = energy.phases_mc(currents, [(phase.name, 0.0, phase.ms) for phase in self.phases])
        return [(name, charge + (self.sensors_mc if name == "measure" else 0)) for name, charge in found]

    def total_mc(self, currents: energy.Currents) -> float:
        """The charge of the whole wake, in mC."""
        if self.charge_mc is not None:
            return self.charge_mc
        return sum(charge for _, charge in self.parts_mc(currents))


@dataclass(frozen=True)
class Sensing:
    """What the sensors of a node take, on average over its wakes. ms: from the start to the last value; charge_mc: their own,
    above the board's; idle_ma: between the wakes.
    """

    ms: float = 0.0
    charge_mc: float = 0.0
    idle_ma: float = 0.0
    told: tuple[str, ...] = field(default=())


@cache
def code_ms() -> dict[str, float]:
    """What the node's own code takes in each phase, in ms, on the computer that code_ms.json was made on."""
    try:
        found = json.loads(CODE_FILE.read_text("utf-8"))["ms"]
        return {str(name): float(ms) for name, ms in found.items()}
    except (OSError, ValueError, KeyError) as error:
        raise DormouseError(f"{CODE_FILE.name}: {error}; make it anew: dormouse battery --write") from error


def sensing(root: Path, settings: Settings) -> Sensing:
    """What the sensors of the settings take: times and currents are the drivers' own (sensors/*.py)."""
    board = models.read(settings["BOARD"], root / "boards")
    switched = bool(board["rails"]["switched"])
    slow: list[tuple[int, float]] = []  # every, ms
    charge = idle = 0.0
    told = []
    for name, options in settings["SENSORS"].items():
        driver = drivers.read(root, options["driver"])
        own_ms = float(driver.time_ms or 0) * options.get("samples", 1)
        if options.get("sleep") is False:
            own_ms /= 2  # sensors/scd41.py: one measurement of 5 s instead of two
        settle = options.get("settle_ms", 10 if "supply" in options else 0)
        every = options.get("every", 1)
        slow.append((every, settle + own_ms))
        charge += (driver.active_ua or 0) / 1000 * (settle + own_ms) / 1000 / every
        # Without a supply of its own it lives on the board's, which may be off in deep sleep. What must not lose it does not.
        stays = "supply" not in options and (not switched or options.get("sleep") is False)
        rest_ma = (driver.idle_na or 0) / 1e6 if stays else 0.0
        idle += rest_ma
        if driver.active_ua is None or driver.idle_na is None or driver.time_ms is None:
            told.append(f"{name}: {driver.name} does not say what it takes; it counts as nothing")
    return Sensing(_mean_slowest(slow), charge, idle, tuple(told))


def _mean_slowest(slow: Sequence[tuple[int, float]]) -> float:
    # All convert at once; each is measured every Nth wake, the first among them. Over one round of all of them.
    rounds = min(math.lcm(*(every for every, _ in slow)) if slow else 1, 1000)
    return sum(max((ms for every, ms in slow if not wake % every), default=0.0) for wake in range(rounds)) / rounds


def model(root: Path, settings: Settings, assumed: Assumed | None = None) -> dict[str, Kind]:
    """The kinds of wakes that the settings lead to, by name. Raises DormouseError for a board without the numbers."""
    assumed = assumed or Assumed()
    board = models.read(settings["BOARD"], root / "boards")
    try:
        times, kinds = board["virtual"], {name: row[0] for name, row in board["virtual_sources"].items()}
        off = {name: Cause(name, *OFF[kind]) for name, kind in kinds.items()}
        return _kinds(settings, board, times, off, sensing(root, settings), assumed)
    except KeyError as error:
        raise DormouseError(f"boards/{settings['BOARD']}/board.toml: {error.args[0]!r} is missing or unknown") from error


def _kinds(
    settings: Settings, board: dict[str, Any], times: dict[str, Any], off: dict[str, Cause], sensors: Sensing, assumed: Assumed
) -> dict[str, Kind]:
    code = code_ms()
    slower = Cause("the code's time", 1.0, 1 + _SLOWER_MS / sum(code.values()))
    upload_s = settings["WAKE_EVERY_S"] * settings["UPLOAD_EVERY"]
    boot = Phase("boot", times["wake_boot_ms"], off["wake_boot_ms"])
    start, sleep = Phase("start", code["start"], slower), Phase("sleep", code["sleep"], slower)
    measure = Phase("measure", board["rails"]["settle_ms"] + sensors.ms + code["measure"], slower)
    alone = Phase("measure", board["rails"]["settle_ms"] + sensors.ms + code["measure alone"], slower)
    finish = Phase("finish", code["finish"], slower)
    # The radio starts with the conversions, or two seconds before they end: what of the joining is over by then.
    joined_ms = min(sensors.ms, energy.LEAD_MS)
    join_ms = max(0.0, times["radio_ms"] + times["associate_bssid_ms"] - joined_ms) + code["link"]
    dhcp = 0.0
    if not settings["STATIC_IP"]:
        # The address is asked for anew when it is older than two hours.
        dhcp = 1 / (math.floor(_LEASE_MIN * 60 / upload_s) + 1)
    link = Phase("link", join_ms + dhcp * times["dhcp_ms"], off["associate_bssid_ms"])
    search = Phase("search", (times["scan_ms"] + times["associate_ms"]) / _SCAN_USES, off["scan_ms"])
    clock = Phase("clock", (code["clock"] + _CLOCK_TRIPS * assumed.rtt_ms) / max(1.0, _CLOCK_S / upload_s), slower)
    mqtt = Phase("mqtt", code["mqtt"] + _BURST_TRIPS * assumed.rtt_ms, slower)
    tls = []
    if settings["TLS"]:
        spread = tls_of(board)[0]
        ms = spread.typical + _TLS_TRIPS * assumed.rtt_ms
        tls = [Phase("tls", ms, Cause("TLS", spread.low / spread.typical, spread.high / spread.typical))]
    head = (boot, start, measure)
    lost = Phase("link", _QUICK_MS + times["scan_ms"], off["scan_ms"])
    deaf = Phase("mqtt", _EXCHANGE_MS)
    found = [
        Kind(UPLOAD, (*head, link, search, clock, *tls, mqtt, finish, sleep), sensors.charge_mc),
        Kind(QUIET, (boot, start, alone, sleep), sensors.charge_mc),
        Kind(FAILED, (*head, lost, finish, sleep), sensors.charge_mc),
        Kind(SILENT, (*head, link, deaf, finish, sleep), sensors.charge_mc),
        Kind(LOOK, (boot, start, sleep)),
    ]
    return {kind.name: kind for kind in found}


def tls_of(board: dict[str, Any]) -> tuple[Spread, str]:
    """How long a TLS handshake takes on a board, in ms, and who says so."""
    return _TLS.get(board["port"], _TLS_ELSE)
