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
        i = _TIMES
        for name in "awake boot measure link clock mqtt".split():
            if told[i]:
                # Of node.tally: five bits, shifted by the three above.
                parts.append('"{}_ms":{}'.format(name, ((told[i] & 31) << (told[i] >> 5)) * _MS))
            i += 1
    if state.link[5]:
        # As it was when the access point was chosen (power.lease): asking now is not harmless on every radio.
        parts.append('"rssi_dbm":{}'.format(state.link[5] - 256))
    # The newest record has it: it was measured before the radio started.
    ram = bytes(memoryview(memory.image)[: memory.used])
    start = ram.rfind(b'"battery":{')
    if start >= 0:
        parts.append(ram[start : ram.find(b"}", start) + 1].decode())
    if told[_HEAP]:
        parts.append('"heap_free":{}'.format(told[_HEAP] * _BYTES))
    failures = []
    count = int.from_bytes(told[:_FAILURES], "little")
    # Of node.backoff, whose functions nobody needs here (a test compares them).
    for name in "link clock network config throttled banned crash budget".split():
        if count & 15:
            failures.append('"{}":{}'.format(name, count & 15))
        count >>= 4
    parts.append('"failures":{{{}}}'.format(",".join(failures)))
    counts = state.dropped, state.sensor_errors, state.flash_writes, state.refused & 3
    for i in range(4):
        if counts[i]:
            parts.append('"{}":{}'.format("dropped sensor_errors flash_writes refused".split()[i], counts[i]))
    return ",".join(parts) + "}"
