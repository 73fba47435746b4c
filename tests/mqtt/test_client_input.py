"""What comes in: hostile, broken, over-long, and the user's own callback that raises (mqtt_as's W9 to W15, W20)."""

from __future__ import annotations

from pathlib import Path

import pytest
from clientkit import FakeBroker, Peer, Program, both, run


def held(peer: Peer) -> None:
    """A broker that accepts and then only listens."""
    peer.accept()
    peer.until_closed()


def message(topic: bytes, payload: bytes, pid: int = 0) -> bytes:
    """Return a PUBLISH, QoS 1 when it has an identifier."""
    body = len(topic).to_bytes(2, "big") + topic + (pid.to_bytes(2, "big") if pid else b"") + payload
    length = b""
    n = len(body)
    while n > 127:
        length += bytes((n & 127 | 128,))
        n >>= 7
    return bytes((0x32 if pid else 0x30,)) + length + bytes((n,)) + body


BROKEN = {
    "w10_endless_length": b"\x30\xff\xff\xff\xff\xff\xff",
    "w11_huge_puback": b"\x40\xff\xff\xff\x7f",
    "w12_topic_longer_than_packet": b"\x30\x05\x00\x50abc",
    "w13_unknown_type": b"\xf0\x02ab",
    "w13_a_clients_packet": b"\x82\x05\x00\x01\x00\x00\x00",
    "second_connack": b"\x20\x02\x00\x00",
    "qos_2": b"\x34\x05\x00\x01a\x00\x01",
}


@both
@pytest.mark.parametrize("name", BROKEN)
def test_broken_input_closes_the_link_and_the_client_lives_on(interpreter: str, name: str, tmp_path: Path) -> None:
    def breaks(peer: Peer) -> None:
        peer.accept()
        peer.send(BROKEN[name])
        assert peer.until_closed() == []

    code = """
        from kit import client, main

        async def go():
            c = client(queue_len=5)
            await c.connect(quick=True)
            c.up.clear()
            await c.down.wait()
            await c.up.wait()
            print("messages", c.queue._n)
            c.close()
        main(go)
    """
    with FakeBroker(breaks, held) as broker:
        assert "messages 0" in run(interpreter, tmp_path, code, "127.0.0.1", broker.port)
    assert broker.connections == 2


@both
def test_w11_an_over_long_message_is_passed_over_and_acknowledged(interpreter: str, tmp_path: Path) -> None:
    acks: list[bytes] = []

    def generous(peer: Peer) -> None:
        peer.accept()
        peer.send(message(b"a", b"x" * 300_000, 7) + message(b"b", b"small", 8))
        acks.extend((peer.packet(), peer.packet()))
        peer.until_closed()

    code = """
        import asyncio
        from kit import client, main

        async def go():
            c = client(queue_len=5, max_packet=1000)
            await c.connect(quick=True)
            print(await c.queue.__anext__())
            await asyncio.sleep(0.1)
            await c.disconnect()
        main(go)
    """
    with FakeBroker(generous) as broker:
        assert "(b'b', b'small', False)" in run(interpreter, tmp_path, code, "127.0.0.1", broker.port)
    assert acks == [b"\x40\x00\x07", b"\x40\x00\x08"]


@both
def test_w14_an_exception_in_a_callback_is_reported_and_the_reader_lives(interpreter: str, tmp_path: Path) -> None:
    acks: list[bytes] = []

    def talks(peer: Peer) -> None:
        peer.accept()
        peer.send(message(b"a", b"bad", 1) + message(b"a", b"good", 2))
        acks.extend((peer.packet(), peer.packet()))
        peer.until_closed()

    code = """
        import asyncio
        from kit import client, main

        def callback(topic, msg, retained):
            if msg == b"bad":
                raise KeyError("of the user")
            print("got", msg)

        async def connected(c):
            raise IndexError("in connect_coro")

        async def go():
            c = client(subs_cb=callback, connect_coro=connected)
            await c.connect(quick=True)
            await asyncio.sleep(0.3)
            assert c.isconnected()
            await c.disconnect()
        main(go)
    """
    with FakeBroker(talks) as broker:
        output = run(interpreter, tmp_path, code, "127.0.0.1", broker.port)
    assert "KeyError" in output
    assert "in connect_coro" in output
    assert "got b'good'" in output
    assert acks == [b"\x40\x00\x01", b"\x40\x00\x02"]
    assert broker.connections == 1


