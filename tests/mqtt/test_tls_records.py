"""What TLS does with long and with many messages: several records to a message, several to a segment, room for half of one.

A record carries 16384 bytes at most (RFC 8446, 5.1), MicroPython's own 4096 on most ports (extmod/mbedtls/
mbedtls_config_common.h). mosquitto and paho are at the other end.
"""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from clientkit import FakeBroker, Peer, Program, both, run
from paho.mqtt.enums import CallbackAPIVersion
from tlskit import Relay, authority

from brokers import Mosquitto

Factory = Callable[..., Mosquitto]
_SETTINGS = '"ssl": True, "ssl_params": {"cadata": "ca.der"}, "server": HOST, "port": PORT'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ca.der").write_bytes(authority().data("ca.der"))
    return tmp_path


def paho_client(port: int) -> paho.Client:
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.tls_set(ca_certs=authority().path("ca.pem"))
    client.connect("127.0.0.1", port)
    client.loop_start()
    return client


def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority().path("broker.pem"), authority().path("broker.key"))
    return context


@both
@pytest.mark.parametrize("size", [20000, 70000])
def test_a_message_longer_than_a_record_goes_there_and_back(
    interpreter: str, size: int, mosquitto_factory: Factory, folder: Path
) -> None:
    code = f"""
        import asyncio
        from kit import Fixed, HOST, PORT, main, until
        from mqtt.client import MQTTClient

        async def go():
            got = []
            c = MQTTClient({{{_SETTINGS}, "client_id": "x", "max_packet": 100000,
                            "subs_cb": lambda t, m, r: got.append(bytes(m))}}, Fixed())
            await c.connect(quick=True)
            await c.subscribe("big", 1)
            sent = bytes(i * 7 & 255 for i in range({size}))
            await c.publish("big", sent, qos=1)
            await until(lambda: got)
            print(got == [sent], c.REPUB_COUNT)
            await c.disconnect()
        main(go)
    """
    broker = mosquitto_factory(*authority().broker())
    assert run(interpreter, folder, code, "127.0.0.1", broker.port) == "True 0"


@both
def test_a_queue_of_messages_that_waited_arrives_whole(interpreter: str, mosquitto_factory: Factory, folder: Path) -> None:
    code = f"""
        import asyncio
        from kit import Fixed, HOST, PORT, main, until
        from mqtt.client import MQTTClient

        async def go():
            got = []
            c = MQTTClient({{{_SETTINGS}, "client_id": "sleeper", "clean": False, "clean_init": False, "max_packet": 8192,
                            "subs_cb": lambda t, m, r: got.append(bytes(m))}}, Fixed())
            await c.connect(quick=True)
            await c.subscribe("q", 1)
            await c.disconnect()
            print("asleep")
            with open("go") as file:  # a pipe: opens when the test has published
                file.read()
            await c.connect(quick=True)
            await until(lambda: len(got) == 60)
            print([m[:2] for m in got] == [b"%02d" % n for n in range(60)], {{len(m) for m in got}})
            await c.disconnect()
        main(go)
    """
    os.mkfifo(folder / "go")
    broker = mosquitto_factory(*authority().broker())
    program = Program(interpreter, folder, code, "127.0.0.1", broker.port)
    program.wait_line("asleep")
    sender = paho_client(broker.port)
    for n in range(60):
        sender.publish("q", b"%02d" % n + bytes(1498), 1).wait_for_publish(5)
    sender.disconnect()
    sender.loop_stop()
    (folder / "go").write_text("")
    assert "True {1500}" in program.finish()


