"""A pin that ends deep sleep, ESP32 family: EXT1, which watches a level.

Sources: MicroPython ports/esp32/modesp32.c (wake_on_ext1), modmachine.c (machine_deepsleep, wake_reason); ESP-IDF sleep_modes:
internal pulls are off in deep sleep, so the pin needs a resistor. What was armed is forgotten at the next start.
"""

import machine


def level(pin):
    """0 or 1. pin: GPIO number. Naming the mode takes the pin back from the sleep controller (machine_pin.c)."""
    return machine.Pin(pin, machine.Pin.IN).value()


def woke(pin):
    """Whether the pin ended the last deep sleep. pin: ignored, only one is ever armed."""
    return machine.wake_reason() in (machine.EXT0_WAKE, machine.EXT1_WAKE)


def arm(pin, level):
    """Let the next deep sleep end when the pin is at a level; at once when it is. pin: RTC GPIO. level: 0 or 1."""
    import esp32

    # EXT1 works with the RTC's peripherals switched off, EXT0 does not (ESP-IDF sleep_modes).
    esp32.wake_on_ext1((machine.Pin(pin, machine.Pin.IN),), bool(level))
