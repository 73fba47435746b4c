"""IBM's monitoring messages: fields, states, closing codes as its page, "Communicating with applications (MQTT)", has them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dormouse.errors import UsageError
from dormouse.watching import ibm, ibm_codes, lines, shared
from dormouse.watching.ibm import FIELDS, Monitor

TOPIC = "iot-2/type/hut/id/a1/mon"
ALWAYS = {
    "Action": "Connect", "Time": "2026-11-21T12:00:00.000Z", "ClientAddr": "192.0.2.7", "ClientID": "d:org:hut:a1",
    "Port": 8883, "Secure": True, "Protocol": "mqtt4-tcp",
}  # fmt: skip
MORE = {"User": "use-token-auth", "Certname": "a1.hut", "ConnectTime": "2026-11-21T11:59:00.000Z"}
COUNTS = {"ReadBytes": 900, "ReadMsg": 9, "WriteBytes": 80, "WriteMsg": 2}


def take(monitor: Monitor, topic: str = TOPIC, **fields: Any) -> Any:
    return monitor.take(topic, json.dumps({**ALWAYS, **fields}).encode(), 1.0)


def gone(monitor: Monitor, code: int | None, **fields: Any) -> Any:
    close = {} if code is None else {"CloseCode": code, "Reason": "The reason: x"}
    return take(monitor, Action="Disconnect", **MORE, **COUNTS, **close, **fields)


def test_every_field_of_the_page_is_known_and_comes_out() -> None:
    assert len(FIELDS) == 16
    event = gone(Monitor(), 160)
    assert set(event["monitoring"]) == {name for name, _, _ in FIELDS}
    assert event["close"] == ibm_codes.name(160) and "160: timed out" in event["text"]
    text = lines.line(event)
    for word in ("192.0.2.7:8883", "mqtt4-tcp TLS", "use-token-auth", "a1.hut", "9 messages", "after 60 s"):
        assert word in text


def test_optional_fields_may_be_absent_the_others_not() -> None:
    monitor = Monitor()
    assert take(monitor)["state"] == ibm.CONNECTED
    assert take(monitor, Action="Disconnect")["state"] == ibm.DISCONNECTED
    for name in ALWAYS:
        event = monitor.take(TOPIC, json.dumps({key: value for key, value in ALWAYS.items() if key != name}).encode(), 1.0)
        assert event is not None and event["event"] == "unread" and name in event["why"]
    for payload in (b"{", b"[]", b'"x"', b"\xff"):
        assert monitor.take(TOPIC, payload, 1.0)["event"] == "unread"  # type: ignore[index]
    assert take(monitor, Port=True)["event"] == "unread"


def test_288_is_a_reconnection_whichever_comes_first() -> None:
    for first_new in (True, False):
        monitor = Monitor()
        take(monitor)
        for new in (first_new, not first_new):
            if new:
                take(monitor, Time="2026-11-21T12:05:00Z")
            else:
                assert gone(monitor, 288)["text"].startswith("connected: reconnected")
        client = monitor.clients["hut/a1"]
        assert (client.state, client.reconnects) == (ibm.CONNECTED, 1)


def test_states_unknown_connected_disconnected_and_a_failed_connection_changes_none() -> None:
    monitor = Monitor(("hut/a1", "app/eye"))
    assert {name: it.state for name, it in monitor.clients.items()} == {"hut/a1": ibm.UNKNOWN, "app eye": ibm.UNKNOWN}
    take(monitor, Action="FailedConnect", CloseCode=180, Reason="The operation is not authorized")
    assert (monitor.clients["hut/a1"].state, monitor.clients["hut/a1"].failed) == (ibm.UNKNOWN, 1)
    take(monitor)
    take(monitor, Action="FailedConnect", CloseCode=163)
    assert monitor.clients["hut/a1"].state == ibm.CONNECTED
    assert gone(monitor, None)["state"] == ibm.DISCONNECTED
    assert take(monitor, "iot-2/app/eye/mon")["client"] == "app eye"
    assert monitor.take("iot-2/app/eye/mon", b"", 2.0) is None  # what was retained is cleared
    assert monitor.take("iot-2/type/hut/id/a1/evt/x/fmt/json", b"{}", 2.0) is None


def test_a_retained_message_that_comes_again_is_no_news() -> None:
    monitor = Monitor()
    assert gone(monitor, 288) and gone(monitor, 288) is None
    assert monitor.clients["hut/a1"].reconnects == 1


def test_both_tables_of_closing_codes() -> None:
    assert sorted(ibm_codes.COMMON) == [0, 91, 92, 93, 94, 160, 180, 287, 288]
    assert sorted(ibm_codes.RARE) == [104, 105, 154, 163, 164, 165, 166, 167, 169, 170, 173, 175, 176, 271, 276]
    assert len(set(ibm_codes.ALL.values())) == 24
    for code in ibm_codes.ALL:
        assert f"{code}: {ibm_codes.ALL[code]}" in gone(Monitor(), code)["text"]
    assert "does not name" in gone(Monitor(), 999)["text"]


def test_filters_are_the_pages() -> None:
    assert ibm.filters(()) == [["iot-2/type/+/id/+/mon", "iot-2/app/+/mon"]]
    assert ibm.filters(("hut/a1", "app/eye")) == [["iot-2/type/hut/id/a1/mon", "iot-2/app/eye/mon"]]
    for wrong in ("a1", "hut/+", "/a", "a/", "a/b/c"):
        with pytest.raises(UsageError):
            ibm.filters((wrong,))


def test_scalable_applications_as_the_page_says() -> None:
    plain = shared.plan(None, None, 0, "A:abc123:eye")
    assert (plain.clean_start, plain.expiry_s, plain.durable, plain.filter("x")) == (True, 0, False, "x") and plain.shares
    kept = shared.plan(None, None, 900, "A:abc123:eye:one")
    assert (kept.clean_start, kept.expiry_s, kept.durable) == (False, 900, True)
    group = shared.plan("eye", None, 0, None)
    assert (group.clean_start, group.expiry_s, group.filter("a/+")) == (True, 0, "$share/eye/a/+")
    named = shared.plan("eye", "one", 600, None)
    assert (named.client_id, named.clean_start, named.expiry_s, named.durable) == ("dormouse-eye-one", False, 600, True)
    assert shared.plan("eye", None, 0, None).client_id != group.client_id
    for wrong in (("a/b", None, 0, None), ("", None, 0, None), ("a", "i", 0, None), ("a", None, 5, None), (None, "i", 0, None),
                  (None, None, 0, "A:x"), (None, None, 0, "A:o:a b"), ("g", None, 0, "A:o:a"), (None, None, 5, "A:o:a"),
                  (None, None, 0, "A:quickstart:a")):  # fmt: skip
        with pytest.raises(UsageError):
            shared.plan(*wrong)
