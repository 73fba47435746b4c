# A `machine` module for the examples: a deep sleep ends the program, as it does on a board.
import time


def unique_id():
    return b"\x01\x02\x03"


def deepsleep(ms):
    print("deepsleep", ms)
    raise SystemExit


class Pin:
    """Prints what it is set to."""

    OUT = 1

    def __init__(self, name, mode):
        self.name = name

    def value(self, value):
        print("led", self.name, int(value))


def lightsleep(ms):
    time.sleep(ms / 1000)  # the tick clock goes on, as on ESP32