@both
def test_a_writer_that_meets_a_slow_reader_sends_every_byte_once(
    interpreter: str, mosquitto_factory: Factory, folder: Path
) -> None:
    # The peer reads 2000 bytes at a time and its buffer is small: the client can write only parts of what it has.
    got = bytearray()

    def slow(peer: Peer) -> None:
        with server_context().wrap_socket(peer._socket, server_side=True) as secure:
            peer._socket = secure
            peer.accept()
            time.sleep(0.2)  # by now every buffer on the way is full
            first, shift, size = secure.recv(1)[0], 0, 0
            assert first & 0xF0 == 0x30
            while True:
                byte = secure.recv(1)[0]
                size |= (byte & 0x7F) << shift
                shift += 7
                if byte < 0x80:
                    break
            while len(got) < size:
                got.extend(secure.recv(2000))
            secure.sendall(b"\x40\2" + got[5:7])
            peer.until_closed()

    code = f"""
        from kit import Fixed, HOST, PORT, main
        from mqtt.client import MQTTClient

        async def go():
            c = MQTTClient({{{_SETTINGS}, "client_id": "x"}}, Fixed())
            await c.connect(quick=True)
            plain = getattr(c._stream, "raw", c._stream.sock)
            plain.setsockopt(1, 7, 4096)  # SOL_SOCKET, SO_SNDBUF of Linux: less than a record
            write = c._stream.write
            full = []

            def counted(data):
                n = write(data)
                if n != len(data):
                    full.append(n)
                return n

            c._stream.write = counted
            await c.publish("big", bytes(i * 7 & 255 for i in range(256)) * 800, qos=1)
            print("done", c.REPUB_COUNT, None in full, len(full) > 1)
            await c.disconnect()
        main(go)
    """
    with FakeBroker(slow) as broker:
        assert "done 0 True True" in run(interpreter, folder, code, "127.0.0.1", broker.port)
    assert got[7:] == bytes(i * 7 & 255 for i in range(256)) * 800


@both
@pytest.mark.parametrize("kind", ["records", "messages"])
def test_what_waits_inside_the_tls_layer_is_not_waited_for(interpreter: str, kind: str, folder: Path) -> None:
    # Ten messages in one segment, in ten records or in one, and then silence: the socket has nothing more to say.
    def script(peer: Peer) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        secure = server_context().wrap_bio(incoming, outgoing, server_side=True)

        def drive(function: Callable[[], bytes | None]) -> bytes | None:
            while True:
                try:
                    result = function()
                    peer.send(outgoing.read())
                    return result
                except ssl.SSLWantReadError:
                    peer.send(outgoing.read())
                    incoming.write(peer._socket.recv(4096))

        drive(secure.do_handshake)
        assert drive(lambda: secure.read(4096))
        messages = [b"\x30\x05\0\1t" + b"%02d" % n for n in range(10)]
        pieces = [b"\x20\2\0\0", *messages] if kind == "records" else [b"\x20\2\0\0" + b"".join(messages)]
        for piece in pieces:
            secure.write(piece)
        peer.send(outgoing.read())  # one segment
        drive(lambda: secure.read(4096))  # DISCONNECT

    code = f"""
        from kit import Fixed, HOST, PORT, main, until
        from mqtt.client import MQTTClient
        from time import ticks_diff, ticks_ms

        async def go():
            got = []
            c = MQTTClient({{{_SETTINGS}, "client_id": "x", "subs_cb": lambda t, m, r: got.append(int(m))}}, Fixed())
            await c.connect(quick=True)
            start = ticks_ms()
            await until(lambda: len(got) == 10, 3)
            print(got == list(range(10)), ticks_diff(ticks_ms(), start) < 500)
            await c.disconnect()
        main(go)
    """
    with FakeBroker(script) as broker:
        assert run(interpreter, folder, code, "127.0.0.1", broker.port) == "True True"


@both
def test_a_tls_link_comes_back_after_an_outage(interpreter: str, mosquitto_factory: Factory, folder: Path) -> None:
    code = f"""
        import asyncio
        from kit import Fixed, HOST, PORT, main, until
        from mqtt.client import MQTTClient

        async def go():
            c = MQTTClient({{{_SETTINGS}, "client_id": "x", "response_time": 2}}, Fixed())
            await c.connect(quick=True)
            await c.publish("n", "0", qos=1)
            print("sent")
            await until(lambda: not c.isconnected())
            await c.publish("n", "1", qos=1)
            await c.disconnect()
        main(go)
    """
    broker = mosquitto_factory(*authority().broker())
    got: list[bytes] = []
    relay = Relay(broker.port)
    listener = paho_client(broker.port)
    listener.on_message = lambda _client, _data, message: got.append(message.payload)
    listener.subscribe("n", 1)
    with FakeBroker(relay) as link:
        program = Program(interpreter, folder, code, "127.0.0.1", link.port)
        program.wait_line("sent")
        relay.cut()
        program.finish()
        assert link.connections == 2
    listener.loop_stop()
    assert got == [b"0", b"1"]
