"""A pin that ends standby, Pyboard D: the chip's four WKUP inputs that the board has on pins.

The firmware has no call for it, but keeps what is set in the power controller: ports/stm32/powerctrl.c saves and restores EWUP
(micropython #6494). Registers: RM0431 section 4.4; micropython-micropower upower.py (WakeupPin, why) uses them on this board.
Pulls do not work in standby: the pin needs a resistor.
"""

import machine

from micropython import const

_PINS = ("X1", "X3", "C1", "C13")  # WKUP1 to WKUP4: PA0, PA2, PC1, PC13
_CR2 = const(0x40007008)  # PWR_CR2: from bit 0 what clears the flags, from bit 8 the polarity, 1: falling
_CSR2 = const(0x4000700C)  # PWR_CSR2: from bit 0 the flags, from bit 8 the pins that are enabled


def level(pin):
    """0 or 1. pin: a name of the above."""
    return machine.Pin(pin, machine.Pin.IN).value()


def woke(pin):
    """Whether the pin ended the last standby. pin: a name of the above."""
    return bool(machine.mem32[_CSR2] >> _PINS.index(pin) & 1)


def arm(pin, level):
    """Let the next standby end when the pin comes to a level; at once when it is there already (RM0431, note on WUPF).

    pin: a name of the above. level: 0 or 1.
    """
    bit = 0x100 << _PINS.index(pin)
    machine.mem32[_CSR2] &= ~0x3F00
    machine.mem32[_CR2] = 0x3F if level else 0x3F | bit
    machine.mem32[_CSR2] |= bit
