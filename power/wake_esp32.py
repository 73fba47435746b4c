"""A pin that ends deep sleep, ESP32 family: EXT1, which watches a level, or the C3's own way, which does the same.

Sources: MicroPython ports/esp32/modesp32.c (wake_on_ext1; wake_on_gpio: since 1.27, #17518), modmachine.c (machine_deepsleep,
wake_reason); ESP-IDF sleep_modes: internal pulls are off in deep sleep, so the pin needs a resistor. What was armed is
forgotten at the next start.
"""

import machine


def level(pin):
    """0 or 1. pin: GPIO number. Naming the mode takes the pin back from the sleep controller (machine_pin.c)."""
    return machine.Pin(pin, machine.Pin.IN).value()


def woke(pin):
    """Whether the pin ended the last deep sleep. pin: ignored, only one is ever armed."""
    return machine.wake_reason() in (2, 3, 7)  # EXT0, EXT1, GPIO: esp_sleep.h; machine has no name for the last


def arm(pin, level):
    """Let the next deep sleep end when the pin is at a level; at once when it is. pin: RTC GPIO. level: 0 or 1."""
    import esp32

    # EXT1 works with the RTC's peripherals switched off, EXT0 does not (ESP-IDF sleep_modes). A C3 has neither, and the others
    # refuse to sleep deeply with GPIO.
    watch = getattr(esp32, "wake_on_ext1", None) or esp32.wake_on_gpio
    watch((machine.Pin(pin, machine.Pin.IN),), bool(level))
