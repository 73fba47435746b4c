"""Pulse counter: edges on a pin during a window while the node is awake. Flow meters, anemometers, fans, tachometers.

Pulses while the node sleeps are lost: what comes seldom (a tipping bucket, a gas meter) belongs on WAKE_PIN, which counts them
for ever and wakes the node (node.pin). The window overlaps the other sensors and the radio, but the wake lasts at least as
long, and so does what it costs.

The count is made by Pin.irq, whose callback waits for the end of what the firmware is busy with (starting the radio takes ten
milliseconds and more) in a queue of 8, 4 on an ESP8266 (MICROPY_SCHEDULER_DEPTH in the ports' mpconfigport.h and in
py/mpconfig.h); what finds it full is lost. So up to about 100 pulses a second are counted well, and more come out low.
The ESP32 family's machine.Counter would count them all, but its filter is far too short for a contact, and a C3 has none: one
way for all boards.
"""

import time

import machine

from micropython import const

FIELDS = (("frequency_hz", 2), ("count", 0))
OPTIONS = ("pin", "window_ms", "edge", "pull", "debounce_ms")
_ACTIVE_UA = const(0)  # what hangs on the pin is not known; a pull-up draws some 70 uA while the contact is closed
_IDLE_NA = const(0)
_TIME_MS = const(1000)
_ALLOWED = const((
    ("pin", "input pin", "", None, "must be named"),
    ("window_ms", "10 to 10000", "ms", 1000, "one pulse more or less is 1000/window_ms Hz"),
    ("edge", ("falling", "rising"), "", "falling", None),
    ("pull", ("up", "none"), "", "up", "the chip's own resistor: a contact to GND, an open collector"),
    ("debounce_ms", "0 to 1000", "ms", 0, "edges so soon after a counted one are its contact's bouncing"),
))  # fmt: skip


def start(board, options):
    """Begin to count.

    options: "pin", as machine.Pin takes it, with an interrupt (not GPIO16 of an ESP8266); "window_ms", 10 to 10000, default
    1000; "edge", "falling" or "rising"; "pull", "up" or "none"; "debounce_ms", 0 to 1000, default 0.
    Returns (window_ms, handle). Raises ValueError(option), OSError for a pin without an interrupt.
    """
    window_ms = options.get("window_ms", 1000)
    debounce_ms = options.get("debounce_ms", 0)
    edge = options.get("edge", "falling")
    pull = options.get("pull", "up")
    for option, fine in (
        ("pin", "pin" in options),
        ("window_ms", 10 <= window_ms <= 10000),
        ("debounce_ms", 0 <= debounce_ms <= 1000),
        ("edge", edge in ("falling", "rising")),
        ("pull", pull in ("up", "none")),
    ):
        if not fine:
            raise ValueError(option)
    pin = machine.Pin(options["pin"], machine.Pin.IN, machine.Pin.PULL_UP if pull == "up" else None)
    began = time.ticks_ms()
    seen = [0, time.ticks_add(began, -debounce_ms)]  # edges, and when the last of them came

    def edge_seen(_):
        now = time.ticks_ms()
        if time.ticks_diff(now, seen[1]) >= debounce_ms:
            seen[0] += 1
            seen[1] = now

    pin.irq(handler=edge_seen, trigger=machine.Pin.IRQ_FALLING if edge == "falling" else machine.Pin.IRQ_RISING)
    return window_ms, (pin, seen, began)


def read(handle):
    """(hundredths of a hertz, edges) since start(). The counting ends."""
    pin, seen, began = handle
    pin.irq(handler=None)
    count = seen[0]
    return count * 100000 // max(1, time.ticks_diff(time.ticks_ms(), began)), count


def off(board, handle):
    """The counting ends, read or not."""
    handle[0].irq(handler=None)
