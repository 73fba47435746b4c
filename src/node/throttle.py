"""What a broker says when it had too much: Adafruit IO's messages on USER/throttle. Loaded when one came.

Source: Adafruit IO's documentation, MQTT API, "Rate Limiting": "... 20 seconds until throttle released".
"""

from micropython import const

_MOST_S = const(7200)  # a message that is wrong must not silence the node


def seconds(payload):
    """The seconds to wait that a message asks for: the number before "second", 0 without one, at most two hours.

    payload: bytes of any kind.
    """
    words = payload.replace(b",", b" ").split()
    for i in range(1, len(words)):
        if words[i].startswith(b"second") and words[i - 1].isdigit():
            return min(_MOST_S, int(words[i - 1][:9]))
    return 0


def take(state, payload):
    """Note that no upload may come before: node.finish plans the sleep by it, of a minute at least.

    state: node.state.State. payload: bytes; b"" asks for nothing: that is how a retained message is deleted.
    """
    from power import rtc

    if payload:
        state.not_before = max(state.not_before, rtc.read() + max(60, seconds(payload)))
