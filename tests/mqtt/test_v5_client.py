"""The always-on client speaking MQTT 5, against mosquitto: properties, sessions, what CONNACK sets, refusals in words."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from clientkit import both, run
from test_client_session import publish

from brokers import Mosquitto


@both
def test_w21_bytes_may_be_given_as_int_or_as_bytes(interpreter: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Payload format indicator (0x01), request problem and response information (0x17, 0x19): one byte each (table 2-4)."""
    code = """
        from kit import client, main

        async def go():
            for one in (1, b"\\x01"):
                c = client(mqttv5=True, mqttv5_con_props={0x17: one, 0x19: one}, queue_len=1)
                await c.connect(quick=True)
                await c.subscribe("t", 1)
                await c.publish("t", "m", qos=1, properties={0x01: one})
                print(await c.queue.__anext__())
                await c.disconnect()
            for key in (0x17, 0x19):
                for value in (2, -1, b"\\x02", b"12"):
                    try:
                        client(mqttv5=True, mqttv5_con_props={key: value})
                    except ValueError as e:
                        print(e)
        main(go)
    """
    output = run(interpreter, tmp_path, code, mosquitto.host, mosquitto.port)
    assert output.count("(b't', b'm', False, {1: 1})") == 2
    assert output.count("property 0x17") == output.count("property 0x19") == 4


