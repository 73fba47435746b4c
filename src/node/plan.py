"""What this wake will do, decided by the battery and the interval of uploads."""

from node import state as states
from power import battery as cell


def battery(state, settings, mv):
    """Note what the battery allows. state: node.state.State. settings: config.BATTERY. mv: millivolts or None.

    Returns the record's JSON text of the battery, "" when there is none to speak of.
    """
    state.flags &= ~(states.STRETCHED | states.EMPTY)
    if not mv:
        return ""
    if cell.below(settings, "stretch_below_v", mv):
        state.flags |= states.STRETCHED
    if cell.below(settings, "stop_below_v", mv):
        state.flags |= states.EMPTY
    volts = "{}.{:03}".format(mv // 1000, mv % 1000)
    return '"battery":{{"voltage_v":{},"percent":{}}}'.format(volts, cell.percent(settings["type"], mv))


def uploads(state, config):
    """Whether this wake uploads, noted in the state: a wake that dies with the radio on is told from others."""
    if not state.flags & states.TIMED:
        # The deadline ended the last wake, and nobody counted the sleep after it: nothing can be learned of its clock.
        state.slept_ms = 0xFFFFFFFF  # node.drift.VOID
    state.flags &= ~states.TIMED
    if state.not_before:
        from power import rtc

        # As the broker asked; but a clock that was set back must not silence the node.
        if 0 < state.not_before - rtc.read() <= 3 * 3600:
            return False
        state.not_before = 0
    # One wake in UPLOAD_EVERY, the first of a boot among them: a new node is heard at once.
    if state.flags & states.EMPTY:
        return False
    if state.seq % (state.upload_every or config.UPLOAD_EVERY) and not state.flags & states.UPLOAD:
        return False
    state.flags |= states.UNFINISHED
    return True
