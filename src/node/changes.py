"""UPLOAD_IF: a reading that is news goes out at once, in a wake that would have kept the radio off.

News is what the broker does not know: a field that moved by `change` since the last value delivered, that went below `below` or
above `above` where the last one delivered was not, or came back from there; and a field of which nothing was delivered yet.
A failed upload delivers nothing, so the next wake tries again. Whole units of the field's last decimal are compared.
"""

import struct

from micropython import const

BYTES = const(16)  # of state.news: four values, in the order of their names
_MOST = const(0x1FFFFFFF)


def due(memory, conditions, values):
    """Whether this reading is news; what it was is kept in memory.news, for the end of the wake.

    memory: node.memory.Memory. conditions: config.UPLOAD_IF. values: field to (integer, decimal places), of the fields that
    were measured.
    """
    kept = memory.state.news
    news = bytearray(kept[:BYTES])
    found = False
    at = 0
    for field in sorted(conditions):
        if field in values:
            value, places = values[field]
            value = max(-_MOST, min(_MOST, value))
            # Odd, so that 0 is left for a value that nobody has seen.
            struct.pack_into("<i", news, at, value * 2 + 1)
            last = struct.unpack_from("<i", kept, at)[0]
            if not last or _is_news(conditions[field], value, last >> 1, 10**places):
                found = True
        at += 4
    memory.news = news
    return found


def _is_news(rule, value, last, unit):
    if "change" in rule and abs(value - last) >= max(1, round(rule["change"] * unit)):
        return True
    for name, sign in (("below", 1), ("above", -1)):
        if name in rule:
            limit = round(rule[name] * unit) * sign
            if (value * sign < limit) != (last * sign < limit):
                return True
    return False
