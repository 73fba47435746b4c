"""What the node says about itself: made before the client is loaded, ready to be sent.

state.told, which only these know: node.report, node.about, node.twin, node.tally and node.log. Its bytes:
0 failures of each kind since the last report, four bits each (node.backoff.KINDS); 4 a check of what the last report said;
5 the sequence number then; 7 the last bytes of another chip that uses this node's topics, 0: none; 10 free heap;
11 checks of tracebacks that were kept; 14 flags; 15 the last upload's wake: its length, and its phases';
21 node.discovery's.
"""

import binascii
import gc
import sys

from micropython import const

from node import drop
from node import state as states
from power.retained import check

_MARK = const(4)
_SEQ = const(5)
_TWIN = const(7)
_LOGGED = const(11)
_FLAGS = const(14)
_LOG = const(1)  # a traceback waits in flash
_HEARD = const(2)  # another chip's greeting came since this node's own
_UNDER_WAY = const(4)  # a report goes with this upload

_DAY_S = const(86400)
_ROOM = const(11000)  # bytes of free heap, on 32 bits


def messages(memory, service, template, name, options, said):
    """The messages that go with the readings, as burst.exchange() takes them.

    memory: node.memory.Memory. service, template, name, options, said: of node.upload. Returns their list, of which the last
    alone may have an acknowledgement that counts, a traceback's; and the arguments of status.message() after the memory.
    """
    state = memory.state
    told = state.told
    every = state.upload_every or said[3]
    chip = options["client_id"].rpartition("-")[2]
    found = []
    last = told[_SEQ] | told[_SEQ + 1] << 8
    interval_s = memory.interval_s()
    # A new boot, or a day since.
    regular = not last or (state.seq - last & 0xFFFF) * interval_s >= _DAY_S
    # Wakes that never came to their end, for whatever reason, nobody has counted in.
    told[_MARK - 1] = max(told[_MARK - 1] >> 4, min(state.hung, 15)) << 4 | told[_MARK - 1] & 15
    # Sensor errors count by their doublings: a sensor that is gone is not told in each upload.
    news = (state.boot, state.config_mark, state.dropped, len(bin(2 * state.sensor_errors)), state.refused & 3)
    mark = check(repr(news).encode(), told[_TWIN : _TWIN + 3])[0]
    due = regular or told[_MARK] != mark or any(told[:_MARK]) or told[_FLAGS] & _UNDER_WAY
    # After a failure the readings go alone; where the heap was too small for them, all but once a day.
    alone = state.fails or (state.flags & states.SMALL_HEAP and not regular)
    if due and not alone:
        gc.collect()
        # With less the client would not fit in beside it: a report is worth no reading.
        alone = gc.mem_free() < (_ROOM * 3 // 2 if sys.maxsize >> 32 else _ROOM)
    # Nor has it for more records than usual and a report, or a traceback and a report: that comes with the next upload.
    if due and not alone and not told[_FLAGS] & _LOG and (state.seq - state.acked & 0xFFFF) <= every:
        from node import about

        payload = about.text(memory, chip).encode()
        found.append((service.topic(template, name, "report"), payload, True, 0, 0, False))
        del about
        drop("node.about", "power.cause")
        told[_MARK] = mark
        told[_SEQ] = state.seq & 0xFF
        told[_SEQ + 1] = state.seq >> 8
        told[_FLAGS] |= _UNDER_WAY
        if regular:
            # To whoever listens to this node's commands, asleep or not: the other board, if there is one. It comes back, too.
            found.insert(0, (service.topic(template, name, "set"), '{{"chip":"{}"}}'.format(chip).encode(), False, 1, 0, False))
            if not told[_FLAGS] & _HEARD:
                told[_TWIN : _TWIN + 3] = bytes(3)
            told[_FLAGS] &= ~_HEARD
            told[_LOGGED:_FLAGS] = bytes(3)
    if told[_FLAGS] & _LOG and not alone:
        from node import log

        found.append(log.message(service.topic(template, name, "log")))
    tail = ',"battery":"low"' if state.flags & states.STRETCHED else ""
    if state.dropped:
        tail += ',"dropped":{}'.format(state.dropped)
    twin = bytes(told[_TWIN : _TWIN + 3])
    if any(twin):
        tail += ',"twin":"{}"'.format(binascii.hexlify(twin).decode())
    from node import status

    said = (options["will"][0],) + said + (tail + "}",)
    found.insert(0, status.message(memory, *said))
    if hasattr(service, "adapt"):
        service.adapt(memory, template, name, found, options)
    return found, said
