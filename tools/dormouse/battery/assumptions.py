"""What the model takes for true, each with its source: the rows below the table of `dormouse battery`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from dormouse.battery import cells, life, wakes
from dormouse.battery.life import Life
from dormouse.report import duration
from dormouse.virtual import models

MODEL = (
    "A model, no promise: currents and times are those of boards/*/board.toml, the drivers and this list, not of your board. "
    "The range is what they may be off by."
)
_KIND = {
    "measured": "measured by somebody",
    "datasheet": "data sheet",
    "estimate": "estimate",
    "code": "code",
    "doc": "documentation",
}
_CODE = (
    "measured on a PC with the virtual boards (battery/code_ms.json); at most 350 ms more: what a program loaded from its "
    "files took an ESP32 (upy-esp32-experiments)"
)
_SENSORS = (
    "data sheets named in sensors/*.py: time, current while they measure and at rest; on a switched supply they take nothing "
    "at rest"
)
_BROKER = "chosen: one at home; three round trips a burst, with mosquitto as it comes (docs/bench.md)"
_FAILED = "chosen; each costs the wait for an access point that is gone, and a search"
# What of a board's sleep is its regulator's, and when it gives up; where that is known. It is in "asleep" already.
_REGULATORS = {
    "d1_mini": (
        "25 or 40 uA, 250 mV at 500 mA",
        "RT9013 and ME6211 data sheets; copies have others, up to 18 mA (Tasmota docs)",
    ),
    "esp8266": ("55 uA", "AP2112K data sheet, quiescent current"),
    "esp32": ("3.2 mA of a copy", "AMS1117, kohacraft.com"),
    "esp32_c3": ("35 uA", "of a XIAO ESP32C3: forum.seeedstudio.com t=276444"),
    "esp32_s3": ("300 uA below 3.3 V", "of a XIAO ESP32S3, which gives up there: forum.seeedstudio.com t=284207"),
}


class Row(NamedTuple):
    """One assumption."""

    what: str
    value: str
    source: str


def rows(found: Life, root: Path) -> list[Row]:
    """Everything that went into a result, in the order of the table of draws."""
    board = models.read(found.settings["BOARD"], root / "boards")
    return [
        *_measured(found),
        *_currents(board),
        *_times(board, found),
        *_battery(board, found, root),
        *_world(found),
        *_not_in_it(board, found),
    ]


def _measured(found: Life) -> list[Row]:
    told = [
        Row(kind.name, f"{kind.total_mc(found.currents):.1f} mC", f"{kind.source}: in place of what follows")
        for kind in found.kinds.values()
        if kind.source != wakes.MODEL
    ]
    if found.asleep_ma is not None:
        told.append(Row("asleep", f"{found.asleep_ma * 1000:.4g} uA", "measured: in place of what follows"))
    return told


def _currents(board: dict[str, Any]) -> list[Row]:
    told = []
    for name, words in (("deepsleep", "asleep"), ("cpu", "awake, radio off"), ("radio", "radio on")):
        current = board["currents"][name]
        told.append(Row(words, f"{current['value']:g} {current['unit']}", f"{_KIND[current['kind']]}: {current['source']}"))
    return told


def _times(board: dict[str, Any], found: Life) -> list[Row]:
    times, sources, code = board["virtual"], board["virtual_sources"], wakes.code_ms()

    def source(name: str) -> str:
        return f"{_KIND[sources[name][0]]}: {sources[name][1]}"

    upload = {phase.name: phase.ms for phase in found.kinds[wakes.UPLOAD].phases}
    told = [
        Row("boot", f"{times['wake_boot_ms']} ms", source("wake_boot_ms")),
        Row("joining", f"{times['radio_ms'] + times['associate_bssid_ms']} ms", source("associate_bssid_ms")),
        Row("the node's own code", f"{sum(code.values()) - code['measure alone']:.0f} ms", _CODE),
        Row("sensors", f"{upload.get('measure', 0):.0f} ms", _SENSORS),
    ]
    if not found.settings["STATIC_IP"]:
        kept = "; the lease is kept (power/lease.py)"
        told.append(Row("DHCP", f"{times['dhcp_ms']} ms every 2 hours", source("dhcp_ms") + kept))
    told.append(Row("search", f"{times['scan_ms']} ms every 97 uploads", f"{source('scan_ms')}; power/lease.py"))
    if found.settings["TLS"]:
        spread, said = wakes.tls_of(board)
        told.append(Row("TLS", f"{spread.typical:.0f} ms ({spread.low:.0f} to {spread.high:.0f})", said))
    return told


def _battery(board: dict[str, Any], found: Life, root: Path) -> list[Row]:
    battery = found.settings["BATTERY"]
    if not battery:
        return []
    kind = battery.get("type", "lipo")
    cell = cells.CELLS[kind]
    lost, celsius = cell.loss_at(found.assumed.celsius), found.assumed.celsius
    told = [Row("self-discharge", f"{lost.typical:.2%} a month ({lost.low:.2%} to {lost.high:.2%})", cell.loss_source)]
    stages = cells.stages(root, battery)
    used = sum(part for part, _ in stages) * cell.usable_at(celsius)
    stop, stretch = battery.get("stop_below_v"), battery.get("stretch_below_v")
    words = [f"down to stop_below_v, {stop} V" if stop else "all of it: there is no stop_below_v"]
    if stretch and stages[1][0]:
        words.append(f"four times less often below {stretch} V, the last {stages[1][0]:.0%}")
    usable = f"{used:.0%} of {battery.get('mah', 1000)} mAh"
    told.append(Row("usable", usable, f"{'; '.join(words)} (curves: power/battery.py)"))
    told.append(Row("capacity", "as printed (or 15 % less)", "chosen: cells give less than is printed on them, and age"))
    if celsius < cells.ROOM_C:
        told.append(Row("in the cold", f"{cell.usable_at(celsius):.0%} of it at {celsius:g} °C", cell.cold_source))
    if cell.step_up > 1:
        told.append(Row("converter", f"{cell.step_up:.2f} mA for 1 mA", cell.step_up_source))
    if found.shelf:
        told.append(Row("shelf life", f"{cell.shelf_months:.0f} months", cell.shelf_source))
    ohm = life.divider_ohm(board)
    if ohm:
        source = f"at {cell.volts} V; {board['rails']['source']}"
        told.append(Row("divider", f"{cell.volts / ohm * 1e6:.1f} uA", source))
    if board["name"] in _REGULATORS:
        told.append(Row("regulator", *_REGULATORS[board["name"]]))
    told += [Row("supply", wire["how"], wire["source"]) for wire in board["wiring"] if wire["what"] == "Battery"]
    return told


def _world(found: Life) -> list[Row]:
    assumed = found.assumed
    away = f"{assumed.rtt_ms:g} ms away", _BROKER
    if found.kinds[wakes.UPLOAD].source != wakes.MODEL:
        away = "as it was", found.kinds[wakes.UPLOAD].source
    told = [
        Row("broker", *away),
        Row("failed uploads", f"{assumed.failed_pct:g} %", _FAILED),
        Row("temperature", f"{assumed.celsius:g} °C", "chosen; self-discharge doubles with each 10 °C above 20 (owiki)"),
    ]
    if assumed.events_a_day:
        each = "each takes a wake that uploads, and a look (src/node/pin.py)"
        told.append(Row("WAKE_PIN", f"{assumed.events_a_day:g} times a day", each))
    if assumed.down_days or assumed.silent_days:
        text = f"{assumed.down_days:g} days a month down, {assumed.silent_days:g} silent"
        told.append(Row("no broker", text, "the node backs off into longer sleeps: src/node/backoff.py"))
    off = {kind: factors for kind, factors in wakes.OFF.items() if factors != (1.0, 1.0)}
    spread = ", ".join(f"{_KIND[kind]} {low - 1:+.0%} {high - 1:+.0%}" for kind, (low, high) in off.items())
    told.append(Row("the range", "root of the sum of squares", f"chosen, by where a number comes from: {spread}"))
    return told


def _not_in_it(board: dict[str, Any], found: Life) -> list[Row]:
    told = [Row("not in it", "", text) for text in found.told]
    if found.settings["UPLOAD_IF"]:
        more = found.kinds[wakes.UPLOAD].total_mc(found.currents) - found.kinds[wakes.QUIET].total_mc(found.currents)
        told.append(Row("not in it", "UPLOAD_IF", f"each upload by it takes another {more:.0f} mC"))
    told.append(Row("not in it", "first wakes", f"after a power-up {duration(8)} awake for mpremote; commands; long messages"))
    if "not_for_batteries" in board:
        told.append(Row("careful", "not for batteries", board["not_for_batteries"]))
    return told
