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
_NOT_LOST = "value_json.state!='lost'"
_KEY = re.compile(r"[A-Za-z0-9_-]+")  # what a discovery topic may have: docs, MQTT, discovery topic


@dataclass(frozen=True)
class Entity:
    """One entity. component: Home Assistant's; key: unique within the node; leaf: the topic that it reads, below the node's;
    template: its state out of that topic's message; expires: whether it goes when no reading comes; online: a condition on the
    status without which it is unavailable; more: further words."""

    component: str
    key: str
    leaf: str
    template: str
    meaning: Meaning
    category: str | None = None
    expires: bool = False
    online: str | None = None
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
        found.append(_reading(sensor, name, named, every=every))
    return found


def _label(sensor: str, noun: str) -> str:
    words = spelled(sensor)
    return _capital(noun if f"{noun} ".lower().startswith(f"{words} ".lower()) else f"{words} {noun}")


def _reading(outer: str, inner: str, meaning: Meaning, every: int = 1, component: str = "sensor", **more: Any) -> Entity:
    """What a reading brings: goes when none comes, and when the node is lost. Arguments: outer and inner, its place there."""
    # What is absent is unknown at once: "None" is Home Assistant's word for it. But not in a wake that does not measure it
    # (node.measure: the first of a boot does, and every Nth): an empty state leaves the last one.
    absent = f",'' if (value_json.seq-1)%{every} else None" if every > 1 else ""
    template = f"{{{{value_json.get('{outer}',{{}}).get('{inner}'{absent})}}}}"
    return Entity(component, f"{outer}-{inner}", "readings", template, meaning, expires=True, online=_NOT_LOST, **more)


def _pin() -> list[Entity]:
    total = Meaning("Pin count", state_class="total_increasing", precision=0)
    level = _reading("pin", "level", Meaning("Pin"), component="binary_sensor", more={"pl_on": "1", "pl_off": "0"})
    return [level, _reading("pin", "count", total)]


def _battery() -> list[Entity]:
    percent = Meaning("Battery", "%", "battery", MEASUREMENT, 0)
    volts = Meaning("Battery voltage", "V", "voltage", MEASUREMENT, 2)
    named = (("percent", percent), ("voltage_v", volts))
    return [_reading("battery", name, meaning, category=DIAGNOSTIC) for name, meaning in named]


def _diagnostics() -> list[Entity]:
    """From retained messages: they say how the node was when it was heard last, also when it is not heard any more."""
    rssi = Meaning("Signal", "dBm", "signal_strength", MEASUREMENT, 0)
    awake = Meaning("Awake", "ms", "duration", MEASUREMENT, 0)
    dropped = Meaning("Dropped readings", state_class="total_increasing", precision=0)
    reported = (
        ("rssi_dbm", "{{value_json.get('rssi_dbm')}}", rssi),
        ("awake_ms", "{{value_json.get('awake_ms')}}", awake),
        ("dropped", "{{value_json.get('dropped',0)}}", dropped),
        ("firmware", "{{value_json.get('firmware')}}", Meaning("Firmware")),
    )
    return [
        _moment("last_seen", "Last seen", "time"),
        _moment("next_upload", "Next upload", "wake_at", "upload_at"),
        *(Entity("sensor", key, "report", template, meaning, DIAGNOSTIC) for key, template, meaning in reported),
    ]


def _moment(key: str, name: str, said: str, better: str = "") -> Entity:
    """A moment that the status tells: said, or better where that is there. Home Assistant 2024.3 takes no "None" for a moment
    without a warning (components/mqtt/sensor.py): what is not told is unavailable, and its state does not matter.
    """
    told = f"value_json.get('{said}')"
    value = f"value_json.get('{better}',{told})" if better else told
    template = f"{{%set t={value}%}}{{{{as_datetime(t) if t else now()}}}}"
    meaning = Meaning(name, device_class="timestamp")
    return Entity("sensor", key, "status", template, meaning, DIAGNOSTIC, online=told)


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
