"""The story of one wake: measure, keep, join, publish, listen, leave, sleep.

Every wait takes its time from the awake budget; every path ends in sleep. Failures lengthen the sleep, never the wake.
"""

import asyncio
import os
import sys

from micropython import const

from node import backoff, drop, schedule
from node import state as states
from node.memory import Memory
from power import awake, battery, sleep

_WINDOW_S = const(8)  # after a power-up, for mpremote to take over
_END_MS = const(400)  # for the radio to go down and the state to be kept
_JOIN_S = const(10)
_TOP = 1 << 24


def attempt(call, *args):
    """Run something that may be anybody's code. Returns (result, None), or (None, the exception)."""
    try:
        return call(*args), None
    except Exception as error:
        return None, error


def run():
    """One wake, from the configuration to sleep. Does not return; raises ValueError for a configuration that is wrong."""
    import config

    awake.mark("start")
    board = __import__("boards." + config.BOARD + ".profile", None, None, ("cause",))
    cause = board.cause()
    memory = Memory(board, getattr(config, "WAKE_EVERY_S", 0))
    state = memory.state
    mark = _config_mark()
    if state.config_mark != mark:
        _check(config)
        state.config_mark = mark
        state.test_s = 0
    awake.arm(config.MAX_AWAKE_S, board.BOOT_MS, board.timer(), lambda: _expired(board, config))
    if state.remaining_s:
        # The middle of a sleep longer than the board can sleep at once.
        _sleep(board, config, memory, state.remaining_s * 1000)
    if state.flags & states.UNFINISHED:
        # The last wake never reached its end: deadline, brownout or reset.
        _failed(state, backoff.BUDGET)
    # A time set aside, not added: the first wake after a power-up, window included, is no longer than any other.
    window_ms = 0
    if cause in ("power", "reset") and not config.TEST_MODE:
        window_ms = min(_WINDOW_S * awake.MS_PER_S, awake.left_ms() * 2 // 5)
    awake.keep(min(_END_MS, awake.left_ms() // 10) + window_ms)
    _, error = attempt(asyncio.run, _wake(board, config, memory))
    extra_s = 0
    if error:
        _report(error)
        _failed(state, _kind(error))
        extra_s = backoff.extra_s(state.failure, state.fails, memory.interval_s(), _draw())
    elif state.flags & states.UNFINISHED:
        state.failure = state.fails = 0
    state.flags &= ~states.UNFINISHED
    if window_ms:
        awake.mark("window")
        awake.keep(_END_MS // 2)
        attempt(memory.save)
        sleep.wait(min(window_ms, awake.left_ms()))
    interval_s = _interval_s(config, memory)
    _sleep(board, config, memory, schedule.sleep_ms(interval_s, awake.elapsed_ms(), extra_s))


async def _wake(board, config, memory):
    state = memory.state
    uploads = schedule.uploads(state.seq + 1, config.UPLOAD_EVERY)
    awake.mark("measure")
    from node import measure

    board.rails(True)
    # Before the radio pulls the voltage down.
    memory.battery_mv = mv = attempt(measure.battery_mv, board)[0] if config.BATTERY else None
    jobs = measure.start(board, config.SENSORS, attempt)
    uploads = uploads and not battery.below(config.BATTERY, "stop_below_v", mv)
    try:
        if uploads:
            state.flags |= states.UNFINISHED
            memory.save()
            # Associating takes longer than most conversions: both go on at once.
            wlan, link_error = attempt(_start_link, board, config.COUNTRY)
        body, _, errors = await measure.finish(board, jobs, attempt)
        for name in errors:
            print("sensor", name, "failed:", repr(errors[name]))
            state.sensor_errors = min(state.sensor_errors + 1, 0xFFFF)
        if mv is not None:
            charge = battery.percent(config.BATTERY["type"], mv)
            body = measure.join('"battery":{{"voltage_v":{},"percent":{}}}'.format(measure.decimal(mv, 3), charge), body)
        memory.add(body)
        del jobs, measure
        drop("node.measure", "sensors")
        if uploads:
            if link_error:
                raise link_error
            await _upload(board, config, memory, wlan)
    finally:
        awake.mark("finish")
        if uploads:
            attempt(board.radio_off)


def _start_link(board, country):
    from credentials import WIFI
    from node import link

    return link.start(board, country, WIFI)


async def _upload(board, config, memory, wlan):
    from credentials import PASSWORD, USER, WIFI
    from node import link, upload

    awake.mark("link")
    await link.up(board, wlan, WIFI, config.STATIC_IP, _JOIN_S)
    del link
    drop("node.link")
    from node import clock

    if clock.due(memory.state):
        awake.mark("clock")
        servers = (config.NTP,) if config.NTP else (config.BROKER.partition(":")[0], "pool.ntp.org")
        await clock.sync(memory.state, servers)
    awake.mark("mqtt")
    service = __import__("node.services." + config.SERVICE, None, None, ("topic",))
    name, client_id = upload.identity(config.NAME, board.unique_id())
    sent = await upload.run(memory, service, config.TOPIC, name, client_id, config.BROKER, USER, PASSWORD)
    print("delivered", sent)


def _config_mark():
    # A changed config.py is checked once, not in every wake. A frozen one changes with the firmware, by a cold boot.
    found, _ = attempt(os.stat, "config.py")
    return (found[6] << 20 ^ found[8]) & 0xFFFFFFFF if found else 1


def _check(config):
    from node import schema

    for name, message in schema.check(config.__dict__):
        raise ValueError("config.py: {} {}".format(name, message))
    drop("node.schema")


def _interval_s(config, memory):
    low = battery.below(config.BATTERY, "stretch_below_v", memory.battery_mv)
    return memory.interval_s() * (battery.STRETCH if low else 1)


def _failed(state, kind):
    state.failure = kind
    state.fails = min(state.fails + 1, 255)


def _kind(error):
    from node import link

    if isinstance(error, link.LinkError):
        return backoff.LINK
    if isinstance(error, OSError):
        return backoff.kind_of(getattr(error, "code", 3))
    return backoff.CRASH


def _report(error):
    # A network that is down is news in one line; anything else is a mistake that needs its place.
    if isinstance(error, OSError):
        print("upload failed:", repr(error))
    else:
        sys.print_exception(error)


def _draw():
    return int.from_bytes(os.urandom(3), "little")


def _expired(board, config):
    """The deadline's last word, from the timer: the state of memory is unknown, so only sleep."""
    board.rails(False)
    board.deepsleep(min(board.MAX_SLEEP_MS, config.WAKE_EVERY_S * 1000))


def _sleep(board, config, memory, ms):
    state = memory.state
    now_ms, state.remaining_s = schedule.parts(ms, board.MAX_SLEEP_MS)
    awake.mark("sleep")
    awake.disarm()
    if config.TEST_MODE and state.test_s < sleep.TEST_MODE_MAX_S:
        state.test_s += ms // 1000
        state.remaining_s = 0
        attempt(memory.save)
        sleep.pretend(board, ms)
    attempt(memory.save)
    sleep.deep(board, now_ms)
