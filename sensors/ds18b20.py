"""Maxim DS18B20: temperature on a 1-Wire bus, one part or several on one pin.

Source: Maxim Integrated, DS18B20, 19-7487, rev. 6, 7/19; the tables named below are its. Wiring: 4.7 kOhm from the pin to the
supply, and VDD connected: parasite power needs a strong pull-up 10 us after the command, which no port's onewire has.

Firmware carries `onewire` in every port's manifest (ports/esp32, esp8266, stm32 and rp2, boards/manifest.py; ESP8266 with
512 KiB: ESP8266_GENERIC/manifest_512kiB.py), `ds18x20` not on stm32: so onewire alone. It switches the interrupts off for 10 to
70 us of each bit (extmod/modonewire.c); the radio's work comes between bits, where the bus waits. What it spoils nevertheless
the CRC shows, and that the conversion does not begin.

A part keeps what it measured last, with a CRC that is right, and gives 85 C after a power-up; a line at GND reads as zeros,
whose CRC is right too. So start() writes two bytes of its own into the scratchpad's alarm bytes, which a power-up overwrites,
and looks whether the conversion has begun; read() looks whether they are still there. A true 85 C is a value as any other.
"""

import machine
import onewire
from micropython import const

FIELDS = (("temperature_c", 2),)  # steps of 0.0625 C at 12 bits: rounded, since the part is 0.5 C true at best
OPTIONS = ("pin", "rom", "resolution")
RANGE = (-5500, 12500)  # operating range, page 1

# For the PC (sensors/__init__.py). Currents: DC electrical characteristics, typical.
_ACTIVE_UA = const(1000)
_IDLE_NA = const(750)
_TIME_MS = const(752)
_ALLOWED = const((
    ("pin", "pin", "", None, "the board's 1-Wire pin"),
    ("rom", "rom", "", None, "which part, where several are on the pin"),
    ("resolution", (9, 10, 11, 12), "bit", 12, "9: 0.5 C in 94 ms, 12: 0.0625 C in 750 ms"),
))  # fmt: skip

_EIO = const(5)  # these two are the same on all ports: py/mperrno.h, and newlib's
_ENODEV = const(19)


def start(board, options):
    """Begin one conversion.

    options: "pin", default the profile's ONEWIRE; "rom", 16 hexadecimal digits as probe() gives them, needed when several parts
    are on the pin: each is then started by its own entry, and all convert at the same time; "resolution", 9 to 12 bits.
    Returns (ms, handle). Raises ValueError(option), OSError: ENODEV when nobody answers, or does not begin to convert (that ROM
    code is not there; VDD is not connected), EIO when the line is held low.
    """
    bits = options.get("resolution", 12)
    if not 9 <= bits <= 12:
        raise ValueError("resolution")
    bus = _bus(board, options)
    try:
        rom = bytes.fromhex(options.get("rom") or "")
    except ValueError:
        rom = b"?"
    if len(rom) & 7 or bus.crc8(rom):  # of nothing it is 0
        raise ValueError("rom")
    setting = b"\xa5\x5a" + bytes(((bits - 9) << 5 | 0x1F,))  # alarm bytes, configuration (table 2)
    _send(bus, rom, b"\x4e" + setting)
    _send(bus, rom, b"\x44")
    # 0: it converts; with parasite power it cannot say so.
    _need(not bus.readbit(), _ENODEV)
    # Table 2: 93.75, 187.5, 375, 750 ms; and one tick, since the first may be nearly over.
    return (750 >> 12 - bits) + 2, (bus, rom, setting, bits)


def read(handle):
    """(centi-degrees Celsius,) of the conversion that start() began.

    Raises OSError(EIO): a wrong CRC, a line held low, a part that still converts (seen where it is alone on the pin), or that
    lost its supply since start() and shows its power-up default.
    """
    bus, rom, setting, bits = handle
    # Among several the one that was started last would answer.
    _need(rom or bus.readbit(), _EIO)
    _send(bus, rom, b"\xbe")
    data = bytearray(9)
    bus.readinto(data)
    _need(data[2:5] == setting and not bus.crc8(data), _EIO)
    return (centi_c(data[0], data[1], bits),)


def probe(board, options):
    """The ROM codes of all parts on the pin, a list of texts of 16 hexadecimal digits. options and errors: as start()."""
    bus = _bus(board, options)
    return [rom.hex() for rom in bus.scan() if not bus.crc8(rom)]


def centi_c(low, high, bits):
    """Hundredths of a degree Celsius, rounded, from the two bytes of the temperature (table 1; sixteenths, two's complement).

    bits: the resolution; what is below it is undefined (figure 4).
    """
    step = 1 << 12 - bits
    return (((high << 8 | low) ^ 0x8000) - 0x8000) // step * step * 25 + 2 >> 2


def _bus(board, options):
    pin = options.get("pin", board.ONEWIRE)
    if pin is None:
        raise ValueError("pin")
    bus = onewire.OneWire(machine.Pin(pin))
    _need(bus.reset(), _ENODEV)
    # Now nobody speaks; a line held low looked like a presence pulse.
    _need(bus.readbit(), _EIO)
    return bus


def _send(bus, rom, data):
    _need(bus.reset(), _ENODEV)
    bus.write((b"\x55" + rom if rom else b"\xcc") + data)


def _need(fine, error):
    if not fine:
        raise OSError(error)
