"""What is remembered of the link, how long it is believed, and that no bytes whatever do harm."""

import struct

from power import lease

MARK = 0xBEEF
NOW = 30000
AP = b"\x02\x1a\x2b\x3c\x4d\x5e"
FOUR = ("192.168.1.57", "255.255.255.0", "192.168.1.1", "9.9.9.9")


def fresh(mark=MARK, now=NOW):
    kept = bytearray(30)
    lease.check(kept, mark, now, 0, 4)
    assert lease.choice(kept) is None and lease.address(kept) is None and lease.broker(kept) == ""
    lease.learn(kept, 2, AP, 11, -61)
    lease.keep(kept, FOUR)
    lease.put(kept, "10.1.2.3")
    kept[2:4] = struct.pack("<H", now & 0xFFFF)
    return kept


def test_what_is_kept_comes_back():
    kept = fresh()
    assert lease.choice(kept) == (2, AP, 11)
    assert lease.address(kept) == FOUR
    assert lease.broker(kept) == "10.1.2.3"
    assert len(kept) == 30
    # The layout that the module describes: magic numbers of its own, packed by struct.
    assert bytes(kept) == struct.pack(
        "<HHBbBB6s4s4s4s4s", MARK, NOW, 1, -61, 2 << 4 | 11, 24, AP,
        bytes((192, 168, 1, 57)), bytes((192, 168, 1, 1)), bytes((9, 9, 9, 9)), bytes((10, 1, 2, 3))
    )  # fmt: skip


def test_a_network_that_a_scan_did_not_show_has_no_bssid():
    kept = fresh()
    lease.learn(kept, 0, None, 0, 0)
    assert lease.choice(kept) == (0, None, 0)
    for _ in range(5):
        lease.used(kept, -99)
    assert kept[4] == 6, "no signal to compare with"


def test_a_channel_of_5_ghz_is_left_to_the_port():
    kept = fresh()
    lease.learn(kept, 3, AP, 36, -61)
    assert lease.choice(kept) == (3, AP, 0)


def test_an_address_is_believed_for_two_hours_whatever_the_clock_counts_from():
    for now in (0, 1, NOW, 65500, 65535):
        for age, good in ((0, True), (119, True), (120, True), (121, False), (3000, False), (-1, False)):
            kept = fresh(now=now)
            lease.check(kept, MARK, now + age, 0, 4)
            assert (lease.address(kept) is not None) == good, (now, age)
            assert lease.choice(kept) == (2, AP, 11), "the access point does not age by the clock"
            assert lease.broker(kept) == "10.1.2.3", "better an old one than none"


def test_another_configuration_forgets_all():
    kept = fresh()
    lease.check(kept, MARK ^ 1, NOW, 0, 4)
    assert bytes(kept) == struct.pack("<H", MARK ^ 1) + bytes(28)


def test_fewer_networks_than_there_were():
    kept = fresh()
    lease.check(kept, MARK, NOW, 0, 2)
    assert lease.choice(kept) is None and lease.address(kept) is None


def test_failures_forget_more_and_more_but_not_every_time():
    found = []
    for fails in range(12):
        kept = fresh()
        lease.check(kept, MARK, NOW, fails, 4)
        found.append((lease.choice(kept) is not None, lease.address(kept) is not None))
    nothing, point, both = (False, False), (True, False), (True, True)
    assert found == [both, point, nothing, both, both, both, nothing, both, both, both, nothing, both]


def test_an_access_point_serves_96_times():
    kept = fresh()
    for uses in range(1, 98):
        lease.check(kept, MARK, NOW, 0, 4)
        assert (lease.choice(kept) is not None) == (uses <= 96), uses
        lease.used(kept, -61)


def test_a_signal_that_falls_ends_it_sooner():
    for rssi, good in ((-61, True), (-40, True), (-71, True), (-72, False), (-128, False), (0, True), (31, True)):
        kept = fresh()
        lease.used(kept, rssi)
        lease.check(kept, MARK, NOW, 0, 4)
        assert (lease.choice(kept) is not None) == good, rssi


def test_an_address_of_the_configuration_does_not_hide_that_the_broker_is_to_be_asked_for():
    kept = bytearray(30)
    static = ("192.168.1.50/24", "192.168.1.1")
    lease.check(kept, MARK, NOW, 0, 4)
    lease.keep(kept, static)
    assert lease.address(kept) == ("192.168.1.50", "255.255.255.0", "192.168.1.1", "192.168.1.1")
    assert kept[7] >= 128
    lease.learn(kept, 0, AP, 1, -50)
    lease.keep(kept, lease.address(kept))  # as WLAN.ifconfig() then gives it
    kept[2:4] = struct.pack("<H", NOW)
    lease.check(kept, MARK, NOW, 0, 4)
    lease.keep(kept, static)
    assert kept[7] == 24
    lease.check(kept, MARK, NOW + 121, 0, 4)
    lease.keep(kept, static)
    assert kept[7] >= 128


def test_masks():
    for bits in range(8, 31):
        kept = bytearray(30)
        lease.keep(kept, ("10.0.0.5/" + str(bits), "10.0.0.6"))
        mask = lease.address(kept)[1]
        value = 0
        for part in mask.split("."):
            value = value << 8 | int(part)
        assert value == (1 << 32) - (1 << 32 - bits)
        lease.keep(kept, ("10.0.0.5", mask, "10.0.0.6", "10.0.0.6"))
        assert kept[7] == bits


def test_any_bytes_are_harmless():
    seed = 1
    for number in range(400):
        kept = bytearray(30)
        for i in range(30):
            seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
            kept[i] = (0, 255, seed >> 16 & 255)[number % 3]
        kept[0], kept[1] = MARK & 255, MARK >> 8  # else it is forgotten at once
        if number % 2:
            kept[4] = 1
            kept[6] &= 0x1F
            kept[7] &= 0x1F
        lease.check(kept, MARK, NOW, number % 5, 2)
        choice = lease.choice(kept)
        if choice:
            at, bssid, channel = choice
            assert at < 2 and 0 <= channel < 16 and (bssid is None or (len(bssid) == 6 and bssid[0] & 1 == 0))
        address = lease.address(kept)
        if address:
            assert choice, "an address only for the network that gave it"
            parts = [[int(part) for part in text.split(".")] for text in address]
            assert all(own & mask == gate & mask for own, mask, gate in zip(parts[0], parts[1], parts[2]))
            assert parts[0] != parts[2] and 0 < parts[0][0] < 224
        lease.broker(kept)
        lease.used(kept, -number % 128)


def test_what_is_no_address_is_refused():
    for text in ("", "1.2.3.x", "300.1.1.1", "fe80::1"):
        try:
            lease.packed(text)
        except ValueError:
            continue
        raise AssertionError(text)
