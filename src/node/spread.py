"""After a power cut a whole fleet boots in the same second: a cold boot spreads itself, asleep."""

import os

from micropython import const

from power.cause import usb

_MOST_S = const(60)
_FILE = "spread.txt"


def sleep_s(state, mark, every_s):
    """Seconds to sleep before the first wake of a cold boot, less than a minute and than the interval.

    None on the first power-up with a config.py, whose mark is kept in flash, nor with somebody at USB, where the board can
    tell: the newcomer sees the first message at once. state: node.fields.State, which counts the write. mark: of config.py,
    32 bits. every_s: the interval.
    """
    text = str(mark)
    try:
        with open(_FILE) as f:
            known = f.read() == text
    except OSError:
        known = False
    if not known:
        state.flash_writes += 1
        try:
            # A torn write is another mark: one more power-up without a spread.
            with open(_FILE, "w") as f:
                f.write(text)
        except OSError:
            pass
        return 0
    if usb():
        return 0
    return int.from_bytes(os.urandom(2), "little") % min(_MOST_S, every_s)
