"""The Pico W's radio: a CYW43 as on a Pyboard D, with the same driver (MicroPython extmod/network_cyw43.c)."""

from power.radio_stm32 import failed, join, off, on, reset  # noqa: F401  the radio's calls
