"""Time servers that refuse, lie or talk nonsense. Oracle: RFC 4330 sections 5 and 8, RFC 5905 section 7.4."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from timekit import TO_1900, Reply, TimeServer, answer, ask, constant

Start = Callable[[Reply], TimeServer]
DAY_S = 86400


def known() -> dict[str, int]:
    """The state of a node whose clock was set an hour ago."""
    now = int(time.time())
    return {"fixed_at": now - 3600, "born_at": now - 7200, "slept_ms": 3500000, "drift": 7}


def kiss(code: bytes) -> Reply:
    """A kiss-of-death."""
    return constant(first=0xE4, stratum=0, reference=code)


def test_rate_is_obeyed_by_asking_less_and_less_often(micropython: str, time_server: Start) -> None:
    counts = []
    server = time_server(kiss(b"RATE"))
    for attempts in (1, 2, 3, 6, 7, 14, 15, 16):
        before = server.asked
        assert not ask(micropython, [server.url], attempts)[-1]["set"]
        counts.append(server.asked - before)
    # Asked in attempts 1, 3, 7, 15: it sits out one, three, seven between them.
    assert counts == [1, 1, 2, 2, 3, 3, 4, 4]


@pytest.mark.parametrize("code", [b"DENY", b"RSTR"])
def test_a_server_that_denies_is_not_asked_again_in_this_boot(micropython: str, time_server: Start, code: bytes) -> None:
    denying, good = time_server(kiss(code)), time_server(constant())
    found = ask(micropython, [denying.url, good.url], 40)
    assert (denying.asked, good.asked) == (1, 40)
    assert all(attempt["set"] for attempt in found)


def test_another_kiss_code_is_a_failed_answer_and_no_more(micropython: str, time_server: Start) -> None:
    server = time_server(kiss(b"ACST"))
    ask(micropython, [server.url], 4)
    assert server.asked == 4


def test_a_kiss_of_death_for_another_question_is_not_obeyed(micropython: str, time_server: Start) -> None:
    def forged(question: bytes, _: int) -> list[bytes]:
        return [answer(question, first=0xE4, stratum=0, reference=b"DENY", originate=bytes(8)), answer(question)]

    (found,) = ask(micropython, [time_server(forged).url])
    assert found["set"] and abs(found["offset_ms"]) < 50


@pytest.mark.parametrize(
    "changes",
    [
        {"stratum": 16}, {"first": 0xE4}, {"first": 0x23}, {"first": 0x25}, {"dispersion": 0x20000}, {"delay": 0x20000},
        {"delay": -1}, {"sent": 0}, {"sent": 1577836800 + TO_1900}, {"originate": bytes(8)},
    ],
    ids=str,
)  # fmt: skip
def test_nonsense_leaves_the_clock_unset(micropython: str, time_server: Start, changes: dict[str, Any]) -> None:
    def reply(question: bytes, _: int) -> list[bytes]:
        # Bits of the transmit timestamp's fraction are 0 where `sent` is given: all zero means no time.
        return [answer(question, **changes)]

    server = time_server(reply)
    (found,) = ask(micropython, [server.url])
    assert (found["set"], found["written"], server.asked) == (False, None, 1)


def test_answers_that_are_cut_short_are_waited_through(micropython: str, time_server: Start) -> None:
    def reply(question: bytes, _: int) -> list[bytes]:
        whole = answer(question)
        return [whole[:cut] for cut in range(0, 48, 5)] + [whole + bytes(20)]

    (found,) = ask(micropython, [time_server(reply).url])
    assert found["set"] and abs(found["offset_ms"]) < 50


def test_half_the_way_is_added(micropython: str, time_server: Start) -> None:
    def late(question: bytes, _: int) -> list[bytes]:
        time.sleep(0.3)
        return [answer(question)]

    # Stamped when it leaves, after a way there of 300 ms: the node takes both ways for equal.
    (found,) = ask(micropython, [time_server(late).url])
    assert 100 < found["offset_ms"] < 250


def test_an_unset_clock_takes_one_servers_word(micropython: str, time_server: Start) -> None:
    (found,) = ask(micropython, [time_server(constant(offset_s=400 * DAY_S)).url])
    assert found["set"] and abs(found["offset_ms"] - 400 * DAY_S * 1000) < 100


def test_a_set_clock_jumps_only_when_two_servers_agree(micropython: str, time_server: Start) -> None:
    liar, other, honest = (time_server(constant(offset_s=offset)) for offset in (DAY_S, 2 * DAY_S, 0.2))
    (found,) = ask(micropython, [liar.url, honest.url], **known())
    assert abs(found["offset_ms"] - 200) < 100
    assert (liar.asked, honest.asked) == (1, 1)
    (found,) = ask(micropython, [liar.url, other.url], **known())
    assert found["offset_ms"] is None and found["set"]
    again = time_server(constant(offset_s=DAY_S + 1))
    (found,) = ask(micropython, [liar.url, again.url], **known())
    assert abs(found["offset_ms"] - (DAY_S + 1) * 1000) < 100


def test_a_lone_server_is_believed_in_its_third_attempt(micropython: str, time_server: Start) -> None:
    server = time_server(constant(offset_s=DAY_S))
    found = ask(micropython, [server.url], 3, **known())
    assert [attempt["offset_ms"] is not None for attempt in found] == [False, False, True]
    assert [attempt["skips"] for attempt in found] == [1, 3, 0]


def test_what_an_unknown_sleep_clock_can_do_in_an_hour_is_no_jump(micropython: str, time_server: Start) -> None:
    # A tenth of an hour, the most that is learned, and a minute.
    for offset_s in (360, -360):
        (found,) = ask(micropython, [time_server(constant(offset_s=offset_s)).url], **known())
        assert found["offset_ms"] is not None and abs(found["offset_ms"] - offset_s * 1000) < 100


def test_a_clock_that_lost_its_time_is_set_at_one_servers_word(micropython: str, time_server: Start) -> None:
    # The last fix is years ahead of a clock that started again.
    state = {"fixed_at": int(time.time()) + 20 * 365 * DAY_S, "born_at": 1}
    (found,) = ask(micropython, [time_server(constant()).url], **state)
    assert found["offset_ms"] is not None


def test_only_the_first_four_servers_are_asked(micropython: str, time_server: Start) -> None:
    servers = [time_server(kiss(b"NKEY")) for _ in range(5)]
    ask(micropython, [server.url for server in servers])
    assert [server.asked for server in servers] == [1, 1, 1, 1, 0]
