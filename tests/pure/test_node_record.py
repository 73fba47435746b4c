"""Stored records and the outbox: nothing half-written is ever taken for a reading, nothing whole is lost."""

import io
import os

from node import files, outbox, record

FULL = 256  # node.state
BODY = b'"air":{"temperature_c":21.42}'


def packed(key):
    return record.pack(key, 1795214385 + key, record.UTC, BODY)


def keys(records):
    return [rec[0] for rec in records]


class State:
    acked = dropped = flash_writes = flags = 0
    boot = 1


class Store:
    """What node.outbox works on; with fresh=True no file is left of an earlier one."""

    def __init__(self, room, ram=b"", fresh=True, flash_bytes=32768):
        self.image = bytearray(room)
        self.image[: len(ram)] = ram
        self.used = len(ram)
        self.room = room
        self.state = State()
        self.saves = 0
        outbox.PATH = "outbox_test"
        outbox.FLASH_BYTES = flash_bytes
        files._BOOTS = "boots_record.txt"
        if fresh:
            remove()

    def ram(self, size):
        return io.BytesIO(memoryview(self.image)[:size])

    def save(self):
        self.saves += 1


def remove():
    for name in ("outbox_test.old", "outbox_test.new", "boots_record.txt"):
        try:
            os.remove(name)
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
    assert box.used <= 3 * len(packed(1))
    assert keys(outbox.pending(box, 100000)) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert keys(outbox.pending(box, 1)) == [1]


def test_what_comes_before_the_first_gap_leaves():
    for room in (1000, 3 * len(packed(1)), 1):
        box = Store(room)
        for key in range(1, 5):
            outbox.append(box, packed(key))
        sent = outbox.pending(box, 100000)
        outbox.ack(box, sent, bytearray((1, 0, 1, 0)))
        # The third goes again with its key: what was written is not moved, so that nothing can break it.
        assert keys(outbox.pending(box, 100000)) == [2, 3, 4]
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
    assert box.state.dropped == 40 - len(left) == box.state.acked
    # The loss is kept before what is lost goes, in retained memory and in flash.
    with open("boots_record.txt") as f:
        words = f.read().split()
    assert words[0] == "1" and words[2:] == [str(box.state.dropped)] * 2
    assert box.saves >= 8


def test_a_store_about_to_drop_says_so_until_it_is_empty():
    one = len(packed(1))
    box = Store(one, flash_bytes=8 * one)
    said = []
    for key in range(1, 12):
        outbox.append(box, packed(key))
        said.append(box.state.flags == FULL)
        # Before anything is dropped there is a wake that can upload.
        assert said[-1] or not box.state.dropped
    assert not said[0] and said[-1]
    sent = outbox.pending(box, 100000)
    outbox.ack(box, sent, bytearray(b"\1" * len(sent)))
    assert box.state.flags == 0 and outbox.pending(box, 1) == []


def test_a_record_larger_than_its_room_goes_to_flash_behind_the_others():
    box = Store(2 * len(packed(1)))
    outbox.append(box, packed(1))
    large = record.pack(2, 5, record.UTC, b"x" * 1024)
    outbox.append(box, large)
    outbox.append(box, packed(3))
    assert keys(outbox.pending(box, 100000)) == [1, 2, 3]
    assert keys(outbox.pending(box, 10)) == [1]
    outbox.ack(box, outbox.pending(box, 10), b"\1")
    assert outbox.pending(box, 10) == [(2, 5, record.UTC, b"x" * 1024)]


def test_a_broken_file_system_drops_the_oldest_and_counts_them():
    one = len(packed(1))
    box = Store(3 * one)
    outbox.PATH = "no_such_folder/outbox"
    for key in range(1, 6):
        outbox.append(box, packed(key))
    assert keys(outbox.pending(box, 100000)) == [3, 4, 5]
    assert box.state.dropped == 2
    outbox.append(box, record.pack(6, 5, record.UTC, b"x" * 1024))
    assert keys(outbox.pending(box, 100000)) == [3, 4, 5]
    assert box.state.dropped == 3
    # What was delivered before is not counted when it makes room.
    outbox.ack(box, outbox.pending(box, 1), b"\1")
    outbox.append(box, packed(7))
    assert keys(outbox.pending(box, 100000)) == [4, 5, 7]
    assert box.state.dropped == 3


def test_files_written_are_counted():
    box = Store(3 * len(packed(1)))
    for key in range(1, 4):
        outbox.append(box, packed(key))
    assert box.state.flash_writes == 0
    outbox.append(box, packed(4))
    assert box.state.flash_writes == 1
    sent = outbox.pending(box, 100000)
    outbox.ack(box, sent, bytearray(b"\1" * len(sent)))
    assert box.state.flash_writes == 2


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
    ram = bytes(box.image[: box.used])
    outbox.append(box, packed(2))
    again = Store(len(packed(1)), ram, fresh=False)
    assert keys(outbox.pending(again, 100000)) == [1]
    remove()
