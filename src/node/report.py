"""What the node says about itself: made before the client is loaded, ready to be sent.

state.told, which only these know: node.report, node.status, node.tally and node.log. Its bytes:
0 failures of each kind since the last report, four bits each (node.backoff.KINDS); 4 a check of what the last report said;
5 the sequence number then; 7 the last bytes of another chip that uses this node's topics, 0: none; 10 free heap;
11 checks of tracebacks that were kept; 14 flags; 15 the last upload's wake: its length, and its phases'.
"""

import binascii
import sys

from micropython import const

from node import state as states
from power.retained import check

VERSION = "0.1.0"  # of the template

_MARK = const(4)
_SEQ = const(5)
_TWIN = const(7)
_HEAP = const(10)
_LOGGED = const(11)
_FLAGS = const(14)
_TIMES = const(15)
_LOG = const(1)  # a traceback waits in flash
_HEARD = const(2)  # another chip's greeting came since this node's own
_UNDER_WAY = const(4)  # a report goes with this upload

_DAY_S = const(86400)
_BACKLOG = const(3)  # more records than usual: a small heap has no room for a report too
_MS = const(8)  # unit of times
_BYTES = const(256)  # unit of free heap


def messages(memory, config, chip, topic):
    """The messages that go with the readings, as burst.exchange() takes them.

    memory: node.memory.Memory. chip: its id, hexadecimal text. topic: called with a leaf, gives the topic.
    Returns their list, and the end of the status's JSON text: what is to be known always.
    """
    state = memory.state
    told = state.told
    every = state.upload_every or config.UPLOAD_EVERY
    found = []
    last = told[_SEQ] | told[_SEQ + 1] << 8
    interval_s = memory.interval_s()
    # A new boot, or a day since.
    regular = not last or (state.seq - last & 0xFFFF) * interval_s >= _DAY_S
    if regular:
        # To whoever listens to this node's commands, asleep or not: the other board, if there is one. It comes back, too.
        found.append((topic("set"), '{{"chip":"{}"}}'.format(chip).encode(), False, 1, 0, False))
        if not told[_FLAGS] & _HEARD:
            told[_TWIN : _TWIN + 3] = bytes(3)
        told[_FLAGS] &= ~_HEARD
        told[_LOGGED:_FLAGS] = bytes(3)
    # Wakes that never came to their end, for whatever reason, nobody has counted in.
    told[_MARK - 1] = max(told[_MARK - 1] >> 4, min(state.hung, 15)) << 4 | told[_MARK - 1] & 15
    mark = _mark(state, told)
    if regular or told[_MARK] != mark or any(told[:_MARK]) or told[_FLAGS] & _UNDER_WAY:
        if (state.seq - state.acked & 0xFFFF) <= every + _BACKLOG:
            found.append((topic("report"), _report(memory, chip).encode(), True, 0, 0, False))
            told[_MARK] = mark
            told[_SEQ] = state.seq & 0xFF
            told[_SEQ + 1] = state.seq >> 8
            told[_FLAGS] |= _UNDER_WAY
    tail = ',"battery":"low"' if state.flags & states.STRETCHED else ""
    if state.dropped:
        tail += ',"dropped":{}'.format(state.dropped)
    twin = bytes(told[_TWIN : _TWIN + 3])
    if any(twin):
        tail += ',"twin":"{}"'.format(binascii.hexlify(twin).decode())
    return found, tail + "}"


def _mark(state, told):
    # Sensor errors count by their doublings: a sensor that is gone is not told in each upload.
    said = (state.boot, state.config_mark, state.dropped, len(bin(state.sensor_errors)), state.refused & 3)
    return check(repr(said).encode(), told[_TWIN : _TWIN + 3])[0]


def _report(memory, chip):
    from power.cause import cause

    state = memory.state
    told = state.told
    parts = [
        '{{"firmware":"{}","micropython":"{}"'.format(VERSION, ".".join([str(n) for n in sys.implementation.version[:3]])),
        '"config":"{:08x}","chip":"{}","boots":{},"cause":"{}"'.format(state.config_mark, chip, state.boot, cause()),
    ]
    if told[_TIMES]:
        names = ("awake_ms", "boot_ms", "measure_ms", "link_ms", "clock_ms", "mqtt_ms")
        for i in range(len(names)):
            if told[_TIMES + i]:
                parts.append('"{}":{}'.format(names[i], _long(told[_TIMES + i]) * _MS))
    strength = getattr(memory.board().radio(), "rssi", None)
    dbm = strength and strength()
    if dbm:
        parts.append('"rssi_dbm":{}'.format(dbm))
    # The newest record has it: it was measured before the radio started.
    ram = bytes(memoryview(memory.image)[: memory.used])
    start = ram.rfind(b'"battery":{')
    if start >= 0:
        parts.append(ram[start : ram.find(b"}", start) + 1].decode())
    if told[_HEAP]:
        parts.append('"heap_free":{}'.format(_long(told[_HEAP]) * _BYTES))
    parts.append('"failures":{{{}}}'.format(_failures(told)))
    counts = state.dropped, state.sensor_errors, state.flash_writes
    parts.append('"dropped":{},"sensor_errors":{},"flash_writes":{}'.format(*counts))
    if state.refused:
        parts.append('"refused":{}'.format(state.refused & 3))
    return ",".join(parts) + "}"


def _failures(told):
    from node.backoff import KINDS

    counts = int.from_bytes(told[:_MARK], "little")
    found = []
    for kind in KINDS[1:]:
        if counts & 15:
            found.append('"{}":{}'.format(kind, counts & 15))
        counts >>= 4
    return ",".join(found)


def _long(short):
    # Of node.tally: five bits, shifted by the three above.
    return (short & 31) << (short >> 5)
