"""The ESP8266's part of power: retained memory, deadline timer, analogue input, I2C, sleep.

Sources: MicroPython ports/esp8266: modmachine.c (deepsleep, Timer), machine_rtc.c (memory, 492 bytes; alarm).
"""

import machine

from machine import unique_id  # noqa: F401  part of a profile

# machine.deepsleep(ms) multiplies in 32 signed bits and wraps silently above 71 minutes: 35 minutes is below every limit that
# was reported (micropython modmachine.c; esp8266/Arduino #2342).
MAX_SLEEP_MS = 35 * 60 * 1000
RETAINED_BYTES = 492


def retained_read():
    """What was kept across the sleep: bytes, at most RETAINED_BYTES, b"" after a power-up."""
    return machine.RTC().memory()


def retained_write(image):
    """Keep bytes across sleeps and resets, not across a power cut. ValueError when longer than RETAINED_BYTES."""
    machine.RTC().memory(image)


def timer():
    """A one-shot timer for the awake deadline: this port has virtual timers only."""
    return machine.Timer(-1)


# The hard deadline: none of ours. The SDK's own watchdogs reset what is stuck for 1.6 to 3.2 s (ports/esp8266/ets_alt_task.c).
# machine.WDT() would only end that the port feeds them, has no time to choose, and can never be stopped.
backstop = None


def radio():
    """The module that drives this port's radio."""
    from power import radio_esp8266

    return radio_esp8266


def adc_mv(pin):
    """Millivolts at the chip's ADC input, 0 to 1000. pin: 0, the only one."""
    return machine.ADC(pin).read_u16() * 1000 // 65535


def i2c_open(bus, scl, sda):
    """The bit-banged I2C bus at 100 kHz; this chip has no other. bus: ignored; scl, sda: GPIO numbers.

    A clock line that a part holds low costs each transfer 10 ms, not 50. A data line makes no error: everything acknowledges,
    and reads 0 (extmod/machine_i2c.c); the clocks of that set a part free that was interrupted in the middle of a byte.
    """
    return machine.SoftI2C(machine.Pin(scl), machine.Pin(sda), freq=100000, timeout=10000)


def deepsleep(ms):
    """Deep sleep for milliseconds, 1 to MAX_SLEEP_MS, then start again. Needs GPIO16 wired to RST. Does not return."""
    machine.deepsleep(ms)
