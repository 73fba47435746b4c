# Keeping the link: pings, the watch over the network, and reconnecting with backoff and jitter.
# Runs as one task from connect() to disconnect().
import asyncio
from errno import ETIMEDOUT
from random import getrandbits
from time import ticks_diff, ticks_ms

from micropython import const

PINGREQ = const(b"\xc0\0")  # 3.12

_LOOK_MS = const(1000)  # between two looks at the network interface
_STEADY_MS = const(10000)  # a link that lasted this long starts the backoff anew
_BASE_MS = const(1000)
_DOUBLINGS = const(6)  # 64 s at most
_REJOIN = const(4)  # failures after which the Wi-Fi link itself is suspected


def cancel(task):
    """Cancel a task, unless it is the caller's own, which ends by itself."""
    try:
        if not task.done() and task is not asyncio.current_task():
            task.cancel()
    except RuntimeError:  # no loop runs any more
        pass


async def _alarm(event, ms):
    await asyncio.sleep(ms / 1000)
    event.set()


async def pause(event, ms):
    """Return when event.set() is called, or after ms milliseconds: the caller looks which."""
    event.clear()
    alarm = asyncio.create_task(_alarm(event, ms))
    try:
        await event.wait()
    finally:
        alarm.cancel()


async def timed(coro, seconds):
    """Await coro; OSError(ETIMEDOUT) after that many seconds, None: no limit."""
    if seconds is None:
        return await coro
    try:
        return await asyncio.wait_for(coro, seconds)
    except asyncio.TimeoutError:
        raise OSError(ETIMEDOUT)


async def _watch(c):
    # Returns when the link is lost. A ping goes out when one direction was silent for keepalive / 4, or ping_interval.
    interval = c._c["keepalive"] * 250 or 20000
    interval = min(interval, c._ping_ms or interval)
    pinged = None
    while c.isconnected():
        now = ticks_ms()
        if pinged is not None and ticks_diff(c.last_rx, pinged) >= 0:
            pinged = None
        if pinged is None:
            left = interval - max(ticks_diff(now, c.last_rx), ticks_diff(now, c._sent_ms))
            if left <= 0:
                pinged = now
                await c._write(c._stream, PINGREQ)
        else:
            left = c._response_ms - ticks_diff(now, pinged)
            if left <= 0:
                c._lost("no answer to ping")
        if left > 0:
            await pause(c._wake, min(left, interval, _LOOK_MS))


async def keep(c):
    """Watch the client's connection and make a new one whenever it is lost.

    What the user's own link raises beside OSError ends the client, as disconnect() does, and is reported as a task's exception.
    """
    failures = 0
    try:
        while True:
            start = ticks_ms()
            await _watch(c)
            if c._closed:  # disconnect() is at work
                return
            c._drop()
            c._tell(False)
            failures = 0 if ticks_diff(ticks_ms(), start) > _STEADY_MS else failures + 1
            while not c.isconnected():
                # Full jitter, a wait below a limit that doubles: a broker that restarts is not met by all its clients at once.
                await asyncio.sleep((getrandbits(10) * (_BASE_MS << min(failures, _DOUBLINGS)) >> 10) / 1000)
                try:
                    await c._join()
                except (OSError, MemoryError) as e:
                    c.dprint("reconnect: %s", e)
                    failures = failures + 1 if getattr(e, "retry", True) else _DOUBLINGS
                    if failures % _REJOIN == 0:
                        c.link.drop()
    finally:
        if not c._closed:
            c._stop()
