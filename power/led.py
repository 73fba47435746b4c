"""The LED, for somebody who looks at it: in test mode, and while the board waits for somebody after a power-up."""

import machine

from micropython import const

from power import awake

_ON = const(2)  # tenths of a second that a flash lasts
_FLASH = const(5)  # from one flash to the next
_PAUSE = const(15)  # between one count and the next


def switch(board):
    """A function that lights the LED or not. board: the profile; where its LED is None, the function does nothing.

    Raises ValueError for a pin that the chip does not have.
    """
    on = board.LED_ON
    if board.LED is None:
        return bool
    # Not the board: whoever keeps the function need not keep the profile.
    pin = machine.Pin(board.LED, machine.Pin.OUT, value=1 - on)
    return lambda lit: pin.value(on if lit else 1 - on)


def watch(board):
    """Light it for this wake until the node has joined, or is done without. board: the profile."""
    light = switch(board)
    before = awake.on_mark
    light(True)

    def on_mark(phase, ticks):
        if phase in ("mqtt", "sleep"):
            light(False)
        if before:
            before(phase, ticks)

    awake.on_mark = on_mark


def blinker(board, count):
    """A function to be called every tenth of a second: `count` flashes again and again, with a pause between. board: the
    profile.
    """
    light = switch(board)
    tick = [0]

    def blink():
        light(shines(count, tick[0]))
        tick[0] += 1

    return blink


def shines(count, tick):
    """Whether the LED is lit in a tenth of a second. tick: its number, from 0 on. count: flashes."""
    at = tick % (count * _FLASH + _PAUSE)
    return at < count * _FLASH and at % _FLASH < _ON
