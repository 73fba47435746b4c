"""The entities that a node has in Home Assistant, by its settings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dormouse import drivers
from dormouse.errors import DormouseError
from dormouse.homeassistant.units import MEASUREMENT, Meaning, of_field, spelled
from dormouse.settings import load_schema

DIAGNOSTIC = "diagnostic"
_KEY = re.compile(r"[A-Za-z0-9_-]+")  # what a discovery topic may have: docs, MQTT, discovery topic


@dataclass(frozen=True)
class Entity:
    """One entity. component: Home Assistant's; key: unique within the node; leaf: the topic that it reads, below the node's;
    template: its state out of that topic's message; expires: whether it goes when no reading comes; more: further words."""

    component: str
    key: str
    leaf: str
    template: str
    meaning: Meaning
    category: str | None = None
    expires: bool = False
    more: dict[str, Any] = field(default_factory=dict)


def entities(root: Path, values: dict[str, Any]) -> list[Entity]:
    """The node's entities. Arguments: root, the template; values, its checked settings by name.

    Raises DormouseError for a field that no topic can have.
    """
    found = [entity for sensor, options in values["SENSORS"].items() for entity in _sensor(root, sensor, options)]
    if values["WAKE_PIN"] is not None:
        found += _pin()
    if values["BATTERY"] is not None:
        found += _battery()
    return [*found, *_diagnostics(), _interval(root)]


def _sensor(root: Path, sensor: str, options: dict[str, Any]) -> list[Entity]:
    every = options.get("every", 1)
    found = []
    for name, places in drivers.read(root, options["driver"]).fields.items():
        if not _KEY.fullmatch(name):
            raise DormouseError(f"sensors/{options['driver']}.py: FIELDS has {name!r}; Home Assistant takes a-z A-Z 0-9 _ -")
        meaning = of_field(name, places)
        named = Meaning(_label(sensor, meaning.name), *_rest(meaning))
        found.append(Entity("sensor", f"{sensor}-{name}", "readings", _value(sensor, name, every), named, expires=True))
    return found


def _label(sensor: str, noun: str) -> str:
    words = spelled(sensor)
    return _capital(noun if f"{noun} ".lower().startswith(f"{words} ".lower()) else f"{words} {noun}")


def _value(outer: str, inner: str, every: int = 1) -> str:
    # What is absent is unknown at once: "None" is Home Assistant's word for it, in 2021.12 and later. But not in a wake that
    # does not measure it (node.measure: the first of a boot does, and every Nth): an empty state leaves the last one.
    absent = f",'' if (value_json.seq-1)%{every} else None" if every > 1 else ""
    return f"{{{{value_json.get('{outer}',{{}}).get('{inner}'{absent})}}}}"


def _pin() -> list[Entity]:
    level = {"pl_on": "1", "pl_off": "0"}
    total = Meaning("Pin count", state_class="total_increasing", precision=0)
    return [
        Entity("binary_sensor", "pin-level", "readings", _value("pin", "level"), Meaning("Pin"), expires=True, more=level),
        Entity("sensor", "pin-count", "readings", _value("pin", "count"), total, expires=True),
    ]


def _battery() -> list[Entity]:
    percent = Meaning("Battery", "%", "battery", MEASUREMENT, 0)
    volts = Meaning("Battery voltage", "V", "voltage", MEASUREMENT, 2)
    return [
        Entity("sensor", "battery-percent", "readings", _value("battery", "percent"), percent, DIAGNOSTIC, True),
        Entity("sensor", "battery-voltage_v", "readings", _value("battery", "voltage_v"), volts, DIAGNOSTIC, True),
    ]


def _diagnostics() -> list[Entity]:
    """From retained messages: they say how the node was when it was heard last, also when it is not heard any more."""
    rssi = Meaning("Signal", "dBm", "signal_strength", MEASUREMENT, 0)
    awake = Meaning("Awake", "ms", "duration", MEASUREMENT, 0)
    dropped = Meaning("Dropped readings", state_class="total_increasing", precision=0)
    rows = (
        ("last_seen", "status", _moment("value_json.get('time')"), Meaning("Last seen", device_class="timestamp")),
        ("next_upload", "status", _moment("value_json.get('upload_at',value_json.get('wake_at'))"), _NEXT),
        ("rssi_dbm", "report", "{{value_json.get('rssi_dbm')}}", rssi),
        ("awake_ms", "report", "{{value_json.get('awake_ms')}}", awake),
        ("dropped", "report", "{{value_json.get('dropped',0)}}", dropped),
        ("firmware", "report", "{{value_json.get('firmware')}}", Meaning("Firmware")),
    )
    return [Entity("sensor", key, leaf, template, meaning, DIAGNOSTIC) for key, leaf, template, meaning in rows]


_NEXT = Meaning("Next upload", device_class="timestamp")


def _moment(value: str) -> str:
    return f"{{%set t={value}%}}{{{{as_datetime(t) if t else None}}}}"


def _interval(root: Path) -> Entity:
    row = next(row for row in load_schema(root).SETTINGS if row[0] == "WAKE_EVERY_S")
    low, high = row[3], row[4]
    # A low battery stretches it, perhaps beyond what may be commanded, and a number out of its range is an error.
    template = f"{{%set s=value_json.get('wake_every_s')%}}{{{{[s,{high}]|min if s else None}}}}"
    more = {
        "cmd_t": "~/set",
        "cmd_tpl": '{"wake_every_s":{{value|int}}}',
        "qos": 1,  # the broker keeps it for a sleeper
        "min": low,
        "max": high,
        "step": 1,
        "mode": "box",
    }
    return Entity("number", "wake_every_s", "status", template, Meaning("Interval", "s", "duration"), "config", more=more)


def _rest(meaning: Meaning) -> tuple[str | None, str | None, str | None, int | None]:
    return meaning.unit, meaning.device_class, meaning.state_class, meaning.precision


def _capital(text: str) -> str:
    return text if text[:1].isupper() or text.startswith("pH") else text[:1].upper() + text[1:]
