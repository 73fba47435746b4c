"""The ESP8266's part of power: wake cause, retained memory, deadline timer, radio, deep sleep.

Sources: MicroPython ports/esp8266: modmachine.c (deepsleep, Timer), machine_rtc.c (memory, 492 bytes; alarm), network_wlan.c.
"""

import machine
import network

from machine import unique_id  # noqa: F401  part of a profile

# machine.deepsleep(ms) multiplies in 32 signed bits and wraps silently above 71 minutes: 35 minutes is below every limit that
# was reported (micropython modmachine.c; esp8266/Arduino #2342).
MAX_SLEEP_MS = 35 * 60 * 1000
RETAINED_BYTES = 492


def cause():
    """Why the board started: "power", "deepsleep", "watchdog", "soft" or "reset"."""
    reset = machine.reset_cause()
    if reset == machine.DEEPSLEEP_RESET:
        return "deepsleep"
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
    """A one-shot timer for the awake deadline: this port has virtual timers only."""
    return machine.Timer(-1)


def station():
    """The Wi-Fi station, switched on. The access point, on by default, is switched off."""
    network.WLAN(network.AP_IF).active(False)
    wlan = network.WLAN(network.STA_IF)
    wlan.active(True)
    return wlan


def join(wlan, ssid, key):
    """Start associating. ssid, key: text. The SDK joins its stored network by itself at boot: connect() rewrites flash."""
    if not wlan.isconnected() and not (wlan.config("ssid") == ssid and wlan.status() == network.STAT_CONNECTING):
        wlan.connect(ssid, key)


def join_failed(wlan):
    """Why the association failed, in a word for the report; None while it may still succeed."""
    return {
        network.STAT_NO_AP_FOUND: "no_ap",
        network.STAT_WRONG_PASSWORD: "password",
        network.STAT_CONNECT_FAIL: "refused",
    }.get(wlan.status())


def radio_off():
    """Radio down."""
    network.WLAN(network.STA_IF).active(False)


def adc_mv(pin):
    """Millivolts at the chip's ADC input, 0 to 1000. pin: 0, the only one."""
    return machine.ADC(pin).read_u16() * 1000 // 65535


def i2c_open(bus, scl, sda):
    """The bit-banged I2C bus at 100 kHz; this chip has no other. bus: ignored; scl, sda: GPIO numbers."""
    return machine.I2C(scl=machine.Pin(scl), sda=machine.Pin(sda), freq=100000)


def deepsleep(ms):
    """Deep sleep for milliseconds, 1 to MAX_SLEEP_MS, then start again. Needs GPIO16 wired to RST. Does not return."""
    machine.deepsleep(ms)
