"""The story of one wake: measure, keep, join, publish, listen, leave, sleep.

Every wait takes its time from the awake budget; every path ends in sleep. Failures lengthen the sleep, never the wake.
Each part is loaded when its turn comes and dropped after it: a small heap holds one part at a time, not all. Nothing here
waits for two things at once, so there is no event loop; what overlaps (conversions, association) the hardware does.
"""

import sys

import machine

from micropython import const

from node import drop
from power import awake

_JOIN_S = const(10)
_SET = ("*",)  # for __import__: give the module named last, not the first


def attempt(call, *args):
    """Run something that may be anybody's code. Returns (result, None), or (None, the exception)."""
    try:
        return call(*args), None
    except Exception as error:
        return None, error


def run():
    """One wake, from the configuration to sleep. Does not return; raises ValueError for a configuration that is wrong."""
    import config
    from node import begin

    # The heap is never emptier: source, unlike .mpy, needs room to be compiled. A missing file is the upload's failure.
    attempt(__import__, "credentials")
    awake.mark("start")
    memory = begin.remember(_board(config.BOARD), config, _expired)
    window_ms = begin.window_ms(config)
    del begin
    drop("node.begin", "node.files", "power.rtc", "power.cause")
    error = None
    if not memory.state.remaining_s:
        from node import reading

        _, error = attempt(reading.run, memory, _board(config.BOARD), config, attempt)
        del config, reading
        drop("node.reading", "node.measure", "node.plan", "node.keep", "node.outbox", "node.record", "sensors", "power.rtc")
        if memory.uploads:
            radio = _board(memory.board_name).radio()
            if not error:
                _, error = attempt(_upload, memory, radio)
            awake.mark("finish")
            attempt(radio.off)
        if error:
            _report(error)
        drop("mqtt", "node.upload", "node.services", "node.commands", "node.link", "node.clock")
    from node import finish

    finish.run(memory, _board(memory.board_name), error, window_ms, attempt)


def _upload(memory, radio):
    """The network's part. Raises what ended it."""
    import config
    import credentials

    if memory.link_error:
        raise memory.link_error
    from node import link

    awake.mark("link")
    link.up(radio, credentials.WIFI, _JOIN_S)
    del link
    drop("node.link")
    from node import clock

    if clock.due(memory.state):
        awake.mark("clock")
        host = config.BROKER.partition(":")[0]
        clock.sync(memory.state, (config.NTP,) if config.NTP else (host, "pool.ntp.org"))
    del clock
    drop("node.clock", "node.sntp", "power.rtc")
    awake.mark("mqtt")
    from node import upload

    service = __import__("node.services." + config.SERVICE, None, None, _SET)
    name, client_id = upload.identity(config.NAME, machine.unique_id())
    settings = config.TOPIC, name, client_id, config.BROKER, credentials.USER, credentials.PASSWORD
    del config, credentials
    drop("config", "credentials", "boards")
    print("delivered", upload.run(memory, service, *settings))


def _board(name):
    return __import__("boards." + name + ".profile", None, None, _SET)


def _report(error):
    # A network that is down is news in one line; anything else is a mistake that needs its place.
    if isinstance(error, OSError):
        print("upload failed:", repr(error))
    else:
        sys.print_exception(error)


def _expired(board_name, ms):
    """The deadline's last word, out of the timer: nothing can be said of memory now, so only sleep."""
    try:
        board = _board(board_name)
        board.rails(False)
        board.deepsleep(min(ms, board.MAX_SLEEP_MS))
    except BaseException:
        machine.deepsleep(min(ms, 30 * 60 * 1000))
