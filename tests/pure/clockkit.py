"""A node's clock and the end of its wakes, the real files, on simulated time: hundreds of wakes in a moment.

The board's own clock is right while it is awake and wrong by `drift` while it sleeps, as boards' are.
"""

import sys
import time as host

import power
from node import drop, plan, state

_LOADED = ["node." + name for name in ("clock", "fix", "drift", "outcome", "finish", "sntp", "tally", "status", "about")]
_LOADED += ["power." + name for name in ("rtc", "sleep", "cause", "awake")]


class Asleep(BaseException):
    """What deep sleep does: nothing after it runs."""


class Clockwork:
    """The world and the board in it. Stands in for the modules time, machine and power.awake, for the board's profile, for
    node.memory.Memory and for config.py.

    true_ms: since 1970. drift: relative error of the sleep clock, or a function of true_ms. epoch: the year of the port's
    second 0. answers: server to a function that gives its time in milliseconds since 1970, or raises.
    """

    PWRON_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 3, 4, 5
    MS_PER_S = 1000
    UPLOAD_EVERY = 1
    WAKE_PIN = pin = news = None
    clock_since_ms = 0

    def __init__(self, true_ms, drift, interval_s, epoch=2000, limit_ms=2100000, chip=b"chip"):
        self.true_ms = true_ms
        self.drift = drift
        self.state = state.State()
        self.state.wake_every_s = interval_s
        self.MAX_SLEEP_MS = limit_ms
        self.unique_id = lambda: chip
        self.clock_ms = 0  # the board's own, since its epoch
        self.epoch_s = 946684800 if epoch == 2000 else 0
        self.began_ms = 0
        self.cause = self.PWRON_RESET
        self.answers = {"broker": lambda: self.true_ms}
        self.asked = []  # the servers, as they were asked
        self.fixes = 0
        self.error = None  # of the next wakes
        self.test_mode = self.commanded = self.uploads = False
        self.window_ms = 0

    # time

    def time(self):
        return self.clock_ms // 1000

    def time_ns(self):
        return self.clock_ms * 1000000

    def gmtime(self, seconds):
        return host.gmtime(seconds + self.epoch_s)

    # machine

    def RTC(self):
        return self

    def datetime(self, t):
        # Days by the civil calendar: mktime() of the hosts would bring in their time zones.
        year, month, day = t[0] - (t[1] < 3), (t[1] + 9) % 12, t[2]
        days = year * 365 + year // 4 - year // 100 + year // 400 + (month * 153 + 2) // 5 + day - 1 - 719468
        self.clock_ms = (days * 86400 + t[4] * 3600 + t[5] * 60 + t[6] - self.epoch_s) * 1000

    def reset_cause(self):
        return self.cause

    # power.awake

    def elapsed_ms(self):
        return self.clock_since_ms

    def mark(self, phase):
        pass

    def disarm(self, *parts):
        pass

    def keep(self, ms):
        pass

    # the profile

    def rails(self, on):
        pass

    def deepsleep(self, ms):
        assert 0 < ms <= self.MAX_SLEEP_MS, ms
        self.clock_ms += ms
        drift = self.drift(self.true_ms) if callable(self.drift) else self.drift
        self.true_ms += ms + int(ms * drift)
        raise Asleep

    # the memory

    def board(self):
        return self

    def interval_s(self):
        return self.state.wake_every_s

    def save(self):
        # What does not survive here would not survive in retained memory.
        self.state = state.load(state.dump(self.state))

    def live(self, ms):
        """Time passes, the board awake."""
        self.clock_ms += ms
        self.true_ms += ms
        self.clock_since_ms += ms

    def wake(self, awake_ms=1500):
        """One wake, with the parts of its sleep. Returns when it began, in true milliseconds since 1970."""
        began = self.true_ms
        while True:
            self.clock_since_ms = 0
            self.live(300)
            came_to = None
            if not self.state.remaining_s:
                self._upload()
                self.live(awake_ms)
                came_to = self.outcome.run(self, self.error, _attempt)
            try:
                self.finish.run(self, self.error, came_to, _attempt)
            except Asleep:
                pass
            self.cause = self.DEEPSLEEP_RESET
            if not self.state.remaining_s:
                return began

    def _upload(self):
        from power import rtc

        plan.uploads(self.state, self, rtc.read())
        self.save()
        if self.clock.due(self.state):
            self.live(40)
            before = self.state.fixed_at
            self.clock.sync(self.state, tuple(self.answers))
            self.fixes += self.state.fixed_at != before

    def _ask(self, server):
        self.asked.append(server)
        return self.answers[server]()

    def __enter__(self):
        drop(*_LOADED)
        self._kept = [(name, sys.modules.get(name)) for name in ("time", "machine")]
        for name, _ in self._kept:
            sys.modules[name] = self
        sys.modules["power.awake"] = power.awake = self
        from node import clock, finish, fix, outcome

        self.clock, self.finish, self.outcome = clock, finish, outcome
        fix._ask = self._ask
        clock.drop = lambda *names: None  # for the line above to last
        return self

    def __exit__(self, *_):
        for name, module in self._kept:
            if module:
                sys.modules[name] = module
            else:
                del sys.modules[name]
        drop(*_LOADED)


def _attempt(call, *args):
    return call(*args), None


def slots(times, interval_s, offset_ms):
    """For each true time the number of the nearest slot and the distance from it in milliseconds."""
    found = []
    for true_ms in times:
        slot = (true_ms - offset_ms + interval_s * 500) // (interval_s * 1000)
        found.append((slot, true_ms - offset_ms - slot * interval_s * 1000))
    return found
