"""Give a case to a decoder and judge what it makes of it. Runs on both interpreters."""
# ruff: noqa: RUF005  (MicroPython has no (*a, b))

from fuzz_case import OPEN, REFUSED
from fuzz_packets import ANY
from fuzz_packets5 import ALIASES
from fuzz_random import Random

from mqtt.errors import MQTTError
from mqtt.parser import parse
from mqtt.v5 import V5

_KINDS = (0x20, 0x30, 0x40, 0x90, 0xB0, 0xD0)
_BUFFER = 128  # parse()'s buffer, larger only for a packet within the limit
_HEADER = 5


class Found(Exception):
    """What is wrong with the decoder."""


def decoder3(limit):
    """A decoder: (steps of parse(), function that completes an event)."""
    return parse(limit), None


def decoder5(limit):
    v5 = V5({0x22: ALIASES})
    return parse(limit, v5.body), lambda event: event + (v5.properties,)


def feed(decoder, stream, step, random):
    """Feed a stream in pieces; return (events, the MQTTError or None).

    decoder: as decoder3's result with the limit as third. Found: another exception, a buffer above the limit, an event that
    is none, more steps than bytes.
    """
    steps, complete, limit = decoder
    events = []
    at = 0
    most = max(_BUFFER, limit + _HEADER)
    turns = 0
    give = None
    while True:
        turns += 1
        if turns > 2 * len(stream) + 9:
            raise Found("it does not come to an end")
        try:
            item = steps.send(give)
        except MQTTError as error:
            return events, error
        except Exception as error:  # noqa: BLE001  (any is a crash)
            raise Found(f"it raises {type(error).__name__}{error.args}") from None
        give = None
        if isinstance(item, tuple):
            if complete:
                item = complete(item)
            if not sound(item, limit):
                raise Found(f"no event: {item}")
            events.append(item)
            continue
        n = len(item)
        if not 0 < n <= most:
            raise Found(f"a buffer of {n} bytes, the limit being {limit}")
        if at == len(stream):
            return events, None
        give = min(n, step or 1 + random.below(40), len(stream) - at)
        item[:give] = stream[at : at + give]
        at += give


def sound(event, limit):
    """Whether it has the form that parse() promises."""
    kind, flags, pid, first, second = event[:5]
    if kind not in _KINDS or not 0 <= pid < 65536 or not 0 <= flags < 16:
        return False
    if kind == 0x30:
        if (pid > 0) != (flags & 2 > 0):
            return False
        if first is None:
            return second is None
        return type(first) is bytes and type(second) is bytes and len(first) > 0 and len(first) + len(second) < limit
    return second is None and (first is None or (type(first) is bytes and len(first) < limit))


def same(event, expected):
    if ANY in expected:
        return event[: len(expected) - 1] == expected[:-1]
    return event == expected


def judge(case, decoder3=decoder3, decoder5=decoder5):
    """Feed a case; return (events, error). Found: what comes is not what the case says must come."""
    make = decoder5 if case.five else decoder3
    events, error = feed(make(case.limit) + (case.limit,), case.stream, case.step, case.random)
    n = len(case.events)
    for i, expected in enumerate(case.events):
        if i >= len(events):
            raise Found(f"no {expected}")
        if not same(events[i], expected):
            raise Found(f"{events[i]}, not {expected}")
    if case.verdict != OPEN:
        if len(events) > n:
            raise Found(f"{events[n]} where nothing was to come")
        if (case.verdict == REFUSED) != (error is not None):
            raise Found("refused" if error else "not refused")
    if case.number % 8 == 0:  # the same however it is cut into pieces
        again, other = feed(make(case.limit) + (case.limit,), case.stream, 1 + case.random.below(3) * 999, Random(case.number))
        if again != events or (other and other.args) != (error and error.args):
            raise Found(f"other pieces, another result: {again} {other}")
    return events, error
