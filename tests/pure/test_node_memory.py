"""Retained memory: whole, or a cold boot."""

from node import state
from power import frame, retained


class Board:
    RETAINED_BYTES = 492

    def __init__(self):
        self.image = b""

    def retained_read(self):
        return self.image

    def retained_write(self, image):
        if len(image) > self.RETAINED_BYTES:
            raise ValueError("buffer too long")
        self.image = image


def test_a_frame_cut_or_turned_at_any_place_is_not_whole():
    image = frame.wrap(b"some state", 3)
    assert frame.unwrap(image, 3) == b"some state"
    assert frame.unwrap(image + b"rest", 3) == b"some state"
    assert frame.unwrap(image, 4) is None
    for i in range(len(image)):
        assert frame.unwrap(image[:i], 3) is None
        for bit in (1, 0x80):
            bad = bytearray(image)
            bad[i] ^= bit
            if i != 3:  # the reserved byte
                assert frame.unwrap(bad, 3) is None, i


def test_a_torn_second_section_leaves_the_first():
    board = Board()
    retained.save(board, (1, 2), (b"state", b"records"))
    assert retained.load(board, (1, 2)) == [b"state", b"records"]
    board.image = board.image[:-1]
    assert retained.load(board, (1, 2)) == [b"state", None]


def test_arbitrary_memory_is_a_cold_boot():
    board = Board()
    for fill in (0, 0xFF, 0x6D):
        board.image = bytes([fill]) * 4096
        assert retained.load(board, (1, 2)) == [None, None]


def test_too_much_is_refused_and_the_old_stays():
    board = Board()
    retained.save(board, (1,), (b"old",))
    try:
        retained.save(board, (1,), (bytes(490),))
    except ValueError:
        assert retained.load(board, (1,)) == [b"old"]
        return
    raise AssertionError("no ValueError")


def test_state_survives_and_fits_every_board():
    kept = state.State()
    kept.boot = 7
    kept.fixed_at = 0xF0000000
    kept.applied_d = 0xFFFFFFFF
    again = state.load(state.dump(kept))
    assert (again.boot, again.fixed_at, again.applied_d, again.seq) == (7, 0xF0000000, 0xFFFFFFFF, 0)
    assert len(state.dump(kept)) <= 128
    assert state.load(state.dump(kept)[:-1]) is None
    assert state.load(None) is None
