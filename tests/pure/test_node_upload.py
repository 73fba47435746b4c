"""The room that the client makes for a burst: what does not fit must move while it grows, where a small heap has no place."""

import sys

import power
from mqtt import packet
from node.services import plain
from node.state import State

sys.modules["power.awake"] = power.awake = None  # a board's; the room is counted without it
from node import upload  # noqa: E402

del sys.modules["power.awake"], power.awake

NAME = "the-longest-name-that-can-be-had"
READY, LATE = "dormouse/{}/readings".format(NAME), "dormouse/{}/history".format(NAME)
STATUS = ("dormouse/{}/status".format(NAME), b"s" * 130, True, 0, 0, False)
REPORT = ("dormouse/{}/report".format(NAME), b"r" * 500, True, 0, 0, False)
FILTERS = (("dormouse/{}/set".format(NAME), 1), ("dormouse/all/set", 1))
CLIENT = NAME + "-7cdfa1021234"
WILL = (STATUS[0], '{"state":"lost","time":1795214385}', True, 1)


def bytes_of(batch):
    """All that one burst writes."""
    out = bytearray()
    packet.connect(out, CLIENT, "user", "password", 60, False, WILL)
    for topic, payload, retain, qos, pid, dup in batch:
        packet.publish(out, topic, payload, retain, qos, pid if qos else 0, dup)
    packet.subscribe(out, 1, FILTERS)
    return len(out) + 2


def test_the_room_holds_the_burst_and_little_more():
    for body in (b"", b'"air":{"temperature_c":21.42}', b"x" * 360, b"x" * 700):
        for count in (0, 1, 2, 5, 10, 32):
            for more in ([], [STATUS], [STATUS, REPORT]):
                state = State()
                state.boot = 12345
                records = [[(12345 << 16) + 65000 + i, 1795214385, 1, body] for i in range(count)]
                batch = upload.Batch(plain, (LATE, READY), state, records, more)
                room = 192 * len(batch) + 128
                needed = bytes_of(batch)
                assert needed <= room <= needed + 400 + 12 * count, (body, count, len(more), needed, room)
