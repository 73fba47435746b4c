"""Runs on MicroPython: asks real servers for the time with the node's own code, on a board that only notes what is set.

Arguments: the servers with commas, the number of attempts, the state's fields as JSON. Prints a JSON line for each attempt.
"""

import json
import sys
import time


class Machine:
    PWRON_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 3, 4, 5
    written = None

    def datetime(self, t):
        self.written = t

    def reset_cause(self):
        return self.DEEPSLEEP_RESET


class WholeSeconds:
    """time as the boards have it: the unix port's has floats."""

    gmtime = time.gmtime

    @staticmethod
    def time():
        return int(time.time())


machine = Machine()
machine.RTC = lambda: machine
sys.modules["machine"] = machine

from node import clock, drift, fix, state  # noqa: E402  after the machine is there

clock.drop = lambda *names: None  # what is replaced below stays
clock.rtc.time = WholeSeconds

fix.awake.cap_ms = lambda seconds: seconds * 1000
offsets = []
put = drift.put


def noted(kept, utc_ms):
    offsets.append(utc_ms - time.time_ns() // 1000000)
    put(kept, utc_ms)


drift.put = noted
servers = tuple(sys.argv[1].split(","))
kept = state.State()
kept.wake_every_s = 900
fields = json.loads(sys.argv[3])
for name in fields:
    setattr(kept, name, fields[name])
for _ in range(int(sys.argv[2])):
    offsets.clear()
    machine.written = None
    began = time.ticks_ms()
    answer = clock.sync(kept, servers)
    print(
        json.dumps(
            {
                "set": answer,
                "offset_ms": offsets[0] if offsets else None,
                "written": machine.written,
                "took_ms": time.ticks_diff(time.ticks_ms(), began),
                "skips": kept.clock_skips,
                "fixed_at": kept.fixed_at,
            }
        )
    )
