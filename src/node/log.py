"""The last mistake in the program: its traceback is kept in flash until a broker has it. One at a time, and few writes.

Of state.told (node.report): checks of the last three tracebacks that were kept, so that one that comes again wears no flash
before the next regular report; flags.
"""

import io
import os
import sys

from micropython import const

from power.retained import check

PATH = "log.txt"
_MOST_BYTES = const(512)
_MARKS = const(11)
_FLAGS = const(14)
_LOG = const(1)


class Tail(io.IOBase):
    """A stream that holds the end of what is written to it: of a deep recursion the frames that failed, and why.

    most: bytes. text: bytearray.
    """

    def __init__(self, most):
        self.most = most
        self.text = bytearray()

    def write(self, data):
        """Take bytes, or what is like them. Returns their number."""
        self.text += data
        if len(self.text) > self.most:
            self.text = self.text[-self.most :]
        return len(data)


def keep(state, error):
    """Keep an exception's traceback. state: node.state.State.

    The older one stays while it waits to be sent: what failed first is most often the cause. So does everything after three
    different ones, until the next regular report.
    """
    tail = Tail(_MOST_BYTES)
    sys.print_exception(error, tail)
    told = state.told
    text = tail.text
    for i in range(len(text)):
        if text[i] > 126:
            # A letter of several bytes may be cut.
            text[i] = 63
    mark = check(text)[0] or 1
    if told[_FLAGS] & _LOG:
        return
    for place in range(_MARKS, _FLAGS):
        if told[place] == mark:
            return
        if not told[place]:
            with open(PATH, "wb") as f:
                f.write(text)
            state.flash_writes += 1
            told[place] = mark
            told[_FLAGS] |= _LOG
            return


def message(topic):
    """The message for burst.exchange() with the traceback that is kept, QoS 1. topic: text."""
    import json

    text = ""
    try:
        with open(PATH) as f:
            text = f.read(_MOST_BYTES)
    except (OSError, ValueError):
        pass
    return topic, json.dumps({"traceback": text}), False, 1, 0, False


def forget(state):
    """The broker has it: remove it."""
    state.told[_FLAGS] &= ~_LOG
    try:
        os.remove(PATH)
    except OSError:
        pass
