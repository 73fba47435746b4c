"""MQTT 5's properties: random ones, and the way from our dictionaries to paho's Properties and back."""

from __future__ import annotations

from typing import Any

from codeckit import texts, topics
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

Values = dict[int, Any]

_one = st.integers(0, 1)
_two = st.integers(0, 65535)
_four = st.integers(0, 0xFFFFFFFF) | st.sampled_from([0, 1, 65535, 65536, 0xFFFFFFFF])
_binary = st.binary(max_size=20)
_pairs = st.dictionaries(texts, texts, min_size=1, max_size=3)
# Table 2-4, and the ranges of the sections on each property. 0x27 as far as paho goes.
_VALUES: dict[int, st.SearchStrategy[Any]] = {
    0x01: _one, 0x02: _four, 0x03: texts, 0x08: topics, 0x09: _binary, 0x0B: st.integers(1, 268435455), 0x11: _four,
    0x12: texts, 0x13: _two, 0x15: texts, 0x16: _binary, 0x17: _one, 0x18: _four, 0x19: _one, 0x1A: texts, 0x1C: texts,
    0x1F: texts, 0x21: st.integers(1, 65535), 0x22: _two, 0x23: st.integers(1, 65535), 0x24: _one, 0x25: _one, 0x26: _pairs,
    0x27: st.integers(1, 268435455), 0x28: _one, 0x29: _one, 0x2A: _one,
}  # fmt: skip
_ALL = Properties(PacketTypes.PUBLISH)
_NAMES = {key: name.replace(" ", "") for name, key in _ALL.names.items()}


def allowed(kind: int, *but: int) -> list[int]:
    """The properties that paho allows in a type of packet, but those."""
    return [key for key, (_, kinds) in _ALL.properties.items() if kind in kinds and key not in but]


def properties(kind: int, *but: int) -> st.SearchStrategy[Values]:
    """Some of the properties that a type of packet may carry."""
    return st.fixed_dictionaries({}, optional={key: _VALUES[key] for key in allowed(kind, *but)})


def to_paho(values: Values, kind: int) -> Properties:
    made = Properties(kind)
    for key, value in values.items():
        if key == 0x26:
            for pair in value.items():
                made.UserProperty = pair
        else:
            setattr(made, _NAMES[key], value)
    return made


def from_paho(made: Properties | None) -> Values:
    """The dictionary that mqtt.properties makes of the same bytes."""
    found: Values = {}
    for key, name in _NAMES.items():
        if made is not None and hasattr(made, name):
            value = getattr(made, name)
            if key == 0x26:
                value = dict(value)
            elif key == 0x0B:
                value = value[0] if len(value) == 1 else tuple(value)
            found[key] = value
    return found


def packed(values: Values, kind: int) -> bytes:
    """Their bytes, by paho."""
    return to_paho(values, kind).pack()


def unpacked(data: bytes, kind: int) -> Values:
    """Read by paho, to the last byte."""
    made = Properties(kind)
    _, used = made.unpack(data)
    assert used == len(data)
    return from_paho(made)
