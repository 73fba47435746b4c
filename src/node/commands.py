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
# First the words that are obeyed once: the place of each is its bit in state.chores. Then settings of config.py that leave the
# node within reach of the next command, whatever their value. The ranges are node.schema's (a test compares them).
WORDS = (
    "upload_now: true, restart: true, clear: true, stay_awake: 0 to {} s, "
    "wake_every_s: 10 to 2592000 s, upload_every: 1 to 96 wakes"
)


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
    if not (error or dup and mark in bytes(marks[8:])):
        marks[8:] = mark + marks[8:20]
        for name in changes:
            setattr(state, name, changes[name])
    # Before it is acknowledged: a command that the broker forgets must be in effect.
    memory.save()
    return command_id, error


def _parse(payload, retain, changes):
    """(id, error text or None). Nothing is to be obeyed of a command with one mistake in it.

    changes: fields of the state, state.chores among them; what the command changes is put in.
    """
    command_id = error = None
    try:
        command = len(payload) > 256 or json.loads(payload)
        command_id = command.pop("id", None)
        if "clear" in command:
            command.setdefault("wake_every_s")
            command.setdefault("upload_every")
    except (ValueError, TypeError, AttributeError, MemoryError):
        command = ()
    if not command:
        error = "no JSON object with a command, or more than 256 bytes"
    chores = changes["chores"]
    words = WORDS.format(min(600, (_DAY - (chores >> _OWED)) // _COST))
    for name in command:
        value = command[name]
        problem = "unknown: {}; known: {}".format(name, words)
        for i, row in enumerate(words.split(", ")):
            if row.startswith("{}: ".format(name)):
                problem = row
                row = row.split()
                if retain and i < 4:
                    problem = name + ": not retained"
                elif (
                    value is True
                    if i < 3
                    else value is None and i > 3 or type(value) is int and int(row[1]) <= value <= int(row[3])
                ):
                    problem = None
                    if i < 4:
                        chores |= value << i
                    else:
                        changes[name] = value or 0
        error = error or problem
    changes["chores"] = chores
    return command_id, error
