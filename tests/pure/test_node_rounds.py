"""What each burst of an upload carries, and when it is over: what the broker took, what the service allows and wants."""

import gc
import os

from keepkit import Board, add, keys
from node import files, outbox, rounds

if not hasattr(gc, "mem_free"):
    gc.mem_free = lambda: 1000000
REFUSED = 0x97  # MQTT 5: quota exceeded
OPTIONS = {"subscribe": []}
ANSWERS = b"", True  # what was granted, and that the broker took the burst in one write


def clean():
    files._BOOTS = "boots_test.txt"
    outbox.PATH = "outbox"
    for name in ("boots_test.txt", "outbox.old", "outbox.new"):
        try:
            os.remove(name)
        except OSError:
            pass


class Service:
    """Has no hook; those of others are below."""


class Slow:
    """Lets so many records out in one upload."""

    def __init__(self, left):
        self.left = left

    def most(self, memory, found):
        count = min(self.left, len(found))
        self.left -= count
        return count


class Talker:
    """Has more to say, once."""

    def __init__(self):
        self.calls = []

    def rest(self, memory, every, more, acked):
        self.calls.append((every, more, bytes(acked)))
        return ["more"] if len(self.calls) < 2 else None


def upload(count, service, taken=99, size=900):
    """Run an upload of so many readings. taken: records of each burst that the broker does not refuse.

    Returns the sequence numbers of each burst, those that are left, and the messages of each burst.
    """
    clean()
    found = Board(4096).wake()
    for _ in range(count):
        add(found, "x" * size)
    more, came_to = ["status"], None
    bursts, said = [], []
    while True:
        try:
            batch, more = rounds.following((found, service, 3, [], OPTIONS, 0), more, came_to)
        except OSError as error:
            assert error.args == (0x40, REFUSED)
            more = None
        if more is None:
            left = [key[1] for key in keys(found)]
            clean()
            return bursts, left, said
        bursts.append([rec[0] & 0xFFFF for rec in batch])
        said.append(list(more))
        acked = bytearray(len(batch) + len(more))
        for i in range(len(batch)):
            acked[i] = 1 if i < taken else REFUSED
        came_to = batch, acked, ANSWERS, rounds.done(found, batch, acked)


def test_all_go_out_in_rounds_and_the_messages_in_the_first():
    bursts, left, said = upload(12, Service())
    assert [seq for burst in bursts for seq in burst] == list(range(1, 13)) and not left
    assert len(bursts) > 1 and said == [["status"]] + [[]] * (len(bursts) - 1)


def test_what_is_refused_waits_for_the_next_wake():
    bursts, left, _ = upload(12, Service(), taken=2)
    assert len(bursts) == 1 and left == list(range(3, 13))


def test_a_service_may_let_only_some_of_them_out():
    for count in (0, 1, 2, 5, 7, 12, 13):
        bursts, left, _ = upload(12, Slow(count))
        sent = [seq for burst in bursts for seq in burst]
        assert sent + left == list(range(1, 13)) and len(sent) == min(count, 12), (count, bursts, left)
    bursts, left, _ = upload(12, Slow(5), taken=1)
    assert left == list(range(2, 13))


def test_what_a_service_wants_to_say_comes_when_all_is_delivered():
    service = Talker()
    bursts, left, said = upload(1, service)
    assert bursts == [[1], []] and said == [["status"], ["more"]] and not left
    assert service.calls == [(3, ["status"], b"\1\0"), (3, ["more"], b"\0")]
    service = Talker()
    assert upload(12, service, taken=3)[1] and not service.calls
