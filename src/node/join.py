"""The network's first half of a wake: the link, and the time when it is due."""

from micropython import const

from node import drop
from power import awake

_JOIN_S = const(10)


def run(memory):
    """Join, set the clock. memory: node.memory.Memory.

    Returns what upload.run() needs of the configuration, which makes room for the client. Raises OSError.
    """
    import config
    import credentials
    from node import link

    if memory.link_error:
        raise memory.link_error
    awake.mark("link")
    link.up(memory.board().radio(), credentials.WIFI, _JOIN_S)
    del link
    drop("node.link")
    from node import clock

    if clock.due(memory.state):
        awake.mark("clock")
        host = config.BROKER.partition(":")[0]
        clock.sync(memory.state, (config.NTP,) if config.NTP else (host, "pool.ntp.org"), memory.save)
    unique_id = memory.board().unique_id()
    return config.SERVICE, unique_id, config.TOPIC, config.NAME, config.BROKER, credentials.USER, credentials.PASSWORD
