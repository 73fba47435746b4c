# A call of the client, stopped at its k-th await for every k. argv: HOST PORT HOW.
#
# HOW: "cancel": cancelled as soon as it waits; "late": cancelled when what it waited for is there, before it runs again;
# "timeout": the limit of wait_for passes while it waits, or just when it is done; "own": the same with the call's own timeout.
import asyncio
import sys
import time

import mqtt.client
import mqtt.connection
from kit import HOST, PORT, client, main, tasks
from mqtt import keep
from mqtt.burst import exchange
from time import ticks_add, ticks_ms

HOW = sys.argv[3]
LIMIT_S = 0.05
MOST = 60  # awaits of one call

keep.getrandbits = lambda bits: 0  # full jitter's dice at their lowest: reconnect at once
if sys.implementation.name == "micropython":
    coroutine = lambda function: function  # noqa: E731
else:
    from types import coroutine


class Stop:
    """At which await, and whether it came to that."""

    at = 0
    hit = False


def reached(n):
    if n == Stop.at:
        Stop.hit = True
        if HOW in ("timeout", "own"):
            time.sleep(LIMIT_S * 1.3)  # answers come meanwhile: both are due at once


@coroutine
def counted(coro):
    n = 0
    thrown = None
    while True:
        try:
            out = coro.throw(thrown) if thrown else coro.send(None)
        except StopIteration as end:
            if HOW in ("timeout", "own"):
                reached(n + 1)  # done and out of time in the same instant
            return end.value
        thrown = None
        n += 1
        reached(n)
        try:
            yield out
            if n == Stop.at and HOW == "late":
                thrown = asyncio.CancelledError()
        except asyncio.CancelledError as error:
            thrown = error


async def drive(coro):
    return await counted(coro)


def own(coro, seconds):
    return keep.timed(drive(coro) if seconds == LIMIT_S else coro, seconds)


async def stopped(k, call):
    """Make the call, stop it at its k-th await; False when it was over before, None when its time was (a busy machine)."""
    Stop.at = k
    Stop.hit = False
    try:
        if HOW == "own":
            await call(timeout=LIMIT_S)
        elif HOW == "timeout":
            await asyncio.wait_for(drive(call()), LIMIT_S)
        else:
            task = asyncio.create_task(drive(call()))
            if HOW == "cancel":
                while not task.done() and not Stop.hit:
                    await asyncio.sleep(0)
                task.cancel()
            await task
    except (asyncio.CancelledError, asyncio.TimeoutError):
        return Stop.hit or None
    except OSError:
        assert HOW == "own"
        return Stop.hit or None
    return Stop.hit


async def fine(c):
    """What isconnected() says is true: a link that is said to be up carries a message, one that is down comes back."""
    stream = c.isconnected() and c._stream
    await c.publish("check", "fine", qos=1, timeout=3)
    assert not stream or c._stream is stream, "it said connected"
    assert c.isconnected()


def narrow(c):
    getattr(c._stream, "sock", c._stream).setsockopt(1, 7, 8192)  # Linux: SOL_SOCKET, SO_SNDBUF


def asleep(c):
    c.last_rx = ticks_add(ticks_ms(), -2000)  # so that broker_up() has to ask


def busy(c):
    narrow(c)
    return big(c)


def acknowledged(c, **limit):
    return c.publish("t", "qos 1", qos=1, **limit)


def big(c, **limit):
    return c.publish("t", "x" * 60000, qos=1, **limit)


def burst(c):
    return exchange(HOST, "b", PORT, [("t", "qos 1", False, 1, 7, False)], [("s", 1)], timeout_ms=3000)


# What comes before the call (what it returns goes on beside it), and the call.
CALLS = {
    "connect": (None, lambda c, **limit: c.connect(quick=True, **limit)),
    "connect_anew": (None, lambda c, **limit: c.connect(quick=True, **limit)),  # a clean session first
    "publish0": (None, lambda c, **limit: c.publish("t", "qos 0", **limit)),
    "publish1": (None, acknowledged),
    "publish_big": (narrow, big),
    "publish_behind_a_big_one": (busy, acknowledged),
    "publish_without_a_link": (lambda c: c._lost("test"), acknowledged),
    "subscribe": (None, lambda c, **limit: c.subscribe("s", 1, **limit)),
    "unsubscribe": (None, lambda c, **limit: c.unsubscribe("s", **limit)),
}
UNLIMITED = {
    "broker_up": (asleep, lambda c: c.broker_up()),
    "disconnect": (None, lambda c: c.disconnect()),
    "disconnect_behind_a_big_one": (busy, lambda c: c.disconnect()),
    "disconnect_behind_a_publish": (acknowledged, lambda c: c.disconnect()),
    "exchange": (None, burst),
}


async def once(name, prepare, call, k, before):
    """Stop one call at its k-th await, and look at what is left. Returns as stopped()."""
    c = client(client_id=name, connect_coro=lambda c: c.subscribe("s", 1), response_time=3, clean=name != "connect_anew")
    kind = name.split("_")[0]
    beside = None
    if kind not in ("connect", "exchange"):
        await c.connect(quick=True)
        await asyncio.sleep(0.01)
        if prepare:
            beside = prepare(c)
            if beside:
                beside = asyncio.create_task(beside)
                await asyncio.sleep(0)
    go_on = await stopped(k, lambda **limit: call(c, **limit))
    if kind == "disconnect":
        assert not c.isconnected()
    elif kind == "connect" and not c.isconnected():
        await asyncio.sleep(0.002)
        assert tasks() == before, ("connect left", tasks() - before)
        await c.connect(quick=True)
    if kind not in ("disconnect", "exchange"):
        await fine(c)
    if beside:
        try:
            await asyncio.wait_for(beside, 3)
        except OSError:
            assert kind == "disconnect"
    await c.disconnect()
    await asyncio.sleep(0.002)
    assert tasks() == before, ("left", tasks() - before)
    assert not c._session.requests, "requests left"
    if kind == "disconnect":
        await c.connect(quick=True)
        await fine(c)
        await c.disconnect()
    elif kind == "exchange":
        await call(c)
    return go_on


async def go():
    await asyncio.sleep(0.01)
    before = tasks()
    calls = dict(CALLS)
    if HOW == "own":
        mqtt.client.timed = mqtt.connection.timed = own
    else:
        calls.update(UNLIMITED)
    for name in sorted(calls):
        k = 1
        rounds = 0
        try:
            while True:
                there = await once(name, *calls[name], k, before)
                if there is False:
                    break
                k += there is True
                rounds += 1
                assert rounds < MOST
        except (AssertionError, OSError):
            print("failed:", name, "at await", k)
            raise
        print(name, k - 1)


main(go, 60)
