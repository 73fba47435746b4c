"""The I2C buses of a virtual board: who answers on which wires, and what each port makes of it when nobody does, or when a part
holds a line low.

What the ports do, read in their sources (the 1.29 ones; machine.I2C of the ESP8266 is SoftI2C):

================= =========================== ============================ ====================== ==========================
                  esp32                       stm32 (F7)                   rp2                    SoftI2C
================= =========================== ============================ ====================== ==========================
address: no ACK   ENODEV                      ENODEV                       EIO                    ENODEV
data: no ACK      ENODEV                      no error: fewer than were    EIO                    as stm32
                                              written; read_mem() gives
                                              what was in memory
SDA held low      ETIMEDOUT                   ETIMEDOUT                    ETIMEDOUT              no error: every byte is
                                                                                                  acknowledged, and reads 0
SCL held low      ETIMEDOUT                   ETIMEDOUT                    ETIMEDOUT              ETIMEDOUT; init() waits too
after             see _held_ms()              timeout                      timeout                timeout
================= =========================== ============================ ====================== ==========================

Sources: ports/esp32/machine_i2c.c, ports/stm32/i2c.c and machine_i2c.c, ports/rp2/machine_i2c.c, extmod/machine_i2c.c.
From 1.29 on ESP32 ends each transfer with a STOP, whatever writeto() was told (PR #18063): a driver that needs a repeated start
uses readfrom_mem().

One part that holds a line takes the whole bus from all others. ESP-IDF clocks a busy bus free by itself (nine clocks:
s_i2c_master_clear_bus(); UM10204, section 3.1.16), SoftI2C does with every byte; a part that does not let go then, which is
what the scene's "stuck" and "clock" are, needs its supply cut.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import supply
from .devices import I2CDevice, Nack
from .wire import Refused

if TYPE_CHECKING:
    from .life import Life

_EIO, _ENODEV, _ETIMEDOUT = 5, 19, 110  # Linux's numbers, and MicroPython's own
_GARBAGE = b"\xa5"  # of memory that nobody wrote
_STM32 = {"X": ("X9", "X10"), "1": ("X9", "X10"), "Y": ("Y9", "Y10"), "2": ("Y9", "Y10")}  # PYBD_SF2/mpconfigboard.h
_SCAN = range(0x08, 0x78)  # extmod/machine_i2c.c, machine_i2c_scan

Wires = tuple[str, ...]


@dataclass(frozen=True)
class Bus:
    """A machine.I2C or SoftI2C object. wires: SCL, SDA, or a bus that names its pins. timeout_ms: its argument, rounded up."""

    wires: Wires
    soft: bool
    timeout_ms: int


def opened(life: Life, data: bytes) -> bytes:
    """I2C() or SoftI2C(): its number in this life."""
    kind, bus_id, scl, sda, timeout_us = data.decode().split(",")
    bus = Bus(_wires(life, bus_id, scl, sda), kind == "soft", -(-int(timeout_us) // 1000))
    life.buses.append(bus)
    if bus.soft and _holding(life, bus) == "clock":
        life.delay_ms = bus.timeout_ms // life.board.speed  # init() ends with a STOP
    return bytes([len(life.buses) - 1])


def transfer(life: Life, data: bytes) -> bytes:
    """What is written, then what is read; of a write that the part stopped, the number of bytes that it took."""
    address, size, flags = struct.unpack_from("<BHB", data)
    bus, written = life.buses[flags >> 1], data[4:]
    if held := _holding(life, bus):
        if bus.soft and held == "stuck":
            return bytes(size)
        life.delay_ms = _held_ms(life, bus, len(written) + size) // life.board.speed
        raise Refused(life.board.model.errno.get(str(_ETIMEDOUT), _ETIMEDOUT))
    try:
        return _exchange(_at(life, bus, address), written if flags & 1 else None, size)
    except Nack as nack:
        return _refused(life, bus, nack, size, empty=not written)


def scan(life: Life, data: bytes) -> bytes:
    """The addresses that acknowledge; an error counts as none."""
    bus = life.buses[data[0]]
    if held := _holding(life, bus):
        if bus.soft and held == "stuck":
            return bytes(_SCAN)
        life.delay_ms = len(_SCAN) * _held_ms(life, bus, 0) // life.board.speed
        return b""
    found = []
    for device in _parts(life, bus):
        try:
            device.write(b"")
        except Nack:
            continue
        found.append(device.address)
    return bytes(sorted(found))


def _exchange(device: I2CDevice, written: bytes | None, size: int) -> bytes:
    if written is not None:
        device.write(written)
    return device.read(size) if size or written is None else b""


def _refused(life: Life, bus: Bus, nack: Nack, size: int, *, empty: bool) -> bytes:
    port = life.board.model.port
    if nack.args and (bus.soft or port == "stm32"):
        return _GARBAGE * size or struct.pack("<H", nack.args[0])
    # An empty write goes out by software on rp2.
    raise Refused(_EIO if port == "rp2" and not bus.soft and not (empty and not size) else _ENODEV)


def _held_ms(life: Life, bus: Bus, n: int) -> int:
    # ESP32: up to 1.28 (the driver before PR #19256) 100 ms for the address and for each byte, whatever the argument says.
    if life.board.model.port == "esp32" and not bus.soft:
        return max(bus.timeout_ms, 100 * (1 + n))
    return bus.timeout_ms


def _holding(life: Life, bus: Bus) -> str | None:
    # Which line is held, by the scene's failure of any part on the bus that has a supply: "clock" or "stuck".
    model, rail_on = life.board.model, life.rail()
    fed = [part for part in _parts(life, bus) if supply.fed(part, model, rail_on, life.pins)]
    failures = {life.board.scene.failure(part.driver()) for part in fed}
    return next((how for how in ("clock", "stuck") if how in failures), None)


def _at(life: Life, bus: Bus, address: int) -> I2CDevice:
    for device in _parts(life, bus):
        if device.address == address:
            return device
    raise Nack


def _parts(life: Life, bus: Bus) -> list[I2CDevice]:
    parts = [part for part in life.board.devices if isinstance(part, I2CDevice)]
    return [part for part in parts if (_wires(life, *part.bus) if part.bus else _own(life)) == bus.wires]


def _own(life: Life) -> Wires:
    # The board's own bus, "SCL 9" and "SDA 8" in its board.toml.
    pins = dict(text.split() for text in life.board.model.i2c)
    return _pin(life, pins.get("SCL")), _pin(life, pins.get("SDA"))


def _wires(life: Life, bus_id: Any, scl: Any, sda: Any) -> Wires:
    if str(scl) != "None":
        return _pin(life, scl), _pin(life, sda)
    if life.board.model.port == "stm32":
        scl, sda = _STM32[str(bus_id)]
        return _pin(life, scl), _pin(life, sda)
    return _own(life) if str(bus_id) == "0" else ("default pins of", str(bus_id))


def _pin(life: Life, pin: Any) -> str:
    return str(life.board.model.pins.get(str(pin), pin))
