"""What a program gives mqtt_as goes out as it was meant, or raises: text, topics, user, password and will.

Oracle: mqtt_as's README, sections 2.3, 2.4 and 3.
"""

from __future__ import annotations

from pathlib import Path

from clientkit import FakeBroker, Peer, both, run

from brokers import Mosquitto


@both
def test_w16_text_is_measured_in_bytes(interpreter: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    code = """
        import asyncio
        from kit import client, main, until

        async def go():
            c = client(queue_len=9, client_id="garten-ö", will=("ende-ü", "tschüß", False, 0))
            await c.connect(quick=True)
            await c.subscribe("grad/°C", 1)
            await c.publish("grad/°C", "21.5 °C")
            await c.publish("grad/°C", b"next", qos=1)
            await until(lambda: c.queue._n == 2)
            for text in ("21.5 °C", "next"):
                topic, msg, _ = await c.queue.__anext__()
                assert (topic.decode(), msg.decode()) == ("grad/°C", text)
            assert c.isconnected()
            await c.disconnect()
        main(go)
    """
    run(interpreter, tmp_path, code, mosquitto.host, mosquitto.port)


@both
def test_w17_what_a_broker_would_hang_up_for_raises_before_it_is_sent(interpreter: str, tmp_path: Path) -> None:
    sent: list[bytes] = []

    def listens(peer: Peer) -> None:
        peer.accept()
        sent.extend(peer.until_closed())

    code = """
        from kit import client, main

        async def go():
            c = client()
            await c.connect(quick=True)
            calls = [lambda t=t: c.publish(t, "x", qos=1) for t in ("", "a/+", "#", "x" * 70000, "a\\0b", b"\\xff")]
            calls += [lambda m=m: c.publish("a", m, qos=1) for m in (None, 5, {})]
            calls += [lambda: c.publish("a", "b", qos=2), lambda: c.publish("a", "b", properties={1: 1})]
            calls += [lambda t=t: c.subscribe(t) for t in ("", "a/#/b", "a+")]
            calls += [lambda: c.subscribe("a", 2), lambda: c.subscribe("a", properties={1: 1}), lambda: c.unsubscribe("")]
            for n, call in enumerate(calls):
                try:
                    await call()
                except (ValueError, TypeError):
                    continue
                assert False, n
            assert c.isconnected() and not c._session.requests
            c.close()
        main(go)
    """
    with FakeBroker(listens) as broker:
        run(interpreter, tmp_path, code, "127.0.0.1", broker.port)
    assert sent == []


@both
def test_w19_user_password_and_will_arrive(interpreter: str, tmp_path: Path) -> None:
    hellos: list[bytes] = []

    def listens(peer: Peer) -> None:
        hellos.append(peer.accept())

    code = """
        from kit import client, main

        async def go():
            with_will = {"will": ("t", "m", True, 1), "keepalive": 300}
            for settings in ({}, {"user": "u"}, {"user": "u", "password": "p"}, with_will):
                c = client(client_id=b"id", **settings)
                await c.connect(quick=True)
                c.close()
        main(go)
    """
    with FakeBroker(listens) as broker:
        run(interpreter, tmp_path, code, "127.0.0.1", broker.port)
    start = b"\x10\x00\x04MQTT\x04"
    assert hellos == [
        start + b"\x02\x00\x3c\x00\x02id",
        start + b"\x82\x00\x3c\x00\x02id\x00\x01u",
        start + b"\xc2\x00\x3c\x00\x02id\x00\x01u\x00\x01p",
        start + b"\x2e\x01\x2c\x00\x02id\x00\x01t\x00\x01m",
    ]


@both
def test_user_and_password_and_a_published_will_at_mosquitto(interpreter: str, mosquitto_factory, tmp_path: Path) -> None:
    broker = mosquitto_factory(users={"node": "secret"})
    code = """
        import asyncio
        from kit import client, main

        async def go():
            try:
                await client(client_id=b"x", user="node", password="wrong").connect(quick=True)
            except OSError as e:
                print("refused", e.args, e.retry)
            watcher = client(client_id=b"watcher", user="node", password="secret", queue_len=5)
            await watcher.connect(quick=True)
            await watcher.subscribe("last", 1)
            for polite in (True, False):
                c = client(client_id=b"node", user="node", password="secret", will=("last", "words", False, 1))
                await c.connect(quick=True)
                if polite:
                    await c.disconnect()
                else:
                    c.close()
                await asyncio.sleep(0.3)
                print("wills", watcher.queue._n)
            await watcher.disconnect()
        main(go)
    """
    output = run(interpreter, tmp_path, code, broker.host, broker.port)
    assert f"refused ({0x2002}, 5) False" in output
    assert "wills 0\nwills 1" in output
