"""RP2040: why the board started, and what time it is. The firmware knows neither.

machine.deepsleep() is a light sleep and then a reset by the watchdog (MicroPython ports/rp2/modmachine.c), and every boot sets
the clock to 2021 (main.c). What is left are the watchdog's scratch registers, kept until the power goes or RUN is pulled
(RP2040 Datasheet, section 4.7.6): the boot ROM and the SDK use 4 to 7 (2.8.1.1), 0 to 3 are ours.
0: a mark, above it what ended the life before. 1: seconds since 1970. 2: milliseconds more. 3: those that the clock lacks, and
500, since it is set in whole seconds.
"""

import machine
import time

from micropython import const

_REASON = const(0x40058008)  # WATCHDOG_REASON: not 0 after any reset by the watchdog, asked for or not
_STATE = const(0x4005800C)  # SCRATCH0
_SECONDS = const(0x40058010)
_PART = const(0x40058014)
_LACKS = const(0x40058018)
_SDK = const(0x4005801C)  # SCRATCH4: 0 after machine.reset(), _BITTEN after machine.WDT() (SDK, watchdog.c)
_BITTEN = const(0x6AB73121)
_MARK = const(0x446D0000)  # "Dm"
_ASLEEP = const(1)
_CAUSES = ("power", "deepsleep", "watchdog", "reset")
_FIRST_S = const(1609459200)  # 2021-01-01: where every boot begins to count
_FRESH_S = const(60)


def begin():
    """A wake begins: keep why, and put the clock right. To be called once, before a watchdog is armed.

    A soft reset reads as "reset", and leaves the clock as it is.
    """
    state = machine.mem32[_STATE]
    up_ms = time.time_ns() // 1000000 - _FIRST_S * 1000
    if not machine.mem32[_REASON] or state & 0x7FFF0000 != _MARK:
        why = 3 if machine.mem32[_REASON] else 0
        machine.mem32[_LACKS] = 500
        _keep(up_ms, _FIRST_S)
    else:
        why = 1 if state & _ASLEEP else 2 if machine.mem32[_SDK] & 0x7FFFFFFF == _BITTEN else 3
        if up_ms < _FRESH_S * 1000:
            ms = machine.mem32[_PART] + up_ms
            seconds = (machine.mem32[_SECONDS] & 0xFFFFFFFF) + (ms + 500) // 1000
            machine.mem32[_LACKS] = (ms + 500) % 1000
            year, month, day, hour, minute, second, weekday = time.gmtime(seconds)[:7]
            machine.RTC().datetime((year, month, day, weekday, hour, minute, second, 0))
            _keep(0, seconds)
    machine.mem32[_STATE] = _MARK | why << 4
    machine.mem32[_SDK] = 0


def note(ms, asleep=0):
    """Keep the time at which the board will start anew: in ms milliseconds, should they pass. asleep: 1 for a sleep."""
    _keep(time.time_ns() // 1000000 + machine.mem32[_LACKS] - 500 + ms, 0)
    machine.mem32[_STATE] = machine.mem32[_STATE] & 0x7FFFFFF0 | asleep


def _keep(ms, seconds):
    machine.mem32[_SECONDS] = seconds + ms // 1000
    machine.mem32[_PART] = ms % 1000


def why():
    """What ended the life before this one: "power", "deepsleep", "watchdog", "reset"."""
    return _CAUSES[machine.mem32[_STATE] >> 4 & 3]