@both
def test_messages_are_four_tuples_with_their_properties(interpreter: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Queue and callback alike; the server adds the subscription's identifier (3.3.2.3.8)."""
    code = """
        import asyncio
        from kit import client, main, until

        PROPERTIES = {
            0x02: 60, 0x03: "text/plain", 0x08: "answers/here", 0x09: b"\\x00\\xff", 0x26: {"a": "1", "b": "\\u00b0C"},
        }
        got = []

        async def go():
            q = client(client_id=b"queue", mqttv5=True, queue_len=3)
            s = client(client_id=b"subs", mqttv5=True, subs_cb=lambda *message: got.append(message))
            for c in (q, s):
                await c.connect(quick=True)
                await c.subscribe("t/#", 1, properties={0x0B: 268435455, 0x26: {"x": "y"}})
            await q.publish("t/1", b"one", qos=1, properties=PROPERTIES)
            await q.publish("t/2", b"two", retain=True)
            got.append(await q.queue.__anext__())
            got.append(await q.queue.__anext__())
            await until(lambda: len(got) == 4)
            PROPERTIES[0x0B] = 268435455
            for topic, msg, retained, properties in got:
                assert properties == (PROPERTIES if topic == b"t/1" else {0x0B: 268435455}), (topic, properties)
            print(sorted(message[:3] for message in got))
            await s.unsubscribe("t/#", properties={0x26: {"x": "y"}})
            await s.unsubscribe("t/#")  # 0x11, no subscription existed: no error (3.10.4)
            for c in (q, s):
                await c.disconnect()
        main(go)
    """
    output = run(interpreter, tmp_path, code, mosquitto.host, mosquitto.port)
    one, two = (b"t/1", b"one", False), (b"t/2", b"two", False)
    assert repr([one, one, two, two]) in output


WAKE = """
    import asyncio, sys
    from kit import client, main

    async def wake():
        c = client(
            client_id=b"sleeper", clean=sys.argv[3] == "clean", clean_init=sys.argv[4] == "clean", mqttv5=True,
            mqttv5_con_props=eval(sys.argv[5]), queue_len=5,
        )
        await c.connect(quick=True)
        print("present", c.session_present)
        await c.subscribe("cmd/#", 1)
        await asyncio.sleep(0.2)
        while c.queue._n:
            print((await c.queue.__anext__())[:3])
        await c.disconnect()
    main(wake)
"""


@both
def test_sessions_last_as_long_as_they_are_told(interpreter: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Without a session expiry interval: for ever when clean is False, as in 3.1.1, else as long as the connection."""

    def wake(clean: str, clean_init: str, properties: str = "None") -> str:
        return run(interpreter, tmp_path, WAKE, mosquitto.host, mosquitto.port, clean, clean_init, properties)

    assert "present False" in wake("keep", "keep")
    publish(mosquitto, "cmd/led", "on")
    output = wake("keep", "keep")
    assert "present True" in output and "(b'cmd/led', b'on', False)" in output
    publish(mosquitto, "cmd/led", "lost")
    connects = mosquitto.log().count("New client connected")
    output = wake("keep", "clean")  # a clean start of a session that lasts
    assert "present False" in output and "lost" not in output
    assert mosquitto.log().count("New client connected") == connects + 1, "no detour: MQTT 5 needs one connection for it"
    assert "present True" in wake("keep", "keep", "{0x11: 1}")
    time.sleep(2.5)  # mosquitto looks once a second
    assert "present False" in wake("clean", "clean", "{0x11: 60}")
    assert "present True" in wake("keep", "keep", "{0x11: 0}")  # ends with the connection
    assert "present False" in wake("clean", "clean")
    assert "present False" in wake("keep", "keep")


@both
def test_what_the_server_sets_is_obeyed(interpreter: str, mosquitto_factory: Callable[..., Mosquitto], tmp_path: Path) -> None:
    """Server keep alive (3.2.2.3.14), assigned client identifier (3.2.2.3.7), maximum packet size (3.2.2.3.6)."""
    broker = mosquitto_factory("max_keepalive 10", "max_packet_size 300")
    code = """
        import asyncio
        from kit import client, main, until

        async def go():
            c = client(client_id=b"", mqttv5=True, keepalive=60, clean=False)
            await c.connect(quick=True)
            first = c._c["client_id"]
            print("keepalive", c._c["keepalive"], "assigned", len(first) > 4, "present", c.session_present)
            await c.publish("t", "x" * 280, qos=1)
            try:
                await c.publish("t", "x" * 300, qos=1)
            except OSError as e:
                print(type(e).__name__, e.code, e.retry, e)
            print("still up", c.isconnected())
            c._lost("by the test")  # the same session is found again, under the same name
            await until(lambda: c.session_present and c.isconnected())
            print("same", c._c["client_id"] == first)
            await c.disconnect()
        main(go)
    """
    output = run(interpreter, tmp_path, code, broker.host, broker.port)
    assert "keepalive 10 assigned True present False" in output
    assert "MQTT5Error 149 False packet too large (code 0x95)" in output
    assert "still up True" in output and "same True" in output


@both
def test_refusals_are_the_callers_and_cost_no_reconnect(
    interpreter: str, mosquitto_factory: Callable[..., Mosquitto], tmp_path: Path
) -> None:
    """mosquitto's ACL: PUBACK and SUBACK 0x87 (2.4: not authorized)."""
    broker = mosquitto_factory(users={"node": "secret"}, acl="user node\ntopic readwrite ok/#\n")
    code = """
        from kit import client, main

        async def go():
            c = client(client_id=b"node", mqttv5=True, user="node", password="secret", queue_len=1)
            await c.connect(quick=True)
            for call in (c.publish("forbidden", "x", qos=1), c.subscribe("forbidden/#")):
                try:
                    await call
                except OSError as e:
                    print(type(e).__name__, hex(e.args[0]), hex(e.code), e.retry)
            print(await c.subscribe("ok/#", 1))
            await c.publish("ok/t", "fine", qos=1)
            print(await c.queue.__anext__())
            await c.disconnect()
            for password in ("wrong", ""):
                try:
                    await client(client_id=b"node", mqttv5=True, user="node", password=password).connect(quick=True)
                except OSError as e:
                    print("connect", type(e).__name__, hex(e.args[0]), e.code in (0x86, 0x87), e.retry)
        main(go)
    """
    output = run(interpreter, tmp_path, code, broker.host, broker.port)
    assert "MQTT5Error 0x40 0x87 False" in output
    # mosquitto grants a filter and then delivers nothing, unless it may be told apart: both are a good answer
    assert "(b'ok/t', b'fine', False, {})" in output
    assert output.count("connect MQTT5Error 0x2002 True False") == 2
    assert broker.log().count("as node") == 1, "no reconnect"
