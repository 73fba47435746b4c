"""What every sensor takes, in whole wakes: a slow one beside the radio, a supply pin, a driver out of docs/sensors.md."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from dormouse.virtual.devices import I2CDevice, Nack, wired
from dormouse.virtual.devices.scene import Scene
from dormouse.virtual.world import World
from nodes import ROOT, Listener, MakeNode

_SLOW = b"""
FIELDS = (("a_v", 1),)

def start(board, options):
    return 1500, None

def read(handle):
    return (15,)
"""


def _address(broker: Any) -> str:
    return f"{broker.host}:{broker.port}"


def _wake(node: Any) -> Any:
    wake = node.run_wake()
    assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
    assert "failed" not in wake.output, wake.output
    return wake


def test_a_slow_sensor_converts_while_the_radio_associates(make_node: MakeNode, mosquitto: Any, listener: Listener) -> None:
    world = World()
    world.wifi.associate_ms = 1200
    node = make_node(
        options={"speed": 2, "world": world},
        extra={"/sensors/slow.py": _SLOW},
        BROKER=_address(mosquitto), STATIC_IP=("192.168.1.50/24", "192.168.1.1"), BATTERY=None, MAX_AWAKE_S=60,
        SENSORS={"slow": {"driver": "slow", "every": 2}},
    )  # fmt: skip
    _wake(node)  # learns the link
    for _ in range(4):
        alone, beside = ({name: ms for name, _, ms in _wake(node).phases} for _ in range(2))
        # Halved by the speed. Alone the association is waited for; beside the sensor it is over when that is read. One after
        # the other is never so short; a busy host may be longer, and is asked again.
        assert alone["link"] >= 500 and beside["measure"] >= 750
        if beside["measure"] + beside["link"] < alone["measure"] + alone["link"] + 600 and beside["link"] < 300:
            break
    else:
        raise AssertionError((alone, beside))
    listener.until(lambda: len(listener.records()) >= 3)
    assert [reading.get("slow") for reading in sorted(listener.records(), key=lambda r: r["seq"])][:3] == [
        {"a_v": 1.5},
        None,
        {"a_v": 1.5},
    ]


def test_a_supply_pin_is_on_while_it_is_needed(make_node: MakeNode, mosquitto: Any, listener: Listener) -> None:
    supply = {"supply": (7, 0), "settle_ms": 20}
    sensors = {"air": {"driver": "sht4x", **supply}, "sky": {"driver": "bme280", "samples": 3, **supply}}
    node = make_node(options={"speed": 4}, BROKER=_address(mosquitto), SENSORS=sensors, BATTERY=None)
    wake = _wake(node)
    # Once for both, by a low level.
    assert [level for _, pin, level in wake.pins if pin == "7"] == [0, 1]
    listener.until(lambda: bool(listener.records()))
    assert {"air", "sky"} <= set(listener.records()[0])


class _TMP102(I2CDevice):
    """Texas Instruments SBOS397C: temperature register, configuration register, one-shot, power-up values."""

    address = 0x48

    def __init__(self, now_ms: Callable[[], float], celsius: float) -> None:
        self._now_ms, self._celsius = now_ms, celsius
        self.said: list[int] = []  # what the temperature register gave
        self.power(True)

    def power(self, on: bool) -> None:
        if not on or not getattr(self, "_on", False):
            self._pointer, self._config, self.raw, self._done_ms = 0, 0x60A0, 0, None
        self._on = on

    def _finish(self) -> None:
        if self._done_ms is not None and self._now_ms() >= self._done_ms:
            self.raw, self._done_ms = round(self._celsius * 16) & 0xFFF, None
            self._config |= 0x8000

    def write(self, data: bytes) -> None:
        if not self._on:
            raise Nack
        self._finish()
        if data:
            self._pointer = data[0]
        if len(data) == 3 and self._pointer == 1:
            was, self._config = self._config, int.from_bytes(data[1:], "big") & 0x7FFF
            if data[1] & 0x80 and was & 0x0100:  # one-shot is for the shutdown mode
                self._done_ms = self._now_ms() + 35

    def read(self, n: int) -> bytes:
        if not self._on:
            raise Nack
        self._finish()
        if self._pointer == 0:
            self.said.append(self.raw)
        return ((self.raw << 4) if self._pointer == 0 else self._config).to_bytes(2, "big")[:n]


def test_the_documents_own_driver(make_node: MakeNode, mosquitto: Any, listener: Listener) -> None:
    text = (ROOT / "docs" / "sensors.md").read_text("utf-8")
    program = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[-1]
    parts: list[_TMP102] = []

    def devices(now_ms: Callable[[], float], scene: Scene) -> list[_TMP102]:
        parts.append(_TMP102(now_ms, -25.0))
        return parts

    node = make_node(
        options={"speed": 4, "world": World(devices=devices)}, extra={"/sensors/tmp102.py": program.encode()},
        BROKER=_address(mosquitto), BATTERY=None, SENSORS={"desk": {"driver": "tmp102"}},
    )  # fmt: skip
    _wake(node)
    listener.until(lambda: bool(listener.records()))
    assert listener.records()[0]["desk"] == {"temperature_c": -25.0}
    assert parts[0].said == [0xE70]  # table 5


def test_a_part_without_its_supply_pin_does_not_answer(make_node: MakeNode, mosquitto: Any) -> None:
    # The model's limit: what the test above shows is the node's doing.
    wiring = b'SENSORS = {"air": {"driver": "sht4x", "supply": 6}}'
    world = World(devices=lambda now_ms, scene: wired(wiring, now_ms, scene))
    sensors = {"air": {"driver": "sht4x"}}
    node = make_node(options={"speed": 8, "world": world}, BROKER=_address(mosquitto), BATTERY=None, SENSORS=sensors)
    assert "sensor air failed: OSError(19" in node.run_wake().output
