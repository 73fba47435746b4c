"""Home Assistant's discovery messages: streamed from flash after the readings, a few in each burst, never more than one of them
beside the packets. Loaded when there are readings delivered, and only with that service.

discovery.txt, in the board's root: one message per line, topic, a tab, JSON; without JSON the entity goes. @E@ in it is
expire_after in seconds. Lines without a tab mean nothing here; the first one is best a mark of what follows: it, the file's
size and expire_after say whether the messages are to be sent anew. So they are after a deploy, after a power-up, and when
the interval is commanded or stretched; not in every wake.

Of state.told (node.report), from byte 21 on: mark (2), lines that the broker has (255: all), uploads that failed to send one.
"""

import gc
import os
import time

from micropython import const

from node.state import STRETCHED
from power import awake
from power.retained import check

PATH = "discovery.txt"
_MARK = const(21)
_DONE = const(23)
_FAILS = const(24)
_ALL = const(255)
_MOST_FAILS = const(6)  # a broker that wants none is asked every 64th upload
_LEFT_MS = const(2000)  # of the awake budget, for one burst
_BYTES = const(4000)  # the most of one burst
_SHARE = const(25)  # and its part of the free heap
_RETRY_S = const(7200)  # node.backoff's cap for the sleep after a failed upload


def expire_s(interval_s, every, awake_s):
    """Seconds without a reading after which an entity is unavailable: not after a sleep, nor after one upload that failed.

    interval_s: from one wake to the next, as it is now. every: wakes per upload. awake_s: MAX_AWAKE_S. Two periods, an eighth
    of one for a clock that runs off, a slot of the clock that is missed, what a failure adds to the sleep at most
    (node.backoff: two intervals or two hours, or twice the wake that failed), and the wakes themselves.
    """
    period_s = interval_s * every
    retry_s = max(min(2 * interval_s, _RETRY_S), 2 * awake_s)
    return 2 * period_s + period_s // 8 + interval_s + retry_s + 3 * awake_s


def following(memory, every, more, acked, again=None):
    """The next messages as a Lines, then once `again`; None when no more are due. See services/__init__.py, rest()."""
    state = memory.state
    told = state.told
    interval_s = memory.interval_s() << (2 if state.flags & STRETCHED else 0)
    awake_s = time.ticks_diff(awake.end, awake.started) // awake.MS_PER_S if awake.end is not None else 60
    text = str(expire_s(interval_s, state.upload_every or every, awake_s))
    try:
        size = os.stat(PATH)[6]
        with open(PATH, "rb") as f:
            mark = check(f.readline(), "{} {}".format(size, text).encode())[:2]
    except OSError:
        return None  # installed by hand, say: there is nothing to discover
    told_of = getattr(more, "number", 0)  # not isinstance(): this module comes and goes
    if told_of:
        there = bytes(acked).find(b"\0", 0, told_of)
        there = told_of if there < 0 else there
        told[_DONE] += there
        told[_FAILS] = 0 if there else min(told[_FAILS] + 1, _MOST_FAILS)
        if not there:
            print("discovery: refused or lost")
            return None
    if bytes(told[_MARK:_DONE]) != mark:
        told[_MARK : _FAILS + 1] = mark + b"\0\0"
    elif not told_of and (told[_DONE] == _ALL or state.seq & (1 << told[_FAILS]) - 1):
        return None
    gc.collect()
    found = Lines(told[_DONE], min(_BYTES, gc.mem_free() // (_SHARE << told[_FAILS])), text)
    if not found.number:
        told[_DONE] = _ALL
        return again if told_of else None
    return found if awake.left_ms() > _LEFT_MS * awake.MS_PER_S // 1000 else None


class Lines:
    """Messages for burst.exchange(), each read when it is asked for. number: how many there are."""

    def __init__(self, skip, most, expire):
        self._expire = expire.encode()
        self._at = []  # for each message: where it is, bytes of its topic, of its payload
        size = 0
        with open(PATH, "rb") as f:
            while True:
                at = f.tell()
                line = f.readline()
                if not line:
                    break
                # A line without its end was cut by a power failure.
                if line.find(b"\t") < 1 or line[-1:] != b"\n":
                    continue
                if skip:
                    skip -= 1
                    continue
                size += len(line) + 8
                if self._at and size > most:
                    break
                tab = line.find(b"\t")
                self._at.append((at, tab, len(line) - tab - 2))
        self.number = len(self._at)

    def __len__(self):
        return self.number

    def __getitem__(self, i):
        at, topic, payload = self._at[i]
        with open(PATH, "rb") as f:
            f.seek(at)
            # Not readline(), which takes memory as it goes.
            topic = f.read(topic)
            f.read(1)
            payload = f.read(payload)
        return topic, payload.replace(b"@E@", self._expire), True, 1, 0, False

    def clear(self):
        """A command came: its answer needs the room, and a second try would have nothing to send."""
        self._at = ()
