"""The always-on client on real brokers: what it publishes and hears, as Eclipse Paho sees it from the other side."""

from __future__ import annotations

from pathlib import Path

import pytest
from abilities import both, shows
from clientkit import Program, run
from onlooker import Onlooker

from brokers_served import USER, Served


@both
@shows("step by step")
def test_it_publishes(interpreter: str, broker: Served, base: str, tmp_path: Path) -> None:
    code = """
        import sys
        from kit import client, main

        async def go():
            c = client(client_id=sys.argv[3])
            await c.connect(quick=True)
            await c.publish(sys.argv[3] + "/a", "zero")
            await c.publish(sys.argv[3] + "/b", b"one", qos=1)
            await c.publish(sys.argv[3] + "/c", "", qos=1)
            await c.disconnect()
        main(go)
    """
    with Onlooker(broker.port, f"{base}/#") as onlooker:
        run(interpreter, tmp_path, code, broker.host, broker.port, base)
        assert sorted(onlooker.wait(3)) == [(f"{base}/a", b"zero"), (f"{base}/b", b"one"), (f"{base}/c", b"")]


@both
@shows("wildcards")
def test_it_subscribes_and_unsubscribes(interpreter: str, broker: Served, base: str, tmp_path: Path) -> None:
    code = """
        import sys
        from kit import client, main

        async def go():
            base = sys.argv[3]
            c = client(client_id=base, queue_len=20)
            await c.connect(quick=True)
            print("granted", await c.subscribe(base + "/+/x", 1), await c.subscribe(base + "/deep/#", 0))
            await c.subscribe(base + "/end", 1)
            print("ready")
            while True:
                topic, payload, retained = await c.queue.__anext__()
                print(topic.decode()[len(base):], payload.decode(), retained)
                if payload == b"unsubscribe":
                    await c.unsubscribe(base + "/+/x")
                    print("unsubscribed")
                if payload == b"end":
                    break
            await c.disconnect()
        main(go)
    """
    program = Program(interpreter, tmp_path, code, broker.host, broker.port, base)
    program.wait_line("ready")
    with Onlooker(broker.port) as onlooker:
        for topic in ("a/x", "a/y", "a/b/x", "deep", "deep/er/still", "other"):
            onlooker.send(f"{base}/{topic}", "1")
        onlooker.send(f"{base}/z/x", "unsubscribe")
        program.wait_line("unsubscribed")
        onlooker.send(f"{base}/a/x", "2")
        onlooker.send(f"{base}/end", "end")
    lines = program.finish().splitlines()
    assert lines[0] == "granted 1 0"
    assert "/end end False" in lines
    # 4.7.1: + is one level, # is what follows and the level itself
    heard = {line for line in lines if line.startswith("/")}
    assert heard == {"/a/x 1 False", "/deep 1 False", "/deep/er/still 1 False", "/z/x unsubscribe False", "/end end False"}


@both
@shows("refusal")
def test_a_wrong_password_is_an_error_with_a_code(interpreter: str, broker: Served, base: str, tmp_path: Path) -> None:
    code = """
        import sys
        from kit import client, main
        from mqtt.errors import MQTTError

        async def go():
            c = client(client_id=sys.argv[3], user=sys.argv[4], password="wrong")
            try:
                await c.connect(quick=True)
            except MQTTError as e:
                print("code", e.code, e.retry, c.isconnected())
        main(go)
    """
    output = run(interpreter, tmp_path, code, broker.host, broker.port, base, USER)
    assert output in ("code 4 False False", "code 5 False False")  # table 3.1; brokers differ


NAMES = [
    pytest.param("gr\u00fcn/\u6e29\u5ea6/\u20ac", id="unicode", marks=shows("names")),
    pytest.param("/slash", id="slash", marks=shows("names")),
    pytest.param("a//b", id="empty level", marks=shows("names")),
    pytest.param("full.stop/1.2", id="stop", marks=shows("full stops")),
]


@both
@pytest.mark.parametrize("name", NAMES)
def test_a_message_comes_back_as_it_went(name: str, interpreter: str, broker: Served, base: str, tmp_path: Path) -> None:
    topic = f"/{base}" if name == "/slash" else f"{base}/{name}"
    code = """
        import sys
        from kit import client, main

        with open("topic", "rb") as f:
            topic = f.read().decode()

        async def go():
            c = client(client_id=sys.argv[3], queue_len=2)
            await c.connect(quick=True)
            await c.subscribe(topic, 1)
            await c.publish(topic, "21.5 \\u00b0C", qos=1)
            message = await c.queue.__anext__()
            assert message == (topic.encode(), "21.5 \\u00b0C".encode(), False), message
            await c.disconnect()
        main(go, 5)
    """
    (tmp_path / "topic").write_bytes(topic.encode())
    with Onlooker(broker.port, topic) as onlooker:
        run(interpreter, tmp_path, code, broker.host, broker.port, base)
        assert onlooker.wait(1) == [(topic, "21.5 \u00b0C".encode())]


@both
@shows("large")
def test_20_kb_go_both_ways(interpreter: str, broker: Served, base: str, tmp_path: Path) -> None:
    code = """
        import sys
        from kit import client, main

        async def go():
            c = client(client_id=sys.argv[3], queue_len=2, max_packet=24000)
            await c.connect(quick=True)
            await c.subscribe(sys.argv[3] + "/big", 1)
            for qos in (0, 1):
                await c.publish(sys.argv[3] + "/big", bytes(range(250)) * 80, qos=qos)
                topic, payload, retained = await c.queue.__anext__()
                print(len(payload), bytes(payload) == bytes(range(250)) * 80)
            await c.disconnect()
        main(go)
    """
    with Onlooker(broker.port, f"{base}/big") as onlooker:
        assert run(interpreter, tmp_path, code, broker.host, broker.port, base) == "20000 True\n20000 True"
        assert onlooker.wait(2) == [(f"{base}/big", bytes(range(250)) * 80)] * 2
