"""Retained memory: whole, or a cold boot; and whatever befalls the state, the readings are there."""

import os
import struct

from keepkit import Board, Machine, Torn, add, keys
from node import fields, files, outbox, state
from power import retained, whole

SMALL, ROOM = 256, 512  # bytes of readings: ESP8266; where there are two states
BOARDS = ((2048, False), (492, False), (4096, True))  # Feather S2, ESP8266, Pyboard D


def clean():
    files._BOOTS = "boots_test.txt"
    outbox.PATH = "outbox"
    for name in ("boots_test.txt", "boots_test.txt.new", "outbox.old", "outbox.new"):
        try:
            os.remove(name)
        except OSError:
            pass


def test_a_frame_cut_or_turned_at_any_place_is_not_whole():
    image = bytearray(40)
    retained.put(image, 4, 3, 200, b"some state")
    assert whole.turn(image, 4, 3, 10) == 200
    assert whole.turn(image, 4, 4, 10) == whole.turn(image, 4, 3, 9) == whole.turn(image, 5, 3, 10) == -1
    for i in range(4, 4 + retained.HEADER + 10):
        assert whole.turn(image[:i], 4, 3, 10) == -1
        for bit in (1, 0x80):
            bad = bytearray(image)
            bad[i] ^= bit
            assert whole.turn(bad, 4, 3, 10) == -1, i


def test_arbitrary_memory_is_a_cold_boot():
    for size, in_place in BOARDS:
        for fill in (0, 0xFF, 0x6D):
            clean()
            board = Board(size, in_place)
            board.memory = bytearray(bytes([fill]) * size)
            found = board.wake()
            assert (found.state.boot, found.state.seq, found.used) == (1, 0, 0)
    clean()


def test_the_fields_lie_as_struct_packs_them():
    made = fields.State()
    values = []
    for number, name in enumerate(fields._FIELDS):
        kept = getattr(made, name)
        if isinstance(kept, int):
            setattr(made, name, number + 1)
            values.append(number + 1)
        else:
            kept[:] = bytes([number + 1]) * len(kept)
            values.append(bytes([number + 1]) * len(kept))
    layout = getattr(fields, "_FORMAT", None)  # folded away by MicroPython's compiler
    assert layout is None or bytes(made) == struct.pack(layout, *values)
    assert len(bytes(made)) == fields.size()
    again = fields.load(fields.dump(made))
    assert (again.boot, again.flash_writes) == (1, len(values))
    made.drift = -3
    made.fails = 256 + 7
    made.fixed_at = 0xFFFFFFFF
    made.sensor_errors += 0x10000  # a full counter does not raise
    assert (made.drift, made.fails, made.fixed_at) == (-3, 7, 0xFFFFFFFF)
    assert fields.load(fields.dump(made)[:-1]) is fields.load(None) is None


def test_the_state_fits_every_board():
    # ports/esp8266/machine_rtc.c: 492 bytes; three readings of a usual sensor beside the state.
    assert SMALL + retained.HEADER + fields.size() <= 492
    assert SMALL >= 3 * 80


def test_a_write_torn_at_any_byte_loses_no_reading_and_no_number():
    for size, in_place in BOARDS[:2]:
        clean()
        board = Board(size, in_place)
        first = board.wake(Machine.PWRON_RESET)
        add(first)
        first.state.fails = 5
        first.save()
        before = bytes(board.memory)
        whole_one = board.wake()
        whole_one.state.fails = 6
        add(whole_one)
        # Elsewhere it is one and the same where the write stops.
        changed = [i + 1 for i in range(len(before)) if board.memory[i] != before[i]]
        assert len(changed) > 40
        for stop in [0] + changed:
            board.memory = bytearray(before)
            board.stop = stop
            second = board.wake()
            second.state.fails = 6
            try:
                add(second)
            except Torn:
                pass
            board.stop = None
            third = board.wake(Machine.WDT_RESET)
            if size > 492:
                assert (third.state.boot, third.state.fails) in ((1, 5), (1, 6)), stop
            else:
                assert (third.state.boot == 1 and third.state.fails in (5, 6)) or third.state.seq == 0, stop
            add(third)
            found = keys(third)
            assert found[0] == (1, 1), stop
            assert found in ([(1, 1), (1, 2)], [(1, 1), (1, 2), (1, 3)]) or found[-1] == (third.state.boot, 1), (stop, found)
            assert found == sorted(set(found)), (stop, found)
    clean()


def test_backup_memory_stopped_after_any_of_its_writes_loses_nothing():
    # A Pyboard D's: the reading, the state's frame and its check are written one after the other.
    clean()
    board = Board(4096, True)
    first = board.wake(Machine.PWRON_RESET)
    add(first)
    image = bytearray(board.memory)
    second = board.wake()
    add(second)
    changed = [i for i in range(4096) if image[i] != board.memory[i]]
    assert changed[0] < ROOM < changed[-1]
    for i in changed:
        image[i] = board.memory[i]
        board2 = Board(4096, True)
        board2.memory = bytearray(image)
        third = board2.wake(Machine.HARD_RESET)
        add(third)
        assert keys(third) in ([(1, 1), (1, 2)], [(1, 1), (1, 2), (1, 3)])
    clean()


