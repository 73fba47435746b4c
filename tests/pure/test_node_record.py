"""Stored records and the outbox: nothing half-written is ever taken for a reading, nothing whole is lost."""

import io
import os

from node import record
from node.outbox import Outbox

BODY = b'"air":{"temperature_c":21.42}'


def packed(key):
    return record.pack(key, 1795214385 + key, record.UTC, BODY)


def keys(records):
    return [rec[0] for rec in records]


def path():
    for ending in (".old", ".new"):
        try:
            os.remove("outbox_test" + ending)
        except OSError:
            pass
    return "outbox_test"


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
    box = Outbox(b"", 3 * len(packed(1)), 0, path=path())
    for key in range(1, 9):
        box.append(packed(key))
    assert len(box.ram) <= 3 * len(packed(1))
    assert keys(box.pending(100000)) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert keys(box.pending(1)) == [1]


def test_only_what_was_acknowledged_leaves():
    box = Outbox(b"", 1000, 0, path=path())
    for key in range(1, 5):
        box.append(packed(key))
    sent = box.pending(100000)
    box.ack(sent, bytearray((1, 0, 1, 0)))
    assert keys(box.pending(100000)) == [2, 4]
    assert box.acked == 1


def test_flash_is_removed_when_all_is_delivered():
    box = Outbox(b"", len(packed(1)), 0, path=path())
    for key in range(1, 5):
        box.append(packed(key))
    sent = box.pending(100000)
    box.ack(sent, bytearray((1, 1, 1, 1)))
    assert box.pending(1) == []
    for ending in (".old", ".new"):
        try:
            os.stat("outbox_test" + ending)
        except OSError:
            continue
        raise AssertionError(ending)


def test_a_full_store_drops_the_oldest_and_counts_them():
    one = len(packed(1))
    box = Outbox(b"", one, 0, flash_bytes=8 * one, path=path())
    for key in range(1, 41):
        box.append(packed(key))
    left = keys(box.pending(100000))
    assert left == list(range(left[0], 41))
    assert len(left) >= 4
    assert box.dropped == 40 - len(left)


def test_after_a_torn_write_older_and_newer_records_are_found():
    name = path()
    box = Outbox(b"", len(packed(1)), 0, path=name)
    for key in range(1, 4):
        box.append(packed(key))
    with open(name + ".new", "ab") as f:
        f.write(packed(9)[:20])
    box = Outbox(b"", len(packed(1)), 0, path=name)
    for key in range(10, 14):
        box.append(packed(key))
    assert keys(box.pending(100000)) == [1, 2, 10, 11, 12, 13]


def test_a_record_in_flash_and_retained_memory_is_sent_once():
    name = path()
    box = Outbox(b"", len(packed(1)), 0, path=name)
    box.append(packed(1))
    ram = box.ram
    box.append(packed(2))
    again = Outbox(ram, len(packed(1)), 0, path=name)
    assert keys(again.pending(100000)) == [1]
    path()
