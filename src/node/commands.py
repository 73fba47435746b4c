"""Commands that were sent while the node slept: checked, applied once, kept, answered."""

import json
import struct

from micropython import const

from power.retained import check

_MOST_BYTES = const(512)
# In state.heard: hashes of the last retained command on the node's topic, on the fleet's, of the last four applied.
_MARKS = const("<6I")
# Lowest, highest, unit; the same as the setting of that name in node/schema.py (a test compares them).
SETTINGS = {"wake_every_s": (10, 2592000, "s")}


def take(memory, filters, heard, topic, payload, retain, dup):
    """Apply one message and keep what it changes.

    memory: node.memory.Memory. filters: what was subscribed, the node's own first.
    heard: a list kept by the caller for the wake. topic, payload: bytes. retain: it is what the broker holds for new
    subscribers, so it comes again on every wake. dup: the broker sends it again, having had no acknowledgement.
    Returns None for a repeat, else (id or None, error text or None): the result to publish.
    """
    state = memory.state
    mark = int.from_bytes(check(topic, payload), "little")
    marks = list(struct.unpack(_MARKS, state.heard))
    if retain:
        slot = 0 if topic == filters[0][0].encode() else 1
        known = marks[slot] == mark
        marks[slot] = mark
        struct.pack_into(_MARKS, state.heard, 0, *marks)
        # With a subscription kept across the sleep one retained publish comes twice in a wake: queued, and as retained.
        if known or mark in heard:
            return None
    elif dup and mark in marks[2:]:
        return None
    heard.append(mark)
    struct.pack_into(_MARKS, state.heard, 0, *marks[:2], mark, *marks[2:5])
    command_id, changes, error = _parse(payload)
    for name in changes:
        setattr(state, name, changes[name])
        memory.commanded = True
    # Before it is acknowledged: a command that the broker forgets must be in effect.
    memory.save()
    return command_id, error


def _parse(payload):
    """(id, {setting: value}, error text or None). Nothing is applied of a command with one mistake in it."""
    if len(payload) > _MOST_BYTES:
        return None, {}, "{} bytes; at most {}".format(len(payload), _MOST_BYTES)
    try:
        command = json.loads(payload)
    except ValueError:
        return None, {}, "not JSON"
    if not isinstance(command, dict):
        return None, {}, "not a JSON object"
    command_id = command.pop("id", None)
    if not isinstance(command_id, (int, str)):
        command_id = None
    if not command:
        return command_id, {}, "no setting in it"
    for name in command:
        value = command[name]
        if name not in SETTINGS:
            return command_id, {}, "unknown: {}; known: {}".format(name, ", ".join(SETTINGS))
        low, high, unit = SETTINGS[name]
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            return command_id, {}, "{}: {} to {} {}".format(name, low, high, unit)
    return command_id, command, None