def test_readings_that_were_delivered_do_not_come_back_without_the_state():
    for size, in_place in BOARDS:
        clean()
        board = Board(size, in_place)
        first = board.wake(Machine.PWRON_RESET)
        add(first)
        add(first)
        outbox.ack(first, outbox.pending(first, 1000), b"\1\1")
        first.save()
        for i in range(SMALL if size == 492 else ROOM, len(board.memory)):
            board.memory[i] = 0
        again = board.wake(Machine.WDT_RESET)
        assert (again.state.boot, again.used, keys(again)) == (2, 0, [])
    clean()


def test_a_state_of_another_version_is_a_cold_boot_that_keeps_the_readings():
    for size, in_place in BOARDS:
        clean()
        board = Board(size, in_place)
        first = board.wake(Machine.PWRON_RESET)
        for _ in range(3):
            add(first)
        # Shorter or longer, and of another number: whatever a firmware before or after may have had.
        for length in (fields.size(), 40, 200):
            at = ROOM if size > 492 else SMALL
            end = at + retained.HEADER + length
            board.memory[at:] = bytes(len(board.memory) - at)
            if end <= size:
                board.memory[end:] = bytes(max(0, len(board.memory) - end))
                if len(board.memory) < end:
                    board.memory.extend(bytes(end - len(board.memory)))
                retained.put(board.memory, at, 77, 1, b"\x5a" * length)
            again = board.wake(Machine.SOFT_RESET)
            assert keys(again) == [(1, 1), (1, 2), (1, 3)]
            assert again.state.boot > 1 and again.state.seq == again.state.acked == 0
    clean()


def test_a_reading_that_no_state_knows_of_keeps_its_number():
    clean()
    board = Board(4096, True)
    first = board.wake(Machine.PWRON_RESET)
    add(first)
    before = bytes(board.memory[ROOM :])
    add(first, "second")
    board.memory[ROOM :] = before  # the reset came before the state
    again = board.wake(Machine.HARD_RESET)
    assert again.state.seq == 2
    add(again, "third")
    assert keys(again) == [(1, 1), (1, 2), (1, 3)]
    clean()


def test_a_lost_boot_count_brings_no_key_back():
    clean()
    board = Board(492)
    first = board.wake(Machine.PWRON_RESET)
    first.state.boot = 57
    for _ in range(9):
        add(first)
    assert first.state.flash_writes > 1 and keys(first)[-1] == (57, 9)
    os.remove("boots_test.txt")
    # A power cut: what was in retained memory is gone, what was in flash is not.
    again = Board(492).wake(Machine.PWRON_RESET)
    assert again.state.boot == 58
    add(again)
    found = keys(again)
    assert found[0] == (57, 1) and found[-1] == (58, 1)
    clean()


def test_a_power_cut_that_stops_the_clock_dates_nothing_wrongly():
    # Pyboard D before 1.29: the state is in a file, the clock begins again in 2015.
    clean()
    board = Board(2048)
    first = board.wake(Machine.PWRON_RESET)
    first.state.fixed_at = first.state.born_at = Board.now_s - 100
    add(first)
    try:
        Board.now_s -= 11 * 365 * 86400
        again = board.wake(Machine.PWRON_RESET)
        assert (again.state.boot, again.state.fixed_at, again.state.born_at) == (2, 0, 0)
        Board.now_s += 50
        add(again)
        old, new = outbox.pending(again, 100000)
    finally:
        Board.now_s = 1795214385
    assert old[0] == 1 << 16 | 1 and old[1:3] == (Board.now_s, 1)
    assert new[0] == 2 << 16 | 1 and new[1:3] == (50, 0)
    # With a clock that went on nothing is forgotten, nor after any other reset.
    clean()
    board = Board(2048)
    first = board.wake(Machine.PWRON_RESET)
    first.state.fixed_at = Board.now_s - 100
    add(first)
    assert board.wake(Machine.PWRON_RESET).state.boot == 1
    clean()


def test_a_clock_that_went_back_is_no_error():
    clean()
    board = Board(2048)
    found = board.wake(Machine.PWRON_RESET)
    try:
        Board.now_s -= 1000
        add(found)
    finally:
        Board.now_s += 1000
    assert outbox.pending(found, 1)[0][1:3] == (0, 0)
    clean()


def test_the_counts_outlive_a_power_cut():
    clean()
    board = Board(492)
    first = board.wake(Machine.PWRON_RESET)
    first.state.flash_writes, first.state.dropped, first.state.acked = 900, 12, 65540
    files.keep_counts(first.state)
    again = Board(492).wake(Machine.PWRON_RESET)
    assert (again.state.boot, again.state.dropped, again.state.acked) == (2, 12, 65540)
    assert again.state.flash_writes == 902
    # As the first firmware wrote it: the boot count alone.
    with open("boots_test.txt", "w") as f:
        f.write("41")
    assert Board(492).wake(Machine.PWRON_RESET).state.boot == 42
    clean()


def test_what_others_know_by_number_is_the_states():
    assert (state.AWAKE, state.FULL) == (1 << 7, 256)  # node.begin, node.outbox
    assert state.State().boot == 0 and state.VERSION == fields.VERSION
