# The stub is the documentation's, of all ports at once: here what STM32's sources take.
from collections.abc import Callable
from typing import Any

import _port_machine
from _port_machine import *
from _absent import Absent

def mem_backup(region: int = 0) -> memoryview: ...  # its own text says so: a writable memoryview (a tuple for region -1)
def freq(sysclk: int = ..., ahb: int = ..., apb1: int = ..., apb2: int = ..., /) -> Any: ...  # modmachine.c: 0 to 4
def enable_irq(state: bool = True, /) -> None: ...  # ports/stm32/irq.c, pyb_enable_irq: 0 or 1

class Pin(_port_machine.Pin):
    IRQ_LOW_LEVEL: Absent  # ports/stm32/pin.c, pin_locals_dict_table: none of these
    IRQ_HIGH_LEVEL: Absent
    PULL_HOLD: Absent
    drive: Absent
    # pin.c, pin_obj_init_helper: allowed_args; the mode is a must as soon as anything is given
    def __init__(
        self, id: Any, /, mode: int = ..., pull: int | None = None, af: int = -1, *, value: Any = ..., alt: int = -1
    ) -> None: ...
    def init(self, mode: int, pull: int | None = None, af: int = -1, *, value: Any = ..., alt: int = -1) -> None: ...
    # pin.c, pin_irq: allowed_args
    def irq(self, handler: Callable[[Any], Any] | None = None, trigger: int = ..., hard: bool = False) -> Any: ...

class RTC(_port_machine.RTC):
    memory: Absent  # ports/stm32/rtc.c: pyb_rtc_locals_dict has no memory()
    ALARM0: Absent  # nor alarms
    alarm: Absent
    alarm_left: Absent
    cancel: Absent
    irq: Absent
    def __init__(self) -> None: ...  # pyb_rtc_make_new: no argument
    def init(self) -> None: ...  # pyb_rtc_init: no argument
    def datetime(self, datetime: tuple[int, ...] = ..., /) -> Any: ...  # pyb_rtc_datetime: by position

class Timer(_port_machine.Timer):
    # extmod/machine_timer.c, machine_timer_make_new: the number may be left out
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

class ADC(_port_machine.ADC):
    ATTN_0DB: Absent  # ports/stm32/machine_adc.c, MICROPY_PY_MACHINE_ADC_CLASS_CONSTANTS: none of these
    ATTN_2_5DB: Absent
    ATTN_6DB: Absent
    ATTN_11DB: Absent
    atten: Absent
    width: Absent
    read: Absent
    read_uv: Absent
    init: Absent
    deinit: Absent
    block: Absent
    def __init__(self, id: Any, /) -> None: ...  # machine_adc.c, mp_machine_adc_make_new: one, by position

class I2C(_port_machine.I2C):
    # extmod/machine_i2c.c, machine_i2c_mem_allowed_args: by name too
    def readfrom_mem(self, addr: int, memaddr: int, arg: int, *, addrsize: int = 8) -> bytes: ...
    def readfrom_mem_into(self, addr: int, memaddr: int, arg: Any, *, addrsize: int = 8) -> None: ...
    def writeto_mem(self, addr: int, memaddr: int, arg: Any, *, addrsize: int = 8) -> None: ...
