"""The story of one wake: measure, keep, join, publish, listen, leave, sleep.

Every wait takes its time from the awake budget; every path ends in sleep. Failures lengthen the sleep, never the wake.
Each part is loaded when its turn comes and dropped after it: a small heap holds one part at a time, not all. Nothing here
waits for two things at once, so there is no event loop; what overlaps (conversions, association) the hardware does.
"""

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
    memory, window_ms = _begin()
    drop("node.begin", "node.files", "power.rtc", "power.cause")
    error = None
    if not memory.state.remaining_s:
        error = _read(memory)
        drop("node.reading", "node.measure", "node.keep", "node.outbox", "node.record", "sensors", "power.rtc")
        if memory.uploads:
            radio = _board(memory.board_name).radio().__name__
            if not error:
                settings, error = attempt(_join, memory)
            drop("config", "credentials", "boards", "node.link", "node.clock", "node.fix", "node.sntp", "node.drift")
            drop("power.rtc", radio)
            if not error:
                _, error = attempt(_exchange, memory, settings)
            awake.mark("finish")
            drop("mqtt", "node.upload", "node.services", "node.commands")
            attempt(_radio_off, memory)
            drop(radio)
    from node import finish

    finish.run(memory, _board(memory.board_name), error, window_ms, attempt)


# Each step is a function of its own: what its frame has touched is free when it returns.


def _begin():
    import config
    from node import begin

    # The heap is never emptier: source, unlike .mpy, needs room to be compiled. A missing file is the upload's failure.
    attempt(__import__, "credentials")
    awake.mark("start")
    memory = begin.remember(_board(config.BOARD), config, _expired)
    return memory, begin.window_ms(config)


def _read(memory):
    import config
    from node import reading

    return attempt(reading.run, memory, _board(config.BOARD), config, attempt)[1]


def _radio_off(memory):
    _board(memory.board_name).radio().off()


def _join(memory):
    """Link and clock. Returns what upload.run() needs of the configuration, which makes room for the client."""
    import config
    import credentials
    from node import link

    if memory.link_error:
        raise memory.link_error
    awake.mark("link")
    link.up(_board(memory.board_name).radio(), credentials.WIFI, _JOIN_S)
    del link
    drop("node.link")
    from node import clock

    if clock.due(memory.state):
        awake.mark("clock")
        host = config.BROKER.partition(":")[0]
        clock.sync(memory.state, (config.NTP,) if config.NTP else (host, "pool.ntp.org"), memory.save)
    unique_id = _board(memory.board_name).unique_id()
    return config.SERVICE, unique_id, config.TOPIC, config.NAME, config.BROKER, credentials.USER, credentials.PASSWORD


def _exchange(memory, settings):
    awake.mark("mqtt")
    from node import upload

    service = __import__("node.services." + settings[0], None, None, _SET)
    print("delivered", upload.run(memory, service, *settings[1:]))


def _board(name):
    return __import__("boards." + name + ".profile", None, None, _SET)


def _expired(board_name, ms):
    """The deadline's last word, out of the timer: nothing can be said of memory now, so only sleep."""
    try:
        board = _board(board_name)
        board.rails(False)
        board.deepsleep(min(ms, board.MAX_SLEEP_MS))
    finally:
        awake.give_up(ms)
