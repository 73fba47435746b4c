"""One block of the fuzz run, in a process of its own: `fuzz_worker.py SEED FIRST COUNT [compare]`. Runs on both interpreters.

Prints "at N" while it goes on and a line of JSON at the end; "FAILED" and how to repeat it where the decoder is wrong. With
compare it prints a checksum of what each case came to, to be held against the other interpreter's.
"""

import gc
import json
import sys
from binascii import crc32, hexlify

import fuzz_feed
from fuzz_case import Case
from fuzz_random import Random

_REPORT = 100  # cases between two signs of life
_GROWTH = 4096  # bytes, or CPython's blocks: what a whole block of cases may leave behind


def in_use():
    gc.collect()
    return gc.mem_alloc() if hasattr(gc, "mem_alloc") else sys.getallocatedblocks()


def shorter(case, found, **decoders):
    """The bytes of a case that fails, as few as still fail in that way."""

    def fails(stream, events):
        case.stream = stream
        case.events = events
        case.random = Random(case.number)
        try:
            fuzz_feed.judge(case, **decoders)
        except fuzz_feed.Found as other:
            return str(other)[:12] == str(found)[:12]
        return False

    stream, events = case.stream, case.events
    for i, mark in enumerate(case.marks[::-1]):  # the good packets before it
        rest = events[len(case.marks) - 1 - i :]
        if case.marks and fails(case.stream[mark:], rest):
            stream, events = case.stream, rest
            break
        case.stream = stream
    if str(found)[:2] == "it" or str(found)[:8] == "a buffer":  # no byte of it may be there
        n = len(stream)
        while n:
            at = 0
            while at < len(stream):
                if fails(stream[:at] + stream[at + n :], []):
                    stream = stream[:at] + stream[at + n :]
                else:
                    at += n
            n >>= 1
    return stream


def report(case, found, stream, **decoders):
    version = "MQTT 5" if case.five else "MQTT 3.1.1"
    lines = [
        f"FAILED --seed {case.seed} --case {case.number}: {version}, limit {case.limit}, pieces of {case.step}",
        f"it must be {case.verdict}, the events before: {case.events}",
        f"but: {found}",
        "stream:  " + str(hexlify(stream), "ascii"),
        "minimal: " + str(hexlify(shorter(case, found, **decoders)), "ascii"),
    ]
    return "\n".join(lines)


def plain(value):
    """A value as text that is the same on both interpreters."""
    if isinstance(value, dict):
        return "{" + ",".join(sorted([plain(k) + ":" + plain(v) for k, v in value.items()])) + "}"
    if isinstance(value, (tuple, list)):
        return "(" + ",".join([plain(item) for item in value]) + ")"
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, (bytes, bytearray)):
        return str(hexlify(value), "ascii")
    return str(value if value is None else int(value))


def count_one(counts, version, kind):
    counts[version + str(kind)] = counts.get(version + str(kind), 0) + 1


def main(seed, first, count, compare=False):
    given = {}
    came = {}
    refused = before = 0
    for number in range(first, first + count):
        if number % _REPORT == 0:
            print("at", number)
            if number == first + 10 * _REPORT:
                before = in_use()
        case = Case(seed, number)
        stream, expected = case.stream, case.events
        try:
            events, error = fuzz_feed.judge(case)
        except fuzz_feed.Found as found:
            case.events = expected
            print(report(case, found, stream))
            return 1
        version = "5/" if case.five else "3/"
        for kind in case.kinds:
            count_one(given, version, kind)
        for event in events:
            count_one(came, version, event[0] >> 4)
        refused += error is not None
        if compare:
            print("case", number, crc32(plain((events, error and error.args)).encode()))
    grown = in_use() - before if before else 0
    if grown > _GROWTH:
        print(f"FAILED {count} cases from {first} on left {grown} behind")
        return 1
    print(json.dumps({"inputs": count, "refused": refused, "grown": grown, "given": given, "came": came}))
    return 0


if __name__ == "__main__":
    sys.exit(main(*[int(word) for word in sys.argv[1:4]], compare=len(sys.argv) > 4))
