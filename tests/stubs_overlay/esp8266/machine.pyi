# The stub is the documentation's, of all ports at once: here what ESP8266's sources take.
from collections.abc import Callable
from typing import Any

import _port_machine
from _port_machine import *
from _absent import Absent

class Pin(_port_machine.Pin):
    ALT: Absent  # ports/esp8266/machine_pin.c, pyb_pin_locals_dict_table: none of these
    ALT_OPEN_DRAIN: Absent
    ANALOG: Absent
    IRQ_LOW_LEVEL: Absent
    IRQ_HIGH_LEVEL: Absent
    PULL_DOWN: Absent
    PULL_HOLD: Absent
    mode: Absent
    pull: Absent
    drive: Absent
    # machine_pin.c, pyb_pin_obj_init_helper: allowed_args; the mode is a must as soon as anything is given
    def __init__(self, id: int, /, mode: int = ..., pull: int | None = None, *, value: Any = ...) -> None: ...
    def init(self, mode: int, pull: int | None = None, *, value: Any = ...) -> None: ...
    # machine_pin.c, pyb_pin_irq: allowed_args
    def irq(self, handler: Callable[[Any], Any] | None = None, trigger: int = 3, hard: bool = False) -> Any: ...

class RTC(_port_machine.RTC):
    ALARM0: int = 0  # ports/esp8266/machine_rtc.c, pyb_rtc_locals_dict_table
    init: Absent  # the same: it has none
    cancel: Absent
    def __init__(self) -> None: ...  # pyb_rtc_make_new: no argument
    def datetime(self, datetime: tuple[int, ...] = ..., /) -> Any: ...  # pyb_rtc_datetime: by position
    def alarm(self, id: int, time: int, /) -> None: ...  # pyb_rtc_alarm
    def irq(self, *, trigger: int = 0, wake: int = 0) -> None: ...  # pyb_rtc_irq

class Timer(_port_machine.Timer):
    def __init__(self, id: int, /) -> None: ...  # ports/esp8266/modmachine.c, esp_timer_make_new: one, and no names

class WDT(_port_machine.WDT):
    def __init__(self, id: int = 0, timeout: int = 5000) -> None: ...  # extmod/machine_wdt.c, machine_wdt_make_new

class ADC(_port_machine.ADC):
    atten: Absent  # ports/esp8266/machine_adc.c: read_u16 and read
    width: Absent
    read_uv: Absent
    init: Absent
    deinit: Absent
    block: Absent
    def __init__(self, id: int, /) -> None: ...  # machine_adc.c, mp_machine_adc_make_new: a number, not a Pin

class SoftI2C(_port_machine.SoftI2C):
    # extmod/machine_i2c.c, mp_machine_soft_i2c_init and machine_i2c_mem_allowed_args
    def __init__(self, scl: Any, sda: Any, *, freq: int = 400000, timeout: int = 50000) -> None: ...
    def init(self, scl: Any, sda: Any, *, freq: int = 400000, timeout: int = 50000) -> None: ...
    def readfrom_mem(self, addr: int, memaddr: int, arg: int, *, addrsize: int = 8) -> bytes: ...
    def readfrom_mem_into(self, addr: int, memaddr: int, arg: Any, *, addrsize: int = 8) -> None: ...
    def writeto_mem(self, addr: int, memaddr: int, arg: Any, *, addrsize: int = 8) -> None: ...

class I2C(SoftI2C): ...  # ports/esp8266/modmachine.c: the name of SoftI2C
