"""What the next report needs to know of this wake, noted at its end. The layout of state.told is node.report's."""

from micropython import const

from power import awake

_HEAP = const(10)
_FLAGS = const(14)
_TIMES = const(15)
_UNDER_WAY = const(4)
_SENT = const(8)  # the broker has acknowledged the traceback
_SHIFT = const(3)  # times count 8 ms


def run(state, error):
    """Count a failure, keep what it was; or take what the broker has off the list.

    state: node.state.State, with this wake's failure in it. error: the exception that ended the wake, or None.
    """
    told = state.told
    if told[_FLAGS] & _SENT:
        from node import log

        told[_FLAGS] &= ~_SENT
        log.forget(state)
    if error:
        counts = int.from_bytes(told[:4], "little")
        place = 4 * state.failure - 4
        if state.failure and counts >> place & 15 < 15:
            told[:4] = (counts + (1 << place)).to_bytes(4, "little")
        if not isinstance(error, OSError):
            from node import log

            log.keep(state, error)
    elif told[_FLAGS] & _UNDER_WAY:
        told[:4] = bytes(4)
        told[_FLAGS] &= ~_UNDER_WAY
    _times(told)


def short(n):
    """n in a byte: five bits, and by how many they are shifted; 31 << 7 and above are one."""
    shift = 0
    while n > 31:
        n >>= 1
        shift += 1
    return shift << 5 | n if shift < 8 else 255


def _times(told):
    # The length of this wake so far, and of its phases: three bytes each in awake.trail, a letter and when it began.
    told[_TIMES : _TIMES + 6] = bytes(6)
    told[_TIMES] = short(awake.elapsed_ms() >> _SHIFT)
    trail = getattr(awake, "trail", b"")
    place = 1  # from power applied to the second mark, "measure"
    before = 0
    for i in range(3, len(trail), 3):
        began = trail[i + 1] << 8 | trail[i + 2]
        told[_TIMES + place] = short(began - before)
        before = began
        place = 2 if i == 3 else b"lcm".find(trail[i : i + 1]) + 3
        if place < 3 and i > 3:
            break
