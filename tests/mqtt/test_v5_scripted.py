"""The always-on client speaking MQTT 5 to scripted servers: what mosquitto does not do, on the wire, byte by byte."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

from clientkit import FakeBroker, Peer, both, run

# Type and flags, length, session present, code, length of the properties, properties (MQTT 5, 3.2)
CONNACK = b"\x20\3\0\0\0"


def connack(properties: bytes) -> bytes:
    return b"\x20" + bytes((3 + len(properties), 0, 0, len(properties))) + properties


@both
def test_the_receive_maximum_is_kept(interpreter: str, tmp_path: Path) -> None:
    """No more than the server said unacknowledged at a time (4.9), whoever publishes."""
    most = []

    def script(peer: Peer) -> None:
        peer.expect(0x10)
        peer.send(connack(b"\x21\0\2"))
        waiting: list[bytes] = []
        lock = threading.Lock()
        total = 0
        while total < 9:
            packet = peer.expect(0x30)
            with lock:
                waiting.append(packet[4:6])  # topic "t"
                most.append(len(waiting))
                total += 1
            if len(waiting) == 2 or total == 9:
                threading.Event().wait(0.05)  # a third would be here by now
                while waiting:
                    peer.send(b"\x40\2" + waiting.pop())
        peer.expect(0xE0)

    code = """
        import asyncio
        from kit import client, main

        async def go():
            c = client(mqttv5=True)
            await c.connect(quick=True)
            await asyncio.gather(*[c.publish("t", str(i), qos=1) for i in range(9)])
            await c.disconnect()
            print("done")
        main(go)
    """
    with FakeBroker(script) as broker:
        assert "done" in run(interpreter, tmp_path, code, "127.0.0.1", broker.port)
    assert max(most) == 2


@both
def test_topic_aliases_are_told_once_per_connection_and_only_with_qos_0(interpreter: str, tmp_path: Path) -> None:
    """3.3.2.3.4: an alias is the connection's own; a packet that may be sent on another one carries its topic."""
    packets: list[list[bytes]] = [[], []]

    def first(peer: Peer) -> None:
        peer.expect(0x10)
        peer.send(connack(b"\x22\0\5"))
        packets[0] += [peer.expect(0x30) for _ in range(3)]

    def second(peer: Peer) -> None:
        peer.expect(0x10)
        peer.send(connack(b"\x22\0\5"))
        while True:
            packet = peer.packet()
            if packet[0] == 0xE0:
                return
            packets[1].append(packet)
            if packet[0] & 2:
                peer.send(b"\x40\2" + packet[6:8])

    code = """
        import asyncio
        from kit import client, main, until

        async def go():
            c = client(mqttv5=True, keepalive=0)
            await c.connect(quick=True)
            await c.publish("abc", "1", properties={0x23: 4})
            await c.publish("abc", "2", properties={0x23: 4})
            await c.publish("", "3", properties={0x23: 4})
            await until(lambda: not c.isconnected())
            await c.publish("", "4", properties={0x23: 4})  # waits for the next connection
            await c.publish("", "5", properties={0x23: 4})
            await c.publish("", "6", qos=1, properties={0x23: 4})
            await c.publish("xyz", "7", properties={0x23: 4})  # the alias has a new meaning
            await c.publish("", "8", properties={0x23: 4})
            for alias in (3, 6):
                try:
                    await c.publish("", "9", properties={0x23: alias})
                except OSError as e:
                    print(e.code)
            await c.disconnect()
        main(go)
    """
    with FakeBroker(first, second) as broker:
        assert run(interpreter, tmp_path, code, "127.0.0.1", broker.port).split() == ["148", "148"]
    told, short = b"\x30\0\3abc\3\x23\0\4", b"\x30\0\0\3\x23\0\4"
    assert packets[0] == [told + b"1", short + b"2", short + b"3"]
    assert packets[1][:2] == [told + b"4", short + b"5"]
    assert packets[1][2][:1] + packets[1][2][1:6] + packets[1][2][8:] == b"\x32\0\3abc\0" + b"6"
    assert packets[1][3:] == [b"\x30\0\3xyz\3\x23\0\4" + b"7", short + b"8"]


