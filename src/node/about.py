"""The report: one small message with what somebody far away wants to know of a node. Loaded when one is due."""

import sys

from micropython import const

from power.cause import cause

VERSION = "0.1.0"  # of the template

# Of node.report: in state.told.
_FAILURES = const(4)  # bytes
_HEAP = const(10)
_TIMES = const(15)
_MS = const(8)  # unit of times
_BYTES = const(256)  # unit of free heap; 255 of them are as many or more


def text(memory, chip):
    """The report as JSON text. memory: node.memory.Memory. chip: its id, hexadecimal text."""
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
        parts.append('"heap_free":{}'.format(told[_HEAP] * _BYTES))
    parts.append('"failures":{{{}}}'.format(_failures(told)))
    counts = state.dropped, state.sensor_errors, state.flash_writes
    parts.append('"dropped":{},"sensor_errors":{},"flash_writes":{}'.format(*counts))
    if state.refused:
        parts.append('"refused":{}'.format(state.refused & 3))
    return ",".join(parts) + "}"


def _failures(told):
    from node.backoff import KINDS

    counts = int.from_bytes(told[:_FAILURES], "little")
    found = []
    for kind in KINDS[1:]:
        if counts & 15:
            found.append('"{}":{}'.format(kind, counts & 15))
        counts >>= 4
    return ",".join(found)


def _long(short):
    # Of node.tally: five bits, shifted by the three above.
    return (short & 31) << (short >> 5)
