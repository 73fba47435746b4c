"""Retained memory: whole, or a cold boot."""

from node import state
from power import retained


def test_an_image_cut_or_turned_at_any_place_is_not_whole():
    image = retained.dump((3,), (b"some state",))
    assert retained.load(image, (3,)) == [b"some state"]
    assert retained.load(image + b"rest", (3,)) == [b"some state"]
    assert retained.load(image, (4,)) == [None]
    for i in range(len(image)):
        assert retained.load(image[:i], (3,)) == [None]
        for bit in (1, 0x80):
            bad = bytearray(image)
            bad[i] ^= bit
            if i != 3:  # the reserved byte
                assert retained.load(bad, (3,)) == [None], i


def test_a_torn_second_section_leaves_the_first():
    image = retained.dump((1, 2), (b"state", b"records"))
    assert retained.load(image, (1, 2)) == [b"state", b"records"]
    assert retained.load(image[:-1], (1, 2)) == [b"state", None]


def test_arbitrary_memory_is_a_cold_boot():
    for fill in (0, 0xFF, 0x6D):
        assert retained.load(bytes([fill]) * 4096, (1, 2)) == [None, None]


def test_state_survives_and_fits_every_board():
    kept = state.State()
    kept.boot = 7
    kept.fixed_at = 0xF0000000
    kept.heard[23] = 0xFF
    again = state.load(state.dump(kept))
    assert (again.boot, again.fixed_at, again.heard[23], again.seq) == (7, 0xF0000000, 0xFF, 0)
    assert len(state.dump(kept)) <= 128
    assert state.load(state.dump(kept)[:-1]) is None
    assert state.load(None) is None
