# The burst for a program without an event loop: asyncio is not even loaded. While it waits, nothing else of the program runs.
from select import POLLIN, POLLOUT, poll
from time import ticks_diff, ticks_ms

from . import transport


def wait(sock, write, until):
    """Wait until sock can be read (written, with write); False when `until` (ticks_ms) came first."""
    poller = poll()
    poller.register(sock, POLLOUT if write else POLLIN)
    return bool(poller.poll(max(0, ticks_diff(until, ticks_ms()))))


async def _ready(sock, write, until):
    return wait(sock, write, until)


def run(coroutine):
    """Run a coroutine of mqtt.burst to its end and return its result. Its exceptions come through.

    RuntimeError when it awaits something else than its connection.
    """
    before = transport.ready
    transport.ready = _ready
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    finally:
        transport.ready = before
    raise RuntimeError("not a burst")
