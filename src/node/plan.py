"""What this wake will do, decided by the battery, the interval of uploads and the pin that ended the sleep."""

from micropython import const

from node import state as states
from power import battery as cell

_AGAIN_MV = const(50)  # a cell at its limit recovers in its sleep and sags in use: it must not flap
_EVENT = const(4)  # of node.pin's marks, the last byte of state.news
_OWED = const(16)


def battery(state, settings, mv):
    """Note what the battery allows. state: node.state.State. settings: config.BATTERY. mv: millivolts or None.

    Below a limit at once, above it again only with 50 mV to spare. Unknown: everything is allowed, since a broken divider must
    not silence the node. Returns the record's JSON text of the battery, "" when there is none to speak of.
    """
    was = state.flags
    state.flags &= ~(states.STRETCHED | states.EMPTY)
    if not mv:
        return ""
    text = '"battery":{{"voltage_v":{}.{:03},"percent":{}'.format(
        mv // 1000, mv % 1000, cell.percent(settings["type"], mv)
    )
    word = ""
    for name, flag in (("stretch_below_v", states.STRETCHED), ("stop_below_v", states.EMPTY)):
        if cell.below(settings, name, mv - _AGAIN_MV if was & flag else mv):
            state.flags |= flag
            word = ',"state":"stopped"' if flag == states.EMPTY else ',"state":"stretched"'
    return text + word + "}"


def uploads(state, config, now_s):
    """Whether this wake uploads, noted in the state: a wake that dies with the radio on is told from others.

    state: node.state.State. now_s: power.rtc's. None when the radio stays off whatever the sensors say (node.changes).
    """
    if not state.flags & states.TIMED:
        # The deadline ended the last wake, and nobody counted the sleep after it: nothing can be learned of its clock.
        state.slept_ms = 0xFFFFFFFF  # node.drift.VOID
    state.flags &= ~states.TIMED
    # As the broker asked; but a clock that was set back must not silence the node.
    if not 0 < state.not_before - now_s <= 3 * 3600:
        state.not_before = 0
    marks = state.news[-1] if config.WAKE_PIN else 0
    if state.flags & states.EMPTY or state.not_before or (marks & _EVENT and (state.fails or state.hung)):
        # The last: backoff lengthens the sleep, and a button must not shorten it. The next timer wake uploads.
        return None
    # A store that is about to drop readings uploads at once; not in an outage, which it cannot end.
    now = state.flags & states.UPLOAD or marks & (_EVENT | _OWED) or (state.flags & states.FULL and not state.fails)
    # One wake in UPLOAD_EVERY, the first of a boot among them: a new node is heard at once.
    if state.seq % (state.upload_every or config.UPLOAD_EVERY) and not now:
        return False
    state.flags |= states.UNFINISHED
    return True
