"""The node's time from the real chronyd. Oracle: ntplib's answer from the same chronyd."""

from __future__ import annotations

import time
from collections.abc import Callable

from timekit import HOST, Chrony, TimeServer, ask, free_udp_port


def test_the_clock_is_set_to_what_ntplib_reads(micropython: str, chrony: Callable[..., Chrony]) -> None:
    server = chrony("local stratum 8")
    seen = server.ask()
    assert (seen.stratum, seen.leap) == (8, 0)
    (found,) = ask(micropython, [server.url])
    assert found["set"]
    # chronyd serves this computer's clock: both offsets to it are small, and the same.
    assert abs(found["offset_ms"] - seen.offset * 1000) < 50, (found, seen.offset)
    assert abs(found["fixed_at"] - time.time()) < 5
    year, month, day, _, hour, minute, second, _ = found["written"]
    written = time.strptime(f"{year}-{month}-{day} {hour}:{minute}:{second} UTC", "%Y-%m-%d %H:%M:%S %Z")
    assert abs(time.mktime(written) - time.timezone - found["fixed_at"]) <= 1


def test_a_chronyd_that_has_no_time_itself_is_not_believed(micropython: str, chrony: Callable[..., Chrony]) -> None:
    server = chrony()
    assert server.ask().leap == 3
    found = ask(micropython, [server.url], 3)
    assert [attempt["set"] for attempt in found] == [False] * 3
    # Asked again after 1, 3, 7 wakes without.
    assert [attempt["skips"] for attempt in found] == [1, 3, 7]


def test_the_next_server_is_asked_after_a_second_and_the_silent_one_is_spared_later(
    micropython: str, chrony: Callable[..., Chrony], time_server: Callable[..., TimeServer]
) -> None:
    good = chrony("local stratum 8")
    good.ask()
    silent = time_server(lambda question, number: [])
    found = ask(micropython, [silent.url, good.url], 8)
    assert all(attempt["set"] and abs(attempt["offset_ms"]) < 50 for attempt in found)
    waited = [attempt["took_ms"] > 900 for attempt in found]
    assert waited == [True, False, True, False, False, False, True, False]
    assert max(attempt["took_ms"] for attempt in found) < 1600
    assert silent.asked == 3


def test_a_closed_port_costs_no_more_than_its_second(micropython: str, chrony: Callable[..., Chrony]) -> None:
    good = chrony("local stratum 8")
    good.ask()
    (found,) = ask(micropython, [f"{HOST}:{free_udp_port()}", good.url])
    assert found["set"] and found["took_ms"] < 1600
