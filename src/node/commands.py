"""Commands that were sent while the node slept: checked, noted, kept and answered before the broker forgets them.

Loaded when the heap is at its fullest: what can wait for the end of the wake is node.chores'.
"""

import json

from micropython import const

from power.retained import check

# Of node.chores.
_KEEP = const(0x2000)
_OWED = const(14)
_DAY = const(21600)
_COST = const(12)
# Four that are obeyed once: the place of each is its bit in state.chores. Then settings of config.py. Which and why, and the
# ranges: node.schema (a test compares them).
WORDS = ("upload_now", "restart", "clear", "stay_awake", "wake_every_s", "upload_every")


def take(memory, filters, heard, topic, payload, retain, dup):
    """Note one message and keep what it changes.

    memory: node.memory.Memory. filters: what was subscribed, the node's own first.
    heard: a list kept by the caller for the wake. topic, payload: bytes. retain: it is what the broker holds for new
    subscribers, so it comes again on every wake. dup: the broker sends it again, having had no acknowledgement.
    Returns None for a repeat that was answered, else (id or None, error text or None): the result to publish.
    """
    state = memory.state
    # Four bytes each: the last retained command on the node's topic, on the fleet's, the last four obeyed.
    marks = state.heard
    mark = check(topic, payload)
    if retain:
        slot = 4 * (topic != filters[0][0].encode())
        known = marks[slot : slot + 4] == mark
        marks[slot : slot + 4] = mark
        # With a subscription kept across the sleep one retained publish comes twice in a wake: queued, and as retained.
        if known or mark in heard:
            return None
    heard.append(mark)
    changes = {"chores": state.chores | _KEEP}
    command_id, error = _parse(payload, retain, changes)
    # The answer goes with the acknowledgement: whoever sends again has had neither.
    if not (error or (dup and mark in bytes(marks[8:]))):
        marks[8:] = mark + marks[8:20]
        for name, value in changes.items():
            setattr(state, name, value)
    # Before it is acknowledged: a command that the broker forgets must be in effect.
    memory.save()
    return command_id, error


def _parse(payload, retain, changes):
    """(id, error text or None). Nothing is to be obeyed of a command with one mistake in it.

    changes: fields of the state, state.chores among them; what the command changes is put in.
    """
    command_id = None
    try:
        command = json.loads(payload if len(payload) <= 256 else b"")
        command_id = command.pop("id", None)
    except (ValueError, TypeError, AttributeError, MemoryError):
        command = ()
    if not command:
        return command_id, "no JSON command of at most 256 bytes"
    chores = changes["chores"]
    if "clear" in command:
        for name in WORDS[4:]:
            changes[name] = 0
    for name in command:
        value = command[name]
        if name not in WORDS:
            return command_id, "unknown: {}".format(name)
        i = WORDS.index(name)
        if i < 4 and retain:
            return command_id, name + ": not retained"
        if i < 3:
            if value is not True:
                return command_id, name + ": true"
        elif i < 4 or value is not None:
            low, high = (0, min(600, (_DAY - (chores >> _OWED)) // _COST)) if i < 4 else (10, 2592000) if i < 5 else (1, 96)
            if type(value) is not int or not low <= value <= high:
                return command_id, "{}: {} to {}".format(name, low, high)
        if i < 4:
            chores |= value << i
        else:
            changes[name] = value or 0
    changes["chores"] = chores
    return command_id, None
