"""The ESP32 family's part of power: wake cause, retained memory, deadline timer, radio, deep sleep.

Sources: MicroPython ports/esp32: modmachine.c (reset causes, deepsleep), machine_rtc.c (memory, 2048 bytes), network_wlan.c
(status codes, reconnects).
"""

import machine
import network

from machine import unique_id  # noqa: F401  part of a profile

# deepsleep() takes a C int of milliseconds (modmachine.c): 24.8 days.
MAX_SLEEP_MS = 0x7FFFFFFF
RETAINED_BYTES = 2048


def cause():
    """Why the board started: "power", "deepsleep", "pin", "watchdog", "soft" or "reset".

    A brownout reads as "power", a panic as "reset" (modmachine.c).
    """
    reset = machine.reset_cause()
    if reset == machine.DEEPSLEEP_RESET:
        return "pin" if machine.wake_reason() in (machine.EXT0_WAKE, machine.EXT1_WAKE) else "deepsleep"
    if reset == machine.WDT_RESET:
        return "watchdog"
    if reset == machine.SOFT_RESET:
        return "soft"
    return "power" if reset == machine.PWRON_RESET else "reset"


def retained_read():
    """What was kept across the sleep: bytes, at most RETAINED_BYTES, b"" after a power-up."""
    return machine.RTC().memory()


def retained_write(image):
    """Keep bytes across sleeps and resets, not across a power cut. ValueError when longer than RETAINED_BYTES."""
    machine.RTC().memory(image)


def timer():
    """A one-shot timer for the awake deadline."""
    return machine.Timer(0)


def station():
    """The Wi-Fi station, switched on."""
    wlan = network.WLAN(network.WLAN.IF_STA)
    wlan.active(True)
    # Without a limit the port retries for ever and status() never shows why it fails.
    wlan.config(reconnects=1)
    # Awake for a second: waiting for beacons between packets would cost more than it saves.
    wlan.config(pm=network.WLAN.PM_NONE)
    return wlan


def join(wlan, ssid, key):
    """Start associating. ssid, key: text."""
    wlan.connect(ssid, key)


def join_failed(wlan):
    """Why the association failed, in a word for the report; None while it may still succeed."""
    return {
        network.STAT_NO_AP_FOUND: "no_ap",
        network.STAT_WRONG_PASSWORD: "password",
        network.STAT_ASSOC_FAIL: "refused",
        network.STAT_HANDSHAKE_TIMEOUT: "handshake",
    }.get(wlan.status())


def radio_off():
    """Radio down. Left on in deep sleep it can cost 1.4 mA (micropython #5418)."""
    network.WLAN(network.WLAN.IF_STA).active(False)


def adc_mv(pin):
    """Calibrated millivolts at a pin. pin: GPIO number with an ADC channel."""
    return machine.ADC(machine.Pin(pin), atten=machine.ADC.ATTN_11DB).read_uv() // 1000


def i2c_open(bus, scl, sda):
    """The hardware I2C bus at 100 kHz. bus: its number; scl, sda: GPIO numbers."""
    return machine.I2C(bus, scl=machine.Pin(scl), sda=machine.Pin(sda), freq=100000)


def deepsleep(ms):
    """Deep sleep for milliseconds, 1 to MAX_SLEEP_MS, then start again. Does not return."""
    machine.deepsleep(ms)
