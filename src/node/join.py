"""The network's first half of a wake: the link, the broker's address, and the time when it is due."""

import socket

from node import drop
from power import awake, rtc


def run(memory):
    """Join, find the broker, set the clock. memory: node.memory.Memory.

    Returns what upload.run() needs of the configuration, which makes room for the client; the broker by its address, so that
    no name is asked for in a wake that knows it. Raises OSError.
    """
    import config
    import credentials
    from node import link
    from power import lease

    error = memory.link_error
    if error and not isinstance(error, OSError):
        raise error
    awake.mark("link")
    board = memory.board()
    state = memory.state
    kept = state.link
    radio = board.radio()
    fresh = link.up(radio, credentials.WIFI, config.STATIC_IP, kept, error)
    del link
    drop("node.link", "node.search", radio.__name__)
    del radio
    host, colon, port = config.BROKER.partition(":")
    if fresh or not lease.broker(kept):
        fresh = True
        try:
            # Blocks for as long as the port lets it; an address is taken as it is. AF_INET is 2 on every port.
            lease.put(kept, socket.getaddrinfo(host, 1883, 2)[0][-1][0])
        except OSError:
            # Better an old address than none.
            if not lease.broker(kept):
                raise
    host = lease.broker(kept)
    # What is made from here on stays for the upload: it is not to lie above all this.
    del lease
    drop("power.lease")
    from node import clock

    if clock.due(state):
        awake.mark("clock")
        clock.sync(state, (config.NTP,) if config.NTP else (host, "pool.ntp.org"), memory.save)
    if fresh:
        # After the clock was set: the age of what was learned counts by it.
        kept[2:4] = (rtc.read() // 60 & 0xFFFF).to_bytes(2, "little")
        memory.save()
    del clock
    drop("node.clock")
    from node import session

    return session.settings(memory, config, credentials, host + colon + port)

