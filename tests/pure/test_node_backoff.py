"""How failures lengthen the sleep, what a throttling broker says, and which subscriptions it refuses.

Oracles: design table's seconds; MQTT 3.1.1 table 3.1 and MQTT 5 section 3.2.2.2 for the codes; Adafruit IO's documentation for
its words.
"""

from node import backoff, grants, state, throttle

HALF = 1 << 23
MOST = (1 << 24) - 1


def test_codes_of_both_versions_say_what_kind_of_failure_it_is():
    kinds = {
        backoff.CONFIG: (1, 2, 4, 5, 0x84, 0x85, 0x86, 0x87, 0x8C, 0x90),
        backoff.THROTTLED: (6, 0x97, 0x9F),
        backoff.BANNED: (7, 0x8A),
        backoff.NETWORK: (3, 8, 127, 0x80, 0x81, 0x82, 0x83, 0x88, 0x89, 0x95, 255),
    }
    for kind, codes in kinds.items():
        for code in codes:
            assert backoff.kind_of(code) == kind, code


def test_a_failure_that_lasts_is_awake_for_a_thousandth_of_the_time():
    for interval_s in (10, 900, 21600):
        for awake_ms in (500, 3000, 20000):
            for draw in (0, HALF, MOST):
                asleep_s = interval_s + backoff.extra_s(backoff.NETWORK, 10, interval_s, draw, awake_ms)
                assert asleep_s >= awake_ms * 1024 // 1000
                assert asleep_s <= max(interval_s + 7200, awake_ms * 1024 // 1000)
    # Never longer than six hours, which is four wakes a day.
    assert 900 + backoff.extra_s(backoff.CRASH, 255, 900, 0, 60000) == 6 * 3600


def test_what_a_wake_took_counts_more_with_every_failure_and_a_first_one_hardly():
    last = -1
    for fails in range(1, 11):
        asleep_s = 10 + backoff.extra_s(backoff.LINK, fails, 10, 0, 20000)
        assert asleep_s == 20 << fails > last
        last = asleep_s
    assert backoff.extra_s(backoff.LINK, 1, 900, 0, 20000) == 0
    assert 10 + backoff.extra_s(backoff.LINK, 200, 10, 0, 20000) == last


def test_throttled_doubles_from_the_brokers_word_on_and_keeps_to_what_it_said():
    for fails, seconds in ((1, 120), (2, 240), (3, 480), (7, 7200), (200, 7200)):
        assert 10 + backoff.extra_s(backoff.THROTTLED, fails, 10, HALF, 0) == seconds
        assert 10 + backoff.extra_s(backoff.THROTTLED, fails, 10, HALF, 2001) == seconds + 3
    assert 10 + backoff.extra_s(backoff.THROTTLED, 1, 10, 0, 0, 3000) == 3000
    assert backoff.extra_s(backoff.THROTTLED, 1, 900, 0, 5000, 60) == 0
    assert 60 + backoff.extra_s(backoff.BANNED, 1, 60, 0, 5500) == 3606


def test_the_seconds_are_found_in_adafruits_words():
    for text, wait_s in (
        (b"throttled: data rate limit reached, 42 seconds until throttle released", 42),
        (b"1 second until throttle released", 1),
        (b"You have been banned for 30 seconds.", 30),
        (b"rate limit exceeded, 17 seconds, until throttle released", 17),
        (b"99999999999999999999 seconds until throttle released", 7200),
        (b"minus -5 seconds", 0),
        (b"1.5 seconds", 0),
        (b"seconds until throttle released", 0),
        (b"", 0),
        (b"\xff\xfe 3", 0),
    ):
        assert throttle.seconds(text) == wait_s, text


def test_a_refused_subscription_is_left_out_and_asked_for_again_much_later():
    own, fleet = ("a/set", 1), ("all/set", 1)
    filters = [own, fleet]
    st = state.State()
    assert grants.ask(st, filters) == filters
    grants.note(st, filters, filters, b"\1\x80", True, b"\1")
    assert not st.flags
    for _ in range(63):
        asked = grants.ask(st, filters)
        assert asked == [own]
        grants.note(st, filters, asked, b"\1", True, b"\1")
    assert grants.ask(st, filters) == filters
    grants.note(st, filters, filters, b"\1\x87", True, b"\1")  # MQTT 5: not authorised
    assert grants.ask(st, filters) == [own]
    grants.note(st, filters, [own], b"\x80", True, b"\1")
    assert grants.ask(st, filters) == []
    for _ in range(62):
        assert grants.ask(st, filters) == []
    assert grants.ask(st, filters) == filters
    grants.note(st, filters, filters, b"\1\1", True, b"\1")
    assert st.refused == 0 and grants.ask(st, filters) == filters
    # An answer that is too short leaves what is known.
    grants.note(st, filters, filters, b"", False, b"\1")
    assert st.refused == 0 and st.flags == state.STEP_BY_STEP
