"""Single wires of a virtual board: the 1-Wire bus at the level of reset and time slot, and parts that answer a pulse (DHT22).

What the firmware does with them: extmod/modonewire.c, drivers/dht/dht.c, extmod/machine_pulse.c. A line that is held low is a
presence pulse and zeros to the first, and a part that does not answer to the second.
"""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakKeyDictionary

from .devices import OneWireDevice, PulsedDevice
from .wire import Refused

if TYPE_CHECKING:
    from .life import Life

_ETIMEDOUT = 110
_START_MS = 18  # dht.c
_PULSE_US = 80  # of an answer, at its beginning (AM2302 product manual)

_T = TypeVar("_T", OneWireDevice, PulsedDevice)
# Since when a life drives pins low, and the pins on which an answer to that has begun.
_low: WeakKeyDictionary[Life, dict[str, float]] = WeakKeyDictionary()
_answered: WeakKeyDictionary[Life, set[str]] = WeakKeyDictionary()


def one_wire(life: Life, data: bytes) -> bytes:
    """A function of _onewire. data: "r" (reset), "b" (slot, reads), "0", "1" (slot, writes), "R" (reads a byte) or "W" and a
    byte; then the pin, as the chip names it.
    """
    what = data[:1]
    at = 2 if what == b"W" else 1
    pin = data[at:].decode()
    # The functions leave the pin's mode alone: an input drives nothing.
    devices = _on(life, pin, OneWireDevice) if pin in life.pins else []
    if what == b"r":
        present = [device.reset() for device in devices]
        return bytes([any(present)])
    if what == b"R":
        return bytes([sum(_slot(devices, 1) << i for i in range(8))])
    if what == b"W":
        for i in range(8):
            _slot(devices, data[1] >> i & 1)
        return b""
    return bytes([_slot(devices, 0 if what == b"0" else 1)])


def level(life: Life, pin: str, value: int | None) -> None:
    """A pin's output changes: 0, 1, None (input). A low pulse that ends asks the part on it."""
    if value == 0:
        _low.setdefault(life, {}).setdefault(pin, time.monotonic())
        return
    began = _low.get(life, {}).pop(pin, None)
    if began is None:
        return
    for device in _on(life, pin, PulsedDevice):
        # Python on the board holds a pulse within some 0.1 ms; here another process may take the processor meanwhile.
        if device.pulse(min(1000 * (time.monotonic() - began), 20)) is not None:
            _answered.setdefault(life, set()).add(pin)


def pulse_us(life: Life, data: bytes) -> bytes:
    """time_pulse_us() on a pin. data: the level looked for, then the pin. A part's answer to a pulse is caught however late the
    board's process comes: on a board it does not come late.
    """
    wanted, pin = data[0], data[1:].decode()
    devices = _on(life, pin, PulsedDevice)
    if pin in _answered.get(life, ()):
        _answered[life].discard(pin)
        return struct.pack("<q", _PULSE_US)
    low = any(device.holds() for device in devices)
    # Nothing moves: the level is there for ever (-1), or never comes (-2).
    return struct.pack("<q", -1 if wanted != low else -2)


def dht(life: Life, data: bytes) -> bytes:
    """dht_readinto() on a pin: 40 bits, or ETIMEDOUT."""
    for device in _on(life, data.decode(), PulsedDevice):
        answer = None if device.holds() else device.pulse(_START_MS)
        if answer is not None:
            return answer
    raise Refused(life.board.model.errno.get(str(_ETIMEDOUT), _ETIMEDOUT))


def _slot(devices: list[OneWireDevice], bit: int) -> int:
    # All of them see it, whoever answers.
    return min([device.slot(bit) for device in devices], default=1) & bit


def _on(life: Life, pin: str, kind: type[_T]) -> list[_T]:
    # What names no pin hangs on the board's own one.
    model = life.board.model
    mine = [(device.pin or model.onewire, device) for device in life.board.devices if isinstance(device, kind)]
    return [device for name, device in mine if model.pins.get(name, name) == pin]
