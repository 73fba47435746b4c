# The stub is the documentation's, of all ports at once: here what ESP32's sources take.
from collections.abc import Callable
from typing import Any

import _port_machine
from _port_machine import *
from _absent import Absent

class Pin(_port_machine.Pin):
    ALT: Absent  # ports/esp32/machine_pin.c, machine_pin_locals_dict_table: none of these
    ALT_OPEN_DRAIN: Absent
    ANALOG: Absent
    IRQ_LOW_LEVEL: Absent
    IRQ_HIGH_LEVEL: Absent
    PULL_HOLD: Absent
    mode: Absent
    pull: Absent
    drive: Absent
    # machine_pin.c, machine_pin_obj_init_helper: allowed_args
    def __init__(
        self, id: Any, /, mode: int | None = None, pull: int | None = -1, *, value: Any = ..., drive: int = ..., hold: Any = ...
    ) -> None: ...
    def init(
        self, mode: int | None = None, pull: int | None = -1, *, value: Any = ..., drive: int = ..., hold: Any = ...
    ) -> None: ...
    # machine_pin.c, machine_pin_irq: allowed_args
    def irq(self, handler: Callable[[Any], Any] | None = None, trigger: int = 3, wake: int | None = None) -> Any: ...

class RTC(_port_machine.RTC):
    ALARM0: Absent  # ports/esp32/machine_rtc.c, machine_rtc_locals_dict_table: init, datetime and memory
    alarm: Absent
    alarm_left: Absent
    cancel: Absent
    irq: Absent
    def __init__(self) -> None: ...  # machine_rtc_make_new: no argument
    def init(self, datetime: tuple[int, ...], /) -> None: ...  # machine_rtc_init: eight numbers, the hour is the fourth
    def datetime(self, datetime: tuple[int, ...] = ..., /) -> Any: ...  # machine_rtc_datetime: by position

class WDT(_port_machine.WDT):
    def __init__(self, id: int = 0, timeout: int = 5000) -> None: ...  # extmod/machine_wdt.c, machine_wdt_make_new

class I2C(_port_machine.I2C):
    # extmod/machine_i2c.c, machine_i2c_mem_allowed_args: by name too
    def readfrom_mem(self, addr: int, memaddr: int, arg: int, *, addrsize: int = 8) -> bytes: ...
    def readfrom_mem_into(self, addr: int, memaddr: int, arg: Any, *, addrsize: int = 8) -> None: ...
    def writeto_mem(self, addr: int, memaddr: int, arg: Any, *, addrsize: int = 8) -> None: ...