@both
def test_topic_aliases_of_the_server(interpreter: str, tmp_path: Path) -> None:
    """As many as the client announced (3.1.2.11.5); another one, or one never told, is an error and the link is made anew."""

    def message(topic: bytes, alias: int, payload: bytes) -> bytes:
        body = len(topic).to_bytes(2, "big") + topic + b"\3\x23" + alias.to_bytes(2, "big") + payload
        return b"\x30" + bytes((len(body),)) + body

    def script(*messages: bytes) -> object:
        def run_script(peer: Peer) -> None:
            # The last one may be left before its CONNECT, by disconnect().
            with suppress(*(() if messages else (EOFError,))):
                assert b"\x22\0\2" in peer.expect(0x10)
                peer.send(CONNACK + b"".join(messages))
                if messages:
                    peer.until_closed()
                else:
                    peer.expect(0xE0)

        return run_script

    code = """
        import asyncio
        from kit import client, main, until

        async def go():
            c = client(mqttv5=True, mqttv5_con_props={0x22: 2}, subs_cb=lambda *m: print(m))
            import mqtt.keep
            mqtt.keep.getrandbits = lambda n: 0  # reconnect at once
            await c.connect(quick=True)
            await until(lambda: broken == 4)
            await c.disconnect()

        broken = 0
        from kit import MQTTClient
        lost = MQTTClient._lost
        def count(self, why):
            global broken
            broken += self._isconnected
            if self._isconnected:
                print("lost", why.code)
            lost(self, why)
        MQTTClient._lost = count
        main(go)
    """
    good = message(b"a", 1, b"1") + message(b"", 1, b"2") + message(b"b", 1, b"3") + message(b"", 1, b"4")
    with FakeBroker(
        script(good, message(b"", 2, b"5")),
        script(message(b"a", 3, b"6")),
        script(message(b"", 1, b"7")),  # the last connection's alias
        script(message(b"a", 0, b"8")),
        script(),
    ) as broker:
        lines = run(interpreter, tmp_path, code, "127.0.0.1", broker.port).splitlines()
    expected = [(b"a", b"1", {35: 1}), (b"a", b"2", {35: 1}), (b"b", b"3", {35: 1}), (b"b", b"4", {35: 1})]
    assert lines[:4] == [repr((topic, payload, False, properties)) for topic, payload, properties in expected]
    assert lines[4:] == ["lost 129", "lost 148", "lost 129", "lost 129"]


