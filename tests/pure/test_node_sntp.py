"""SNTP answers: believed when sane, refused with the reason when not (RFC 4330 section 5)."""

import struct

from node import sntp

NONCE = b"\x01\x02\x03\x04\x05\x06\x07\x08"


def packet(seconds, fraction=0, first=0x24, stratum=2, nonce=NONCE, reference=b"LOCL", delay=0, dispersion=0, came=(0, 0)):
    return struct.pack(
        ">BBbbiI4sII8sIIII", first, stratum, 6, -20, delay, dispersion, reference, 0, 0, nonce, *came, seconds, fraction
    )


def refused(data):
    try:
        sntp.answer(data, 0)
    except ValueError as e:
        return str(e)
    raise AssertionError("believed")


def test_the_question_is_48_bytes_of_a_version_4_client():
    assert sntp.request(NONCE) == b"\x23" + bytes(39) + NONCE


def test_the_answer_is_utc():
    # 2026-11-21 00:00:00 UTC is 4004121600 seconds after 1900.
    assert sntp.answer(packet(4004121600, 1 << 31), 0) == 1795132800500


def test_half_of_the_way_is_added_and_the_servers_own_time_is_not_part_of_it():
    # RFC 4330 section 5: t = ((T2 - T1) + (T3 - T4)) / 2, on a way that takes as long there as back.
    assert sntp.answer(packet(4004121600), 200) == 1795132800100
    assert sntp.answer(packet(4004121600, 1 << 30, came=(4004121600, 0)), 350) == 1795132800300
    assert sntp.answer(packet(4004121601, 0, came=(4004121600, 3 << 30)), 350) == 1795132801050
    # More than the whole wait: the server's first stamp is wrong.
    assert sntp.answer(packet(4004121601, 0, came=(4004121600, 0)), 350) == 1795132801175


def test_the_answer_after_the_wrap_of_2036():
    # RFC 4330 section 3: the first second of era 1 is 2036-02-07 06:28:16 UTC.
    assert sntp.answer(packet(0, 1 << 31), 0) == 2085978496500
    assert sntp.answer(packet(1000), 0) == 2085979496000
    assert sntp.answer(packet(0xFFFFFFFF), 0) == 2085978495000


def test_no_answer_is_older_than_the_program():
    # 2026-01-01 is 3976214400 after 1900, the first moment that may be true; 2**31 seconds later is the last.
    assert sntp.answer(packet(3976214400), 0) == 1767225600000
    assert sntp.answer(packet(3976214400 + 0x7FFFFFFF & 0xFFFFFFFF), 0) == (1767225600 + 0x7FFFFFFF) * 1000
    for seconds in (3976214399, 3976214400 + 0x80000000 & 0xFFFFFFFF, 3786825600, 2208988800):
        assert "year" in refused(packet(seconds))


def test_what_is_not_believed():
    assert "no time" in refused(packet(4004121600, stratum=16))
    assert "no time" in refused(packet(4004121600, first=0xE4))
    assert "no time" in refused(packet(0))
    assert "not a server" in refused(packet(4004121600, first=0x23))
    # RFC 4330 section 5: root delay and dispersion from 0 to "a cozy number like one second".
    assert "too far" in refused(packet(4004121600, delay=0x10000))
    assert "too far" in refused(packet(4004121600, delay=-1))
    assert "too far" in refused(packet(4004121600, dispersion=0x10000))
    assert sntp.answer(packet(4004121600, delay=0xFFFF, dispersion=0xFFFF), 0)


def test_a_kiss_of_death_comes_with_its_code():
    for code in (b"RATE", b"DENY", b"RSTR", b"ACST"):
        try:
            sntp.answer(packet(0, stratum=0, first=0xE4, reference=code), 0)
        except ValueError as e:
            assert e.args[-1] == code
        else:
            raise AssertionError(code)


def test_only_a_whole_answer_to_this_question_is_mine():
    good = packet(4004121600)
    assert sntp.mine(good, NONCE) and sntp.mine(good + b"authentication", NONCE)
    assert not sntp.mine(packet(4004121600, nonce=bytes(8)), NONCE)
    for cut in range(48):
        assert not sntp.mine(good[:cut], NONCE)
