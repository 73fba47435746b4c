# The stub is the documentation's, of all ports at once: here what rp2's sources take.
from collections.abc import Callable
from typing import Any

import _port_machine
from _port_machine import *
from _absent import Absent

def freq(hz: int = ..., peripherals_hz: int = ..., /) -> Any: ...  # MICROPY_PY_MACHINE_FREQ_NUM_ARGS_MAX is 2

class RTC(_port_machine.RTC):
    ALARM0: Absent  # ports/rp2/machine_rtc.c, machine_rtc_locals_dict_table: datetime alone
    memory: Absent
    init: Absent
    alarm: Absent
    alarm_left: Absent
    cancel: Absent
    irq: Absent
    def __init__(self) -> None: ...  # machine_rtc_make_new: no argument

class Timer(_port_machine.Timer):
    # ports/rp2/machine_timer.c, machine_timer_make_new: the number may be left out
    def __init__(
        self,
        id: int = -1,
        /,
        *,
        mode: int = ...,
        period: int = ...,
        callback: Callable[[Any], Any] | None = None,
        freq: float | None = None,
        tick_hz: int = 1000,
        hard: bool = False,
    ) -> None: ...

class WDT(_port_machine.WDT):
    def __init__(self, id: int = 0, timeout: int = 5000) -> None: ...  # extmod/machine_wdt.c, machine_wdt_make_new

class I2C(_port_machine.I2C):
    # ports/rp2/machine_i2c.c, machine_i2c_make_new: allowed_args
    def __init__(
        self, id: int = 0, freq: int = 400000, *, scl: Any = ..., sda: Any = ..., timeout: int = 50000
    ) -> None: ...
    # extmod/machine_i2c.c, machine_i2c_mem_allowed_args: by name too
    def readfrom_mem(self, addr: int, memaddr: int, arg: int, *, addrsize: int = 8) -> bytes: ...
    def readfrom_mem_into(self, addr: int, memaddr: int, arg: Any, *, addrsize: int = 8) -> None: ...
    def writeto_mem(self, addr: int, memaddr: int, arg: Any, *, addrsize: int = 8) -> None: ...
