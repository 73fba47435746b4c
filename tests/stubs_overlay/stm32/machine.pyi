import _port_machine
from _port_machine import *

def mem_backup(region: int = 0) -> memoryview: ...  # its own text says so: a writable memoryview (a tuple for region -1)

class RTC(_port_machine.RTC):
    memory: None  # ports/stm32/rtc.c: pyb_rtc_locals_dict has no memory()
