"""The always-on client and a link that breaks, falls silent or loses an answer, between it and real brokers."""

from __future__ import annotations

import time
from pathlib import Path

from abilities import both, shows
from clientkit import Program, run
from onlooker import Onlooker
from proxy import Proxy

from brokers_served import Served

# It counts, one QoS 1 message after the other, until it hears "end": argv is HOST PORT ID CLEAN.
COUNT = """
    import asyncio, sys
    import mqtt.keep
    from kit import client, main

    mqtt.keep.getrandbits = lambda bits: 1 << bits - 4  # short pauses before it tries again

    async def go():
        name = sys.argv[3]
        clean = bool(int(sys.argv[4]))
        c = client(client_id=name, clean=clean, clean_init=clean, queue_len=20, response_time=3)
        ended = asyncio.Event()

        async def up():
            while True:
                await c.up.wait()
                c.up.clear()
                await c.subscribe(name + "/set", 1)
                print("up", c.session_present)

        async def hear():
            while True:
                message = await c.queue.__anext__()
                ended.set()

        tasks = [asyncio.create_task(up()), asyncio.create_task(hear())]
        await c.connect(quick=True)
        n = 0
        while not ended.is_set():
            await c.publish(name + "/count", str(n), qos=1)
            n += 1
            await asyncio.sleep(0.02)
        for task in tasks:
            task.cancel()
        await c.disconnect()
        print("sent", n)
    main(go, 25)
"""


def counted(program: Program, onlooker: Onlooker, base: str) -> None:
    """End the program; everything that it sent must have come."""
    onlooker.send(f"{base}/set", "end")
    sent = int(program.finish().splitlines()[-1].split()[1])
    payloads = onlooker.until(b"%d" % (sent - 1))
    assert sorted({int(payload) for payload in payloads}) == list(range(sent))


@both
@shows("reconnect")
def test_it_comes_back_after_a_cut_and_loses_nothing(interpreter: str, broker: Served, base: str, tmp_path: Path) -> None:
    with Onlooker(broker.port, f"{base}/count") as onlooker, Proxy(broker.port) as proxy:
        program = Program(interpreter, tmp_path, COUNT, proxy.host, proxy.port, base, 1)
        program.wait_line("up False")
        onlooker.wait(3)
        proxy.cut()
        program.wait_line("up False", count=2)
        counted(program, onlooker, base)
        assert proxy.connections == 2


@both
@shows("resume")
def test_what_was_unacknowledged_at_the_cut_goes_again_with_dup(
    interpreter: str, broker: Served, base: str, tmp_path: Path
) -> None:
    with Onlooker(broker.port, f"{base}/count") as onlooker, Proxy(broker.port) as proxy:
        proxy.swallow = lambda packet: packet[0] == 0x40 and proxy.connections == 1 and len(proxy.kinds(0x30)) > 2
        program = Program(interpreter, tmp_path, COUNT, proxy.host, proxy.port, base, 0)
        program.wait_line("up False")
        assert onlooker.until(b"2")[-1] == b"2"
        proxy.cut()
        program.wait_line("up True")
        counted(program, onlooker, base)
        first, again = proxy.kinds(0x30)[2:4]
        assert (first[0], again[0]) == (0x32, 0x3A)  # MQTT-4.4.0-1
        assert first[1:] == again[1:]


@both
@shows("repeat")
def test_a_lost_acknowledgement_brings_the_message_again_with_dup(
    interpreter: str, broker: Served, base: str, tmp_path: Path
) -> None:
    code = """
        import sys
        from kit import client, main

        async def go():
            c = client(client_id=sys.argv[3], response_time=0.4)
            await c.connect(quick=True)
            await c.publish(sys.argv[3] + "/r", "a", qos=1)
            await c.publish(sys.argv[3] + "/r", "b", qos=1)
            print("again", c.REPUB_COUNT)
            await c.disconnect()
        main(go)
    """
    with Onlooker(broker.port, f"{base}/r") as onlooker, Proxy(broker.port) as proxy:
        lost: list[bytes] = []

        def lose(packet: bytes) -> bool:
            if packet[0] == 0x40 and not lost:
                lost.append(packet)
                return True
            return False

        proxy.swallow = lose
        assert run(interpreter, tmp_path, code, proxy.host, proxy.port, base) == "again 1"
        first, again, other = proxy.kinds(0x30)
        assert (first[0], again[0], other[0]) == (0x32, 0x3A, 0x32)  # MQTT-3.3.1-1
        assert first[1:] == again[1:]
        assert proxy.connections == 1
        assert set(onlooker.until(b"b")) == {b"a", b"b"}


IDLE = """
    import asyncio, sys
    from kit import client, main

    async def go():
        c = client(client_id=sys.argv[3], keepalive=int(sys.argv[4]), will=(sys.argv[3] + "/gone", "will", False, 1))
        await c.connect(quick=True)
        print("ready")
        await asyncio.sleep(20)
    main(go, 30)
"""


@both
@shows("step by step")
def test_a_ping_is_answered(interpreter: str, broker: Served, base: str, tmp_path: Path) -> None:
    with Proxy(broker.port) as proxy:
        program = Program(interpreter, tmp_path, IDLE, proxy.host, proxy.port, base, 1)
        program.wait_line("ready")
        end = time.monotonic() + 3
        while b"\xd0\0" not in proxy.answered and time.monotonic() < end:
            time.sleep(0.02)
        program.kill()
        assert proxy.kinds(0xC0)[:1] == [b"\xc0\0"]
        assert b"\xd0\0" in proxy.answered
        assert proxy.connections == 1


@shows("keepalive")
def test_a_silent_client_is_missed(broker: Served, base: str, tmp_path: Path) -> None:
    # It takes seconds and is the broker's affair: on one interpreter only.
    with Onlooker(broker.port, f"{base}/gone") as onlooker, Proxy(broker.port) as proxy:
        program = Program("micropython", tmp_path, IDLE, proxy.host, proxy.port, base, 1)
        program.wait_line("ready")
        proxy.silent = True
        assert onlooker.wait(1, 8) == [(f"{base}/gone", b"will")]  # 3.1.2.10; mosquitto 2.0 looks every 5 s
        program.kill()


@both
@shows("will")
def test_the_will_is_published_when_the_client_dies(interpreter: str, broker: Served, base: str, tmp_path: Path) -> None:
    with Onlooker(broker.port, f"{base}/gone") as onlooker:
        program = Program(interpreter, tmp_path, IDLE, broker.host, broker.port, base, 60)
        program.wait_line("ready")
        program.kill()
        assert onlooker.wait(1) == [(f"{base}/gone", b"will")]


@shows("restart")
def test_it_comes_back_after_the_broker_restarted(broker: Served, base: str, tmp_path: Path) -> None:
    # On one interpreter: the client's part is that of a cut.
    program = Program("micropython", tmp_path, COUNT, broker.host, broker.port, base, 1)
    program.wait_line("up False")
    broker.stop()
    time.sleep(0.1)
    broker.start()
    program.wait_line("up False", count=2, timeout=15)
    with Onlooker(broker.port) as onlooker:
        onlooker.send(f"{base}/set", "end")
    program.finish()
