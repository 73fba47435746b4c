# The stub was made on a Pyboard v1.1, its signatures are the documentation's.
from collections.abc import Callable
from typing import Any

from _port_pyb import *
from _port_pyb import Timer as _Timer
from machine import RTC as RTC  # ports/stm32/modpyb.c: the same type
from machine import Pin as Pin  # the same

def bootloader(value: Any = ..., /) -> None: ...  # ports/stm32/modmachine.c: 0 or 1

class Timer(_Timer):
    # ports/stm32/timer.c, pyb_timer_init_helper: allowed_args
    def __init__(
        self,
        id: int,
        /,
        *,
        freq: float | None = None,
        prescaler: int = ...,
        period: int = ...,
        tick_hz: int = 1000,
        mode: int = 0,
        div: int = 1,
        callback: Callable[[Any], Any] | None = None,
        deadtime: int = 0,
        brk: int = 0,
    ) -> None: ...
    def init(
        self,
        *,
        freq: float | None = None,
        prescaler: int = ...,
        period: int = ...,
        tick_hz: int = 1000,
        mode: int = 0,
        div: int = 1,
        callback: Callable[[Any], Any] | None = None,
        deadtime: int = 0,
        brk: int = 0,
    ) -> None: ...