@both
def test_the_servers_own_words_are_in_the_error(interpreter: str, tmp_path: Path) -> None:
    """Reason string (0x1F) in PUBACK, SUBACK and CONNACK; a PUBACK that needs no properties may be three bytes (3.4.2.2.1)."""

    def talk(peer: Peer) -> None:
        peer.expect(0x10)
        peer.send(CONNACK)
        packet = peer.expect(0x30)
        peer.send(b"\x40\x09" + packet[4:6] + b"\x97\x05\x1f\0\2no")
        packet = peer.expect(0x30)
        peer.send(b"\x40\x03" + packet[4:6] + b"\x97")
        packet = peer.expect(0x30)
        peer.send(b"\x40\x03" + packet[4:6] + b"\x10")  # no matching subscribers: a success
        packet = peer.expect(0x80)
        peer.send(b"\x90\x09" + packet[1:3] + b"\x05\x1f\0\2no\x9e")
        packet = peer.expect(0xA0)
        peer.send(b"\xb0\x04" + packet[1:3] + b"\0\x83")
        peer.expect(0xE0)

    def busy(peer: Peer) -> None:
        peer.expect(0x10)
        peer.send(b"\x20\x0b\0\x89\x08\x1f\0\5later")

    def old(peer: Peer) -> None:
        peer.expect(0x10)
        peer.send(b"\x20\2\0\1")  # a server of 3.1.1, in its form

    code = """
        from kit import client, main

        async def say(call):
            try:
                print(await call)
            except OSError as e:
                print(type(e).__name__, e.args, e.retry, e)

        async def go():
            c = client(mqttv5=True)
            await c.connect(quick=True)
            for i in range(3):
                await say(c.publish("t", "m", qos=1))
            await say(c.subscribe("$share/g/t"))
            await say(c.unsubscribe("t"))
            await c.disconnect()
            await say(c.connect(quick=True))
            await say(c.connect(quick=True))
        main(go)
    """
    with FakeBroker(talk, busy, old) as broker:
        lines = run(interpreter, tmp_path, code, "127.0.0.1", broker.port).splitlines()
    assert lines == [
        "MQTT5Error (64, 151) True quota exceeded (code 0x97): no",
        "MQTT5Error (64, 151) True quota exceeded (code 0x97)",
        "None",
        "MQTT5Error (144, 158) False shared subscriptions not supported (code 0x9e): no",
        "MQTT5Error (176, 131) True implementation specific error (code 0x83)",
        "MQTT5Error (8194, 137) True server busy (code 0x89): later",
        "MQTTError (8194, 1) False unacceptable protocol level (code 1)",
    ]


@both
def test_a_server_that_hangs_up_says_why(interpreter: str, tmp_path: Path) -> None:
    """DISCONNECT from the server (3.14), with properties, with a code alone, and with nothing: normal (3.14.2.1)."""

    def script(goodbye: bytes) -> object:
        def run_script(peer: Peer) -> None:
            with suppress(EOFError):  # a fifth connection may come, and go before its CONNECT
                peer.expect(0x10)
                peer.send(CONNACK + goodbye)
                peer.until_closed()

        return run_script

    code = """
        from kit import MQTTClient, client, main, until

        class Told(MQTTClient):
            said = []
            def dprint(self, msg, *args):
                self.said.append(msg % args)

        async def go():
            import mqtt.keep
            mqtt.keep.getrandbits = lambda n: 0  # reconnect at once
            c = client(Told, mqttv5=True)
            await c.connect(quick=True)
            await until(lambda: len(c.said) > 3)
            c.close()
            for said in c.said[:4]:
                print(said)
        main(go)
    """
    goodbyes = (b"\xe0\x07\x8e\x05\x1f\0\2me", b"\xe0\x01\x8b", b"\xe0\0", b"\xe0\x05\x8b\x01\x11\0\0")
    with FakeBroker(*[script(goodbye) for goodbye in goodbyes]) as broker:
        lines = run(interpreter, tmp_path, code, "127.0.0.1", broker.port).splitlines()
    assert lines == [
        "link lost: session taken over by another client of this id (code 0x8e): me",
        "link lost: server shutting down (code 0x8b)",
        "link lost: no error (code 0x00)",
        "link lost: malformed packet (code 129)",
    ]


@both
def test_properties_on_a_311_connection_are_refused(interpreter: str, tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        peer.accept()
        peer.expect(0xE0)

    code = """
        from kit import client, main

        async def go():
            c = client()
            await c.connect(quick=True)
            for call in (
                c.publish("t", "m", properties={2: 1}), c.subscribe("t", properties={0x0B: 1}),
                c.unsubscribe("t", properties={0x26: {"a": "b"}}), c.disconnect(4),
            ):
                try:
                    await call
                except ValueError as e:
                    print(e)
            await c.disconnect()
        main(go)
    """
    with FakeBroker(script) as broker:
        assert run(interpreter, tmp_path, code, "127.0.0.1", broker.port).splitlines() == ["MQTT 5 only"] * 4
