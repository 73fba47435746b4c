"""SNTP answers: believed when sane, refused with the reason when not (RFC 4330 section 5)."""

import struct

from node import sntp

NONCE = b"\x01\x02\x03\x04\x05\x06\x07\x08"


def packet(seconds, fraction=0, first=0x24, stratum=2, nonce=NONCE, reference=b"LOCL"):
    return struct.pack(">BBbb2I4sII8sIIII", first, stratum, 6, -20, 0, 0, reference, 0, 0, nonce, 0, 0, seconds, fraction)


def refused(data):
    try:
        sntp.answer(data, NONCE)
    except ValueError as e:
        return str(e)
    raise AssertionError("believed")


def test_the_question_is_48_bytes_of_a_version_4_client():
    assert sntp.request(NONCE) == b"\x23" + bytes(39) + NONCE


def test_the_answer_is_utc():
    # 2026-11-21 00:00:00 UTC is 4004121600 seconds after 1900.
    assert sntp.answer(packet(4004121600, 1 << 31), NONCE) == (1795132800, 500)


def test_the_answer_after_the_wrap_of_2036():
    # RFC 4330 section 3: the first second of era 1 is 2036-02-07 06:28:16 UTC.
    assert sntp.answer(packet(0), NONCE)[0] == 2085978496
    assert sntp.answer(packet(1000), NONCE)[0] == 2085979496


def test_what_is_not_believed():
    assert "kiss of death RATE" in refused(packet(4004121600, stratum=0, reference=b"RATE"))
    assert "no time" in refused(packet(4004121600, stratum=16))
    assert "no time" in refused(packet(4004121600, first=0xE4))
    assert "not a server" in refused(packet(4004121600, first=0x23))
    assert "this question" in refused(packet(4004121600, nonce=bytes(8)))
    for cut in range(48):
        assert "short" in refused(packet(4004121600)[:cut])
