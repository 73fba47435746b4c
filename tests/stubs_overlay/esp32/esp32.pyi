# The stub was made on an ESP32: here what other chips of the family have, and names of arguments.
from typing import Any

from _port_esp32 import *

# ports/esp32/modesp32.c, allowed_args of each: by name too
def wake_on_ext0(pin: Any = ..., level: bool = ...) -> None: ...
def wake_on_ext1(pins: Any = None, level: bool = ...) -> None: ...
def wake_on_gpio(pins: Any = None, level: bool = ...) -> None: ...
def gpio_deep_sleep_hold(enable: bool, /) -> None: ...  # modesp32.c, esp32_gpio_deep_sleep_hold
def mcu_temperature() -> int: ...  # modesp32.c, esp32_mcu_temperature: not on the ESP32 itself
