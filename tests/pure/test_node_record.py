"""Stored records and the outbox: nothing half-written is ever taken for a reading, nothing whole is lost."""

import io
import os

from node import outbox, record

BODY = b'"air":{"temperature_c":21.42}'


def packed(key):
    return record.pack(key, 1795214385 + key, record.UTC, BODY)


def keys(records):
    return [rec[0] for rec in records]


class State:
    acked = 0
    dropped = 0


class Store:
    """What node.outbox works on; with fresh=True no file is left of an earlier one."""

    def __init__(self, room, ram=b"", fresh=True, flash_bytes=32768):
        self.ram = ram
        self.room = room
        self.state = State()
        outbox.PATH = "outbox_test"
        outbox.FLASH_BYTES = flash_bytes
        if fresh:
            remove()


def remove():
    for ending in (".old", ".new"):
        try:
            os.remove("outbox_test" + ending)
        except OSError:
            pass


def test_a_record_comes_back_as_it_went():
    found = list(record.scan(io.BytesIO(record.pack(0x10007, 1795214385, record.UTC, BODY))))
    assert found == [(0x10007, 1795214385, record.UTC, BODY)]


def test_a_record_cut_at_any_byte_is_missing_and_the_one_before_it_is_not():
    whole = packed(1) + packed(2)
    for cut in range(len(packed(1)), len(whole)):
        assert keys(record.scan(io.BytesIO(whole[:cut]))) == [1], cut


def test_a_record_with_any_bit_turned_is_missing():
    whole = packed(1)
    for i in range(len(whole)):
        bad = bytearray(whole)
        bad[i] ^= 0x10
        # The reserved byte is under the CRC too.
        assert keys(record.scan(io.BytesIO(bytes(bad)))) == [], i


def test_a_body_over_the_limit_is_refused():
    try:
        record.pack(1, 0, 0, bytes(1025))
    except ValueError:
        return
    raise AssertionError("no ValueError")


def test_oldest_first_from_flash_then_retained_memory():
    box = Store(3 * len(packed(1)))
    for key in range(1, 9):
        outbox.append(box, packed(key))
    assert len(box.ram) <= 3 * len(packed(1))
    assert keys(outbox.pending(box, 100000)) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert keys(outbox.pending(box, 1)) == [1]


def test_only_what_was_acknowledged_leaves():
    box = Store(1000)
    for key in range(1, 5):
        outbox.append(box, packed(key))
    sent = outbox.pending(box, 100000)
    outbox.ack(box, sent, bytearray((1, 0, 1, 0)))
    assert keys(outbox.pending(box, 100000)) == [2, 4]
    assert box.state.acked == 1


def test_flash_is_removed_when_all_is_delivered():
    box = Store(len(packed(1)))
    for key in range(1, 5):
        outbox.append(box, packed(key))
    sent = outbox.pending(box, 100000)
    outbox.ack(box, sent, bytearray((1, 1, 1, 1)))
    assert outbox.pending(box, 1) == []
    for ending in (".old", ".new"):
        try:
            os.stat("outbox_test" + ending)
        except OSError:
            continue
        raise AssertionError(ending)


def test_a_full_store_drops_the_oldest_and_counts_them():
    one = len(packed(1))
    box = Store(one, flash_bytes=8 * one)
    for key in range(1, 41):
        outbox.append(box, packed(key))
    left = keys(outbox.pending(box, 100000))
    assert left == list(range(left[0], 41))
    assert len(left) >= 4
    assert box.state.dropped == 40 - len(left)


def test_after_a_torn_write_older_and_newer_records_are_found():
    box = Store(len(packed(1)))
    for key in range(1, 4):
        outbox.append(box, packed(key))
    with open("outbox_test.new", "ab") as f:
        f.write(packed(9)[:20])
    box = Store(len(packed(1)), fresh=False)
    for key in range(10, 14):
        outbox.append(box, packed(key))
    assert keys(outbox.pending(box, 100000)) == [1, 2, 10, 11, 12, 13]


def test_a_record_in_flash_and_retained_memory_is_sent_once():
    box = Store(len(packed(1)))
    outbox.append(box, packed(1))
    ram = box.ram
    outbox.append(box, packed(2))
    again = Store(len(packed(1)), ram, fresh=False)
    assert keys(outbox.pending(again, 100000)) == [1]
    remove()
