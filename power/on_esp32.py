"""The ESP32 family's part of power: retained memory, deadline timer, analogue input, I2C, sleep.

Sources: MicroPython ports/esp32: modmachine.c (deepsleep), machine_rtc.c (memory, 2048 bytes).
"""

import machine

from machine import unique_id  # noqa: F401  part of a profile

# deepsleep() takes a C int of milliseconds (modmachine.c): 24.8 days.
MAX_SLEEP_MS = 0x7FFFFFFF
RETAINED_BYTES = 2048


def retained_read():
    """What was kept across the sleep: bytes, at most RETAINED_BYTES, b"" after a power-up."""
    return machine.RTC().memory()


def retained_write(image):
    """Keep bytes across sleeps and resets, not across a power cut. ValueError when longer than RETAINED_BYTES."""
    machine.RTC().memory(image)


def timer():
    """A one-shot timer for the awake deadline."""
    return machine.Timer(0)


def backstop(ms, _):
    """The hard deadline: in ms milliseconds the task watchdog resets the board, whatever it is stuck in. 0: not any more.

    Nothing stops it but deep sleep, and a soft reset does not; a second WDT() sets it anew (ports/esp32/machine_wdt.c), here to
    12 days, the most whose fourfold fits 32 bits (esp-idf task_wdt_impl_timergroup.c: half milliseconds, and twice the time
    for the second stage).
    """
    try:
        machine.WDT(timeout=ms or 0x3FFFFFFF)
    except OSError:
        pass  # a firmware without the task watchdog: better a node without a backstop than none


def radio():
    """The module that drives this port's radio."""
    from power import radio_esp32

    return radio_esp32


def wake():
    """The module for a pin that ends the sleep."""
    from power import wake_esp32

    return wake_esp32


def adc_mv(pin):
    """Calibrated millivolts at a pin. pin: GPIO number with an ADC channel.

    They end at 2450 mV on the ESP32, 2500 on S2 and C3, 3100 on the S3 (ESP-IDF v4.4, adc.rst). Raises OSError(ETIMEDOUT) for
    an ESP32's pin of ADC2 while the radio is on, which takes that converter for itself.
    """
    return machine.ADC(machine.Pin(pin), atten=machine.ADC.ATTN_11DB).read_uv() // 1000


def i2c_open(bus, scl, sda):
    """The hardware I2C bus at 100 kHz. bus: its number; scl, sda: GPIO numbers.

    A line that a part holds low costs each transfer 10 ms, not 50 (up to 1.28: 100 ms a byte, machine_i2c.c). The port clocks
    such a bus free by itself (esp-idf, i2c_master.c).
    """
    return machine.I2C(bus, scl=machine.Pin(scl), sda=machine.Pin(sda), freq=100000, timeout=10000)


def deepsleep(ms):
    """Deep sleep for milliseconds, 1 to MAX_SLEEP_MS, then start again. Does not return."""
    machine.deepsleep(ms)
