"""WAKE_PIN: a button, a tipping bucket or a door contact ends the sleep early, is counted, and never costs more than it may.

Both boards that can do it wake by a level, or at once when it is there: so the pin is armed for the opposite of the level that
was seen last. A wake in which the pin moved leaves it unarmed for min_gap_s; then the node looks, without sensors or radio
when nothing has happened, arms the pin, and sleeps the rest. A held level wakes nobody twice, a storm of edges wakes the node
twice in min_gap_s: for the reading, and for the look. The reading at the interval's slot comes when it would have come.
"""

import struct

from micropython import const

_TIMED = const(32)  # node.state's flags
# In state.news: edges counted since the cold boot; asleep, when this part of the sleep ends by the board's clock, awake, the
# seconds that were left of the sleep; marks.
_AT = const(16)
_FORMAT = const("<IIB")
_LEVEL = const(1)  # seen last
_KNOWN = const(2)
_EVENT = const(4)  # this wake is for the pin
_GAP = const(8)  # it moved in this wake: not armed until min_gap_s is over
_OWED = const(16)  # an event that the broker does not have yet: the next timer wake uploads
_DEFAULT_GAP_S = const(10)
_MOST_S = const(2592000)


def woke(memory, board, asleep, now_s):
    """At the start of a wake: count what the pin did, decide whether this is a wake of its own or the sleep goes on.

    memory: node.memory.Memory. board: the profile. asleep: whether a deep sleep ended. now_s: power.rtc's.
    Raises ValueError for a pin that cannot do it.
    """
    state = memory.state
    settings = memory.pin
    name = settings["pin"]
    if name not in board.WAKE_PINS:
        raise ValueError(
            "config.py: WAKE_PIN pin {!r} does not end {}'s sleep; allowed: {}".format(
                name, board.NAME, ", ".join([repr(pin) for pin in board.WAKE_PINS]) or "none"
            )
        )
    wake = board.wake()
    count, due_s, marks = struct.unpack_from(_FORMAT, state.news, _AT)
    level = wake.level(name)
    woken = asleep and marks & _KNOWN and wake.woke(name)
    left_s = state.remaining_s
    if woken and state.flags & _TIMED:
        left_s += _unslept_s(state, max(0, min(due_s - now_s, _MOST_S)))
    edges = _edges(settings.get("edge", "both"), marks & _LEVEL, level, woken) if marks & _KNOWN else 0
    marks = marks & _OWED | _KNOWN | level
    if woken or edges:
        marks |= _GAP
    if edges and asleep:
        marks |= _EVENT
        state.remaining_s = 0
    else:
        # A release that nobody wants to know of, say: back to sleep.
        state.remaining_s = left_s
        left_s = 0
    struct.pack_into(_FORMAT, state.news, _AT, count + edges & 0xFFFFFFFF, left_s, marks)


def text(state):
    """The pin's part of a record, as JSON text without the outer braces. state: node.state.State."""
    count, _, marks = struct.unpack_from(_FORMAT, state.news, _AT)
    wake = '"wake":"pin",' if marks & _EVENT else ""
    return wake + '"pin":{{"count":{},"level":{}}}'.format(count, marks & _LEVEL)


def left_ms(state, delivered, awake_ms):
    """At the end of a wake: milliseconds left of the sleep that the pin ended early, 0 when it did not.

    state: node.state.State. delivered: whether the broker has this wake's record. awake_ms: since the wake began.
    """
    _, left_s, marks = struct.unpack_from(_FORMAT, state.news, _AT)
    if delivered:
        marks &= ~_OWED
    elif marks & _EVENT:
        marks |= _OWED
    state.news[-1] = marks
    return max(0, left_s * 1000 - awake_ms)


def limit_ms(memory, most_ms):
    """How much of the sleep may be slept at once: while the pin is not armed only min_gap_s.

    memory: node.memory.Memory. most_ms: what the board can sleep.
    """
    if memory.state.news[-1] & _GAP:
        # One more second: node.schedule.parts() leaves that much to the last part.
        return min(most_ms, 1000 * memory.pin.get("min_gap_s", _DEFAULT_GAP_S) + 1000)
    return most_ms


def arm(memory, board, due_s):
    """Just before the sleep. memory: node.memory.Memory. board: the profile. due_s: its end by the board's clock."""
    state = memory.state
    count, _, marks = struct.unpack_from(_FORMAT, state.news, _AT)
    struct.pack_into(_FORMAT, state.news, _AT, count, due_s, marks)
    if not marks & _GAP:
        board.wake().arm(memory.pin["pin"], ~marks & _LEVEL)


def _edges(wanted, seen, level, woken):
    """How many edges that count are known of: woken, the pin was at the other level, wherever it is now."""
    edges = 0
    if woken or level != seen:
        edges = _counts(wanted, 1 - seen)
        if level == seen:
            edges += _counts(wanted, seen)
    return edges


def _counts(wanted, to):
    return wanted == "both" or (wanted == "rising") == bool(to)


def _unslept_s(state, asked_s):
    # node.drift counted the whole sleep when it began: what was not slept is taken back.
    from node import drift

    asked_ms = asked_s * 1000
    if state.slept_ms != drift.VOID:
        state.slept_ms = max(0, state.slept_ms - asked_ms)
    early_ms = asked_ms * state.drift >> 18
    if abs(state.lag_ms - early_ms) < 1000:
        state.lag_ms -= early_ms
    else:
        drift.put(state, drift.now_ms(state) - early_ms)
    return drift.lasts_ms(state.drift, asked_ms) // 1000