@both
@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, 6, 7, 99])
def test_w15_a_refusal_is_a_typed_error_with_mqtt_ass_two_numbers(interpreter: str, code: int, tmp_path: Path) -> None:
    def refuse(peer: Peer) -> None:
        peer.expect(0x10)
        peer.send(bytes((0x20, 2, 0, code)))
        assert peer.until_closed() == []

    program = """
        from mqtt_as import MQTTException
        from kit import client, main, tasks

        async def go():
            c = client()
            try:
                await c.connect(quick=True)
            except OSError as e:
                print(e.args, isinstance(e, MQTTException), e.code, e.retry, c.isconnected())
        main(go)
    """
    with FakeBroker(refuse) as broker:
        output = run(interpreter, tmp_path, program, "127.0.0.1", broker.port)
    assert f"({0x2002}, {code}) True {code} {code not in (1, 2, 4, 5)} False" in output


@both
def test_w15_no_broker_is_an_oserror(interpreter: str, free_port: int, tmp_path: Path) -> None:
    code = """
        from errno import ECONNREFUSED
        from kit import client, main, tasks

        async def go():
            try:
                await client().connect(quick=True)
            except OSError as e:
                print("refused", e.args[0] == ECONNREFUSED)
        main(go)
    """
    assert "refused True" in run(interpreter, tmp_path, code, "127.0.0.1", free_port)


@both
@pytest.mark.parametrize("queue_len", [1, 3])
def test_w20_a_queue_holds_what_it_says(interpreter: str, queue_len: int, tmp_path: Path) -> None:
    def burst(peer: Peer) -> None:
        peer.accept()
        peer.expect(0x30)
        peer.send(b"".join(message(b"a", b"%d" % n) for n in range(5)))  # one segment, the consumer waits
        peer.expect(0x30)
        peer.send(b"".join(message(b"a", b"%d" % n) for n in range(5, 10)))  # nobody waits
        peer.until_closed()

    code = """
        import asyncio, sys
        from kit import client, main

        async def go():
            c = client(queue_len=int(sys.argv[3]))
            await c.connect(quick=True)
            got = []
            async def take(name):
                async for topic, msg, retained in c.queue:
                    await asyncio.sleep(0)
                    got.append((name, int(msg)))
            one = asyncio.create_task(take("one"))
            two = asyncio.create_task(take("two"))
            await c.publish("go", "")
            await asyncio.sleep(0.2)
            print([n for _, n in got], c.queue.discards, sorted({name for name, _ in got}))
            one.cancel()
            two.cancel()
            await c.publish("go", "")
            await asyncio.sleep(0.2)
            print(c.queue._n, c.queue.discards, (await c.queue.__anext__())[1])
            await c.disconnect()
        main(go)
    """
    with FakeBroker(burst) as broker:
        output = run(interpreter, tmp_path, code, "127.0.0.1", broker.port, queue_len)
    assert "[0, 1, 2, 3, 4] 0 ['one', 'two']" in output
    assert f"{queue_len} {5 - queue_len} b'{10 - queue_len}'" in output


@both
def test_a_silent_broker_is_found_by_the_ping(interpreter: str, tmp_path: Path) -> None:
    seen: list[bytes] = []

    def answers_once(peer: Peer) -> None:
        peer.accept()
        seen.append(peer.packet())
        peer.send(b"\xd0\x00")
        seen.extend(peer.until_closed())

    code = """
        from kit import client, main

        async def go():
            c = client(queue_len=1, keepalive=4, ping_interval=0.3, response_time=0.5)
            await c.connect(quick=True)
            await c.down.wait()
            print("down")
            c.close()
        main(go)
    """
    with FakeBroker(answers_once, held) as broker:
        program = Program(interpreter, tmp_path, code, "127.0.0.1", broker.port)
        assert "down" in program.finish()
    assert seen == [b"\xc0", b"\xc0"]
