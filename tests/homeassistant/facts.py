"""What Home Assistant itself knows, asked of its own code: run by its Python with one JSON line on standard input.

{"meanings": [[unit, device class, state class, component], ...], "messages": [[component, payload], ...]}; the answer is a list
of complaints. A discovery message's words are looked for in the abbreviations and in the platform's schema, which drops what it
does not know in silence.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any


def units(meanings: list[list[Any]]) -> list[str]:
    """Each unit must be one of its device class's, each state class allowed for it."""
    from homeassistant.components.number import const as number  # type: ignore[import-not-found]
    from homeassistant.components.sensor import const as sensor  # type: ignore[import-not-found]

    wrong = []
    for unit, device_class, state_class, component in meanings:
        if device_class is None:
            continue
        const, enum = (number, "NumberDeviceClass") if component == "number" else (sensor, "SensorDeviceClass")
        try:
            kind = getattr(const, enum)(device_class)
        except ValueError:
            wrong.append(f"no {component} device class {device_class}")
            continue
        allowed = const.DEVICE_CLASS_UNITS.get(kind)
        if allowed is not None and unit not in allowed:
            wrong.append(f"{device_class} is not in {unit}")
        states = sensor.DEVICE_CLASS_STATE_CLASSES.get(kind)
        if component == "sensor" and state_class is not None and states is not None and state_class not in states:
            wrong.append(f"{device_class} is no {state_class}")
    return wrong


def words(messages: list[list[Any]]) -> list[str]:
    """Each word of a message must be known to its platform."""
    from homeassistant.components.mqtt import abbreviations as short  # type: ignore[import-not-found]

    wrong = []
    for component, payload in messages:
        platform = importlib.import_module(f"homeassistant.components.mqtt.{component}")
        known = _names(platform.DISCOVERY_SCHEMA)
        full = {short.ABBREVIATIONS.get(word, word) for word in payload if word != "~"}
        wrong += [f"{component} has no {word}" for word in full - known]
        wrong += [f"device has no {word}" for word in payload["dev"] if word not in short.DEVICE_ABBREVIATIONS]
    return wrong


def _names(schema: Any) -> set[str]:
    """The keys of a voluptuous schema, or of those that it is made of."""
    if isinstance(schema, dict):
        return {str(key) for key in schema}
    parts = getattr(schema, "validators", None)
    if parts is not None:
        return set().union(*(_names(part) for part in parts))
    inner = getattr(schema, "schema", None)
    return _names(inner) if inner is not None else set()


if __name__ == "__main__":
    asked = json.loads(sys.stdin.readline())
    print(json.dumps([*units(asked["meanings"]), *words(asked["messages"])]))
