"""MQTT 5 on real brokers: those that speak it, and those that must be told apart from a broken link."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from abilities import BROKERS, both, name_of, shows
from burstkit import burst
from clientkit import run
from onlooker import Onlooker

from brokers_served import PASSWORD, USER, Served


class V5:
    """mqtt.v5.V5(...) as the burst's program evaluates it."""

    def __init__(self, *args: object) -> None:
        self._args = args

    def __repr__(self) -> str:
        return f"__import__('mqtt.v5', None, None, ('V5',)).V5{self._args!r}"


def options(base: str, broker: Served) -> dict[str, object]:
    silent = "mqtt 5 refused" in BROKERS[name_of(broker)].lacks  # then no answer is worth waiting for
    return {
        "client_id": base,
        "timeout_ms": 600 if silent else 8000,
        "v5": V5({0x11: 60}),
        "publish": [(f"{base}/r", b"21", False, 1, 7, False, {0x26: {"unit": "C"}})],
        "subscribe": [(f"{base}/set", 1)],
    }


@pytest.fixture
def speaks_5(broker: Served) -> Served:
    """The broker, if it speaks MQTT 5."""
    why = BROKERS[name_of(broker)].lacks.get("mqtt 5")
    return pytest.skip(why) if why else broker


@both
@shows("mqtt 5")
def test_a_burst_delivers_and_drains(interpreter: str, broker: Served, base: str, tmp_path: Path) -> None:
    with Onlooker(broker.port, f"{base}/r") as onlooker:
        done = burst(interpreter, tmp_path, broker.port, **options(base, broker))
        assert done.error is None
        assert done.result == (False, b"\1", 0, True)
        assert done.acked == [1]
        for n in range(30):
            onlooker.send(f"{base}/set", f"command {n}")
        done = burst(interpreter, tmp_path, broker.port, **options(base, broker))
        assert done.result == (True, b"\1", 30, True)
        assert done.payloads == [b"command %d" % n for n in range(30)]
        assert onlooker.wait(2) == [(f"{base}/r", b"21")] * 2


@both
def test_a_retained_command_comes_once_to_a_session(interpreter: str, speaks_5: Served, base: str, tmp_path: Path) -> None:
    # 3.8.3.1, retain handling 1: only to a new subscription
    wanted = {**options(base, speaks_5), "subscribe": [(f"{base}/set", 0x11)]}
    with Onlooker(speaks_5.port) as onlooker:
        onlooker.send(f"{base}/set", "keep", 1, True)
        try:
            assert burst(interpreter, tmp_path, speaks_5.port, **wanted).payloads == [b"keep"]
            assert burst(interpreter, tmp_path, speaks_5.port, **wanted).payloads == []
        finally:
            onlooker.send(f"{base}/set", "", 1, True)


@both
def test_a_wrong_password_is_refused(interpreter: str, speaks_5: Served, base: str, tmp_path: Path) -> None:
    wrong = burst(interpreter, tmp_path, speaks_5.port, user=USER, password="wrong", **options(base, speaks_5))
    assert wrong.error in (("MQTT5Error", 0x86, 0x2002), ("MQTT5Error", 0x87, 0x2002))  # 2.4
    assert burst(interpreter, tmp_path, speaks_5.port, user=USER, password=PASSWORD, **options(base, speaks_5)).acked == [1]


@both
def test_the_client_keeps_its_session(interpreter: str, speaks_5: Served, base: str, tmp_path: Path) -> None:
    code = """
        import sys
        from kit import client, main

        async def go():
            base = sys.argv[3]
            c = client(client_id=base, clean=False, clean_init=False, mqttv5=True, mqttv5_con_props={0x11: 60}, queue_len=5)
            await c.connect(quick=True)
            print(repr(("present", c.session_present)))
            await c.subscribe(base + "/set", 1)
            await c.publish(base + "/set", "21.5 \\u00b0C", qos=1, properties={0x26: {"unit": "C"}})
            message = await c.queue.__anext__()
            print(repr((bytes(message[1]), message[3][0x26])))
            await c.unsubscribe(base + "/other")
            await c.disconnect()
        main(go, 5)
    """
    for present in (False, True):
        lines = run(interpreter, tmp_path, code, speaks_5.host, speaks_5.port, base).splitlines()
        assert [ast.literal_eval(line) for line in lines] == [
            ("present", present),
            ("21.5 \u00b0C".encode(), {"unit": "C"}),
        ]


@both
@shows("mqtt 5 refused")
def test_a_broker_of_3_1_1_says_so(interpreter: str, broker: Served, base: str, tmp_path: Path) -> None:
    # MQTT 3.1.1, 3.1.2-2: CONNACK with code 1
    done = burst(interpreter, tmp_path, broker.port, **options(base, broker))
    assert done.error == ("MQTTError", 1, 0x2002)
    assert done.acked == [0]
    code = """
        import sys
        from kit import client, main

        async def go():
            c = client(client_id=sys.argv[3], mqttv5=True)
            try:
                await c.connect(quick=True)
            except OSError as e:
                print(e.code, e.retry, c.isconnected())
        main(go)
    """
    assert run(interpreter, tmp_path, code, broker.host, broker.port, base) == "1 False False"
