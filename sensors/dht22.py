"""Aosong AM2302 (DHT22): temperature and relative humidity on a wire of its own.

Source: Aosong, Temperature and humidity module AM2302, product manual; what is named below are its sections. Wiring: 5.1 kOhm
from the pin to the supply (7.1), unless the module has it.

The part answers with what it measured after it was asked the last time, and then measures anew (single-bus communication
timing, note): after a sleep its answer is as old as the sleep. So start() asks, and read() reads what it then measured, two
seconds later, the shortest interval. That keeps the node awake for two seconds, part of which the radio needs anyway; an SHT4x
takes ten milliseconds.

The firmware's dht_readinto (drivers/dht/dht.c; `dht`, which finds it in machine or esp, is in every port's manifest:
ports/esp32, esp8266, stm32 and rp2, boards/manifest.py; ESP8266_GENERIC/manifest_512kiB.py) keeps the line high for 250 ms and
low for 18, in which the radio goes on, and then switches the interrupts off for 5 ms. Where the radio's work comes between the
two it misses the answer, ETIMEDOUT (micropython #5848): no value then, since it cannot be asked again within two seconds.
"""

import errno
import time

import machine
from dht import dht_readinto
from micropython import const

FIELDS = (("temperature_c", 1), ("humidity_pct", 1))
OPTIONS = ("pin", "switched")
RANGE = (-400, 800, 0, 999)  # what it can measure (table of its performance)

# For the PC (sensors/__init__.py). Currents: the manual's typical ones as Erriez/ErriezDHT22, README.md, gives them; older
# datasheets have 50 uA at rest.
_ACTIVE_UA = const(500)
_IDLE_NA = const(15000)
_TIME_MS = const(2050)
_ALLOWED = const((
    ("pin", "pin", "", None, "must be named"),
    ("switched", "yes or no", "", False, "its supply is the board's switched rail"),
))  # fmt: skip

_WAIT_MS = const(1770)  # two seconds less the 250 ms with which dht_readinto begins, and some ticks
_last = {}  # pin to the ticks of the last answer: what was measured then, the next one gives


def start(board, options):
    """Have it measure.

    options: "pin", must be given; "switched", True: its supply comes and goes with the board's rail, as one of "supply" does.
    Such a part measures by itself, and must not be asked in its first two seconds (peripheral reading step example, step one).
    Returns (ms, handle). Raises ValueError("pin"), OSError(EIO) when the line is held low.
    """
    name = options.get("pin")
    if name is None:
        raise ValueError("pin")
    pin = machine.Pin(name)
    wait_ms = _WAIT_MS
    fresh = options.get("switched") or "supply" in options
    if name in _last:  # another sample
        wait_ms -= time.ticks_diff(time.ticks_ms(), _last[name])
        fresh = wait_ms > -_WAIT_MS
    if not fresh:
        wait_ms = _WAIT_MS
        pin.init(machine.Pin.OPEN_DRAIN, value=0)
        # 0.8 to 20 ms, typically 1 (single bus signal characteristics). A part that wants more is one that does not answer.
        time.sleep_us(1100)
        pin.value(1)
        # Its answer is not read, only seen: low for 80 us, or some bit's 50 us.
        pulse_us = machine.time_pulse_us(pin, 0, 200)
        if pulse_us == -1:
            raise OSError(errno.EIO)
        fresh = pulse_us >= 0
    return max(0, wait_ms), [pin, name, fresh]


def read(handle):
    """(decidegrees Celsius, tenths of a percent), measured since start().

    An int, the milliseconds until the next call, when the part did not answer start() (it had just been given its supply, or
    was not there): what it answers now may be old. Raises OSError: ETIMEDOUT without an answer, EIO on a wrong checksum.
    """
    pin, name, fresh = handle
    data = bytearray(5)
    dht_readinto(pin, data)
    _last[name] = time.ticks_ms()
    if not fresh:
        handle[2] = True
        return _WAIT_MS
    return decode(data)


def decode(data):
    """(decidegrees Celsius, tenths of a percent) from the 5 bytes of an answer (section 7.2, table 5). OSError(EIO): not so.

    All zeros are refused: their checksum is right, and it is never 0.0 C at 0.0 %RH.
    """
    if len(data) != 5 or sum(data[:4]) & 0xFF != data[4] or not any(data):
        raise OSError(errno.EIO)
    tenths = (data[2] & 0x7F) << 8 | data[3]
    return -tenths if data[2] & 0x80 else tenths, data[0] << 8 | data[1]
