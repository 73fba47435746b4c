"""Sensors that a pin feeds, itself or through a transistor: on before they start, off after the last of them is read.

In deep sleep a pin drives nothing (ESP32: the pads' output ends with the digital domain unless it is held, Espressif ESP-IDF
sleep_modes.rst; Pyboard D in standby: all pins in high impedance, STM32F7 reference manual RM0431, Standby mode), so what it
switches needs a resistor that keeps it off.
"""

import machine

_users = {}


def on(supply):
    """Feed a sensor. supply: the pin as the board names it, or (pin, level) with the level that switches on, 1 or 0."""
    _switch(supply, 1)


def off(supply):
    """A sensor has done with its supply, which goes off when no other one needs it. supply: of on()."""
    _switch(supply, -1)


def _switch(supply, change):
    pin, level = supply if isinstance(supply, tuple) else (supply, 1)
    _users[pin] = count = _users.get(pin, 0) + change
    machine.Pin(pin, machine.Pin.OUT, value=level if count > 0 else 1 - level)
