"""Events as lines: for a pipe, a file, a terminal that is none."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from dormouse.watching.nodes import Event, values

# What the end of a field's name says.
_UNITS = {
    "c": "°C", "percent": "%", "pct": "%", "hpa": "hPa", "pa": "Pa", "lx": "lx", "v": "V", "mv": "mV", "ma": "mA", "mw": "mW",
    "ppm": "ppm", "ohm": "Ω", "cm": "cm", "mm": "mm", "w": "W", "a": "A",
}  # fmt: skip


def clock(at: float, utc: bool = False) -> str:
    """Seconds since 1970 as "2026-11-21 21:40:12", local time; "?" for what is no time: anybody may have published it."""
    zone = timezone.utc if utc else None
    try:
        return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return "?"


def line(event: Event, utc: bool = False) -> str:
    """One event as one line."""
    text = _TEXTS.get(event["event"], _other)(event)
    name = event.get("node") or event.get("client") or ""
    return clean(f"{clock(event['at'], utc)}  {name}  {text}" if name else f"{clock(event['at'], utc)}  {text}")


def clean(text: str) -> str:
    """A text without what a terminal obeys: anybody may have published it."""
    return text if text.isprintable() else "".join(letter if letter.isprintable() else "?" for letter in text)


def short(reading: Event, battery: bool = True) -> str:
    """A reading's fields: "air.temperature_c 21.4, air.humidity_pct 40"."""
    return ", ".join(f"{name} {_shown(value)}" for name, value in values(reading) if battery or name.split(".")[0] != "battery")


def brief(reading: Event) -> str:
    """A reading for a table: "air 21.4 °C 40 %, light 310 lx"."""
    sensors: dict[str, list[str]] = {}
    for name, value in values(reading):
        sensor, _, field = name.partition(".")
        unit = _UNITS.get(field.rpartition("_")[2])
        sensors.setdefault(sensor, []).append(f"{_shown(value)} {unit}" if unit else f"{field} {_shown(value)}".lstrip())
    return ", ".join(f"{name} {' '.join(texts)}" for name, texts in sensors.items() if name != "battery")


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) and abs(value) < 1e6 else " ".join(str(value).split())


def _reading(event: Event) -> str:
    reading = event["reading"]
    number = f"{reading.get('boot', '-')}/{reading.get('seq', '-')}"
    when = f" of {clock(reading['time'])}" if event["late"] and isinstance(reading.get("time"), (int, float)) else ""
    return f"reading {number}{when}: {short(reading) or 'no sensor'}"


def _status(event: Event) -> str:
    status = event["status"]
    text = f"{status.get('state', 'unknown')}"
    due = status.get("upload_at", status.get("wake_at"))
    if isinstance(due, (int, float)) and not isinstance(due, bool):
        text += f", next upload {clock(due)}"
    more = [f"{key} {_shown(status[key])}" for key in ("battery", "dropped", "twin") if status.get(key)]
    return ", ".join([text, *more]) + (" (as the broker kept it)" if event.get("retained") else "")


def _report(event: Event) -> str:
    report = event["report"]
    text = f"report: firmware {report.get('firmware', '?')}, MicroPython {report.get('micropython', '?')}"
    if "rssi_dbm" in report:
        text += f", {report['rssi_dbm']} dBm"
    failures = report.get("failures")
    if isinstance(failures, dict) and failures:
        text += ", failed uploads: " + ", ".join(f"{kind} {n}" for kind, n in failures.items())
    return text


def _result(event: Event) -> str:
    result = event["result"]
    return f"answer to {_shown(result.get('id'))}: " + ("ok" if result.get("ok") else _shown(result.get("error", "refused")))


def _log(event: Event) -> str:
    lines = str(event["log"].get("traceback", event["log"])).strip().splitlines()
    return f"log: {lines[-1] if lines else ''}"


def _late(event: Event) -> str:
    word = "may sleep longer after a failure" if event["event"] == "late" else "no backoff is as long"
    return f"{event['event'].upper()}: due {clock(event['due'])}, {event['missed']} missed; {word}"


def _other(event: Event) -> str:
    return str(event.get("text") or event.get("why") or event["event"])


_TEXTS = {
    "reading": _reading, "status": _status, "report": _report, "result": _result, "log": _log, "late": _late, "missing": _late,
}  # fmt: skip
