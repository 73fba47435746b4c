"""One case of the fuzz run: a few packets, one of them perhaps broken, and what the decoder must make of them."""
# ruff: noqa: RUF005  (MicroPython has no (*a, b))

import fuzz_mutate
import fuzz_packets
import fuzz_packets5
from fuzz_packets import ANY, CONNACK, PUBLISH
from fuzz_random import Random

_LIMITS = (60, 64, 127, 128, 130, 300)
_STEPS = (1, 2, 3, 7, 64, 1000, 0)  # bytes in a piece; 0: another for each

VALID = "valid"  # every event, no error
REFUSED = "refused"  # the events before the broken packet, then an error
OPEN = "open"  # the events before it, then anything that is no crash


class Case:
    """seed, number: they make it again. five: MQTT 5. stream: the bytes. limit: for parse(). step: see _STEPS.

    verdict: see above. events: those that must come first, in MQTT 5 with the properties as a sixth item. kinds: the types of
    packet in it. marks: where in the stream each packet begins, broken as it may be.
    """

    def __init__(self, seed, number, limit=None):
        self.seed = seed
        self.number = number
        random = Random(seed, number)
        self.five = random.below(2) == 1
        self.limit = random.choice(_LIMITS)
        self.limit = limit or self.limit
        self.step = random.choice(_STEPS)
        self.random = random
        self.verdict = VALID
        self.events = []
        self.kinds = []
        how = random.below(16)
        packets = self._packets(random)
        at = random.below(len(packets))
        if how > 2:  # one packet is broken
            times = 1 if how < 12 else 1 + random.below(3)
            self._break(random, packets[at][0], times)
        stream = b""
        self.marks = []
        for i, (packet, found) in enumerate(packets):
            self.marks.append(len(stream))
            self._expect(packet, found, how > 2 and i == at)
            stream += packet.encoded()
        if how == 1 or how == 13:
            stream = self._cut(random, stream, packets)
        elif how > 13:
            stream = _noise(random, stream)
            self.events = []
            self.verdict = OPEN
        self.stream = bytes(stream)

    def _packets(self, random):
        module = fuzz_packets5 if self.five else fuzz_packets
        packets = []
        names = {}
        for _ in range(random.choice((1, 1, 2, 3))):
            kind = random.choice(module.UNWANTED if random.below(12) == 0 else module.WANTED)
            made = kind(random)
            packet, found = made if isinstance(made, tuple) else (made, ANY)
            self.kinds.append(packet.header >> 4)
            if self.five and packet.event:
                self._alias(random, packet, found, names)
            packets.append((packet, found))
        return packets

    def _alias(self, random, packet, found, names):
        # 3.3.2.3.4: an alias that has a topic stands for it; a new connection has none.
        if packet.event[0] == CONNACK:
            names.clear()
        alias = found.get(0x23) if packet.event[0] == PUBLISH else None
        if not alias:
            return
        if alias in names and random.below(2):
            kind, flags, pid, _, payload = packet.event
            packet.event = (kind, flags, pid, names[alias], payload)
            packet.parts[0].value = b""
        elif len(packet.body()) > self.limit:
            names.pop(alias, None)
        else:
            names[alias] = packet.event[3]

    def _break(self, random, packet, times):
        overlong = len(packet.body()) > self.limit
        wanted = packet.event is not None
        sure = False
        changes = fuzz_mutate.COMMON + (fuzz_mutate.FIVE * 2 if self.five else ())
        for _ in range(times):
            done = None
            while done is None:
                change = random.choice(changes)
                done = change(random, packet)
            sure = done and not (overlong and wanted and change not in fuzz_mutate.SEEN_OVERLONG)
        self._broken = REFUSED if sure and times == 1 else OPEN

    def _expect(self, packet, found, broken):
        if self.verdict != VALID:
            return
        if broken:
            # What grew beyond the limit by being broken is not looked into any more.
            grown = packet.event and packet.length is None and len(packet.body()) > self.limit
            self.verdict = OPEN if grown else self._broken
        elif packet.event is None:
            self.verdict = REFUSED
        elif len(packet.body()) <= self.limit:
            self.events.append(packet.event + (found,) if self.five else packet.event)
        elif packet.overlong:
            self.events.append(packet.overlong + (ANY,) if self.five else packet.overlong)
        else:
            self.verdict = REFUSED

    def _cut(self, random, stream, packets):
        # What was whole before the cut still comes, and no more.
        n = random.below(len(stream))
        whole = end = 0
        for packet, _ in packets:
            end += len(packet.encoded())
            if end > n:
                break
            whole += 1
        if whole < len(self.events) or self.verdict == VALID:
            self.events = self.events[:whole]
            self.verdict = VALID
        elif whole == len(self.events):
            self.verdict = OPEN
        return stream[:n]


def _noise(random, stream):
    """Break the stream without regard to what it is made of."""
    stream = bytearray(stream)
    for _ in range(1 + random.below(3)):
        at = random.below(len(stream) + 1)
        how = random.below(5)
        if how == 0 and at < len(stream):
            stream[at] = random.below(256)
        elif how == 1 and at < len(stream):
            stream[at] ^= 1 << random.below(8)
        elif how == 2:
            stream = stream[:at] + random.octets(1 + random.below(4)) + stream[at:]
        elif how == 3:
            stream = stream[:at] + stream[at + 1 + random.below(4) :]
        elif how == 4:
            other = random.below(len(stream) + 1)
            stream = stream[:at] + stream[other:]
    return stream
