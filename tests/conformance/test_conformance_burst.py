"""The sleeper's burst on real brokers: what it hands over and what it is sent, as Eclipse Paho sees it from the other side."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from abilities import both, shows
from burstkit import burst
from onlooker import Onlooker

from brokers_served import PASSWORD, USER, Served


def record(topic: str, payload: bytes | str = b'{"temperature_c": 21.42}', pid: int = 7) -> tuple[object, ...]:
    return (topic, payload, False, 1, pid, False)


@both
@pytest.mark.parametrize(
    "pipeline", [pytest.param(True, marks=shows("pipelined")), pytest.param(False, marks=shows("step by step"))]
)
def test_a_burst_delivers(pipeline: bool, interpreter: str, broker: Served, base: str, tmp_path: Path) -> None:
    publish = [record(f"{base}/r"), (f"{base}/chosen", "b", False, 1, 0, False), (f"{base}/zero", b"c", False, 0, 0, False)]
    with Onlooker(broker.port, f"{base}/#") as onlooker:
        wanted = [(f"{base}/set", 1), ("all/set", 0)]
        done = burst(interpreter, tmp_path, broker.port, client_id=base, publish=publish, subscribe=wanted, pipeline=pipeline)
        assert done.result == (False, b"\1\0", 0, pipeline)
        assert done.acked == [1, 1, 0]
        # QoS 0 may overtake QoS 1 (4.6)
        assert sorted(onlooker.wait(3)) == [(f"{base}/chosen", b"b"), (f"{base}/r", publish[0][1]), (f"{base}/zero", b"c")]


@both
@shows("batch")
def test_fifty_records_go_in_one_burst(interpreter: str, broker: Served, base: str, tmp_path: Path) -> None:
    publish = [record(f"{base}/r", b'{"seq": %d, "air": {"temperature_c": 21.42}}' % n, n + 1) for n in range(50)]
    with Onlooker(broker.port, f"{base}/r") as onlooker:
        done = burst(interpreter, tmp_path, broker.port, client_id=base, publish=publish, subscribe=[(f"{base}/set", 1)])
        assert done.result is not None
        assert done.result[:3] == (False, b"\1", 0)
        assert done.acked == [1] * 50
        onlooker.wait(50)
        onlooker.send(f"{base}/r", "end")
        assert onlooker.until(b"end") == [item[1] for item in publish] + [b"end"]


@both
@shows("long pipeline")
def test_fifty_records_go_in_one_write(interpreter: str, broker: Served, base: str, tmp_path: Path) -> None:
    publish = [record(f"{base}/r", b"%d" % n, n + 1) for n in range(50)]
    done = burst(interpreter, tmp_path, broker.port, client_id=base, publish=publish, subscribe=[(f"{base}/set", 1)])
    assert done.result == (False, b"\1", 0, True)  # else the broker dropped it, and it went step by step


@both
@shows("session")
def test_the_session_outlives_the_sleep(
    interpreter: str, broker: Served, base: str, asleep: Callable[[], None], tmp_path: Path
) -> None:
    options = {"client_id": base, "publish": [record(f"{base}/r")], "subscribe": [(f"{base}/set", 1)]}
    for present in (False, True, True):
        assert burst(interpreter, tmp_path, broker.port, **options).result == (present, b"\1", 0, True)
        asleep()


@both
@shows("clean")
def test_a_clean_burst_discards_the_session(interpreter: str, broker: Served, base: str, tmp_path: Path) -> None:
    options = {"client_id": base, "publish": [record(f"{base}/r")], "subscribe": [(f"{base}/set", 1)]}
    for clean in (False, True, False):  # 3.1.2.4
        assert burst(interpreter, tmp_path, broker.port, clean=clean, **options).result == (False, b"\1", 0, True)


@both
@shows("queue")
def test_commands_sent_during_the_sleep_come_once(interpreter: str, broker: Served, base: str, tmp_path: Path) -> None:
    options = {"client_id": base, "publish": [record(f"{base}/r")], "subscribe": [(f"{base}/set", 1), (f"{base}/all", 1)]}
    burst(interpreter, tmp_path, broker.port, **options)
    with Onlooker(broker.port) as onlooker:
        onlooker.send(f"{base}/set", "one")
        onlooker.send(f"{base}/all", "two")
        onlooker.send(f"{base}/set", b"x" * 2000)  # too long for the burst: acknowledged, counted
        onlooker.send(f"{base}/set", "three")
    done = burst(interpreter, tmp_path, broker.port, **options)
    assert sorted(done.messages) == [
        (f"{base}/all".encode(), b"two", False, False),
        (f"{base}/set".encode(), b"one", False, False),
        (f"{base}/set".encode(), b"three", False, False),
    ]
    assert done.result == (True, b"\1\1", 4, True)
    assert done.acked == [1]
    assert burst(interpreter, tmp_path, broker.port, **options).result == (True, b"\1\1", 0, True)


@both
@shows("long queue")
def test_fifty_commands_come_in_one_drain(interpreter: str, broker: Served, base: str, tmp_path: Path) -> None:
    options = {"client_id": base, "publish": [record(f"{base}/r")], "subscribe": [(f"{base}/set", 1)]}
    burst(interpreter, tmp_path, broker.port, **options)
    with Onlooker(broker.port) as onlooker:
        for n in range(50):
            onlooker.send(f"{base}/set", f"command {n}")
    done = burst(interpreter, tmp_path, broker.port, **options)
    assert done.payloads == [b"command %d" % n for n in range(50)]
    assert burst(interpreter, tmp_path, broker.port, **options).messages == []


def retained(interpreter: str, broker: Served, base: str, name: str, folder: Path) -> None:
    """A retained command comes with every SUBSCRIBE of its session, flagged, until it is cleared."""
    options = {"client_id": base, "publish": [record(f"{base}/r")], "subscribe": [(name, 1)]}
    clear = [(f"{base}/cmd/set", b"", True, 1, 1, False)]  # 3.3.1-10: without payload
    with Onlooker(broker.port) as onlooker:
        onlooker.send(f"{base}/cmd/set", "keep", 1, True)
    try:
        for present in (False, True):
            done = burst(interpreter, folder, broker.port, **options)
            assert done.messages == [(f"{base}/cmd/set".encode(), b"keep", True, False)]
            assert done.result == (present, b"\1", 1, True)
    finally:
        burst(interpreter, folder, broker.port, client_id=base + "x", clean=True, publish=clear)
    assert burst(interpreter, folder, broker.port, clean=True, **options).messages == []


@both
@shows("retained")
def test_a_retained_command_comes_with_every_subscribe(interpreter: str, broker: Served, base: str, tmp_path: Path) -> None:
    retained(interpreter, broker, base, f"{base}/cmd/set", tmp_path)


@both
@shows("retained wildcards")
def test_a_retained_command_comes_to_a_wildcard(interpreter: str, broker: Served, base: str, tmp_path: Path) -> None:
    retained(interpreter, broker, base, f"{base}/cmd/+", tmp_path)


@both
@shows("results")
def test_results_go_with_the_acknowledgement(interpreter: str, broker: Served, base: str, tmp_path: Path) -> None:
    options = {"client_id": base, "publish": [record(f"{base}/r")], "subscribe": [(f"{base}/set", 1)]}
    burst(interpreter, tmp_path, broker.port, **options)
    with Onlooker(broker.port, f"{base}/result") as onlooker:
        onlooker.send(f"{base}/set", "a")
        onlooker.send(f"{base}/set", "b")
        answers = {
            b"a": [(f"{base}/result", "done a", False, 1, 0, False)],
            b"b": [(f"{base}/result", "done b", False, 1, 0, False)],
        }
        done = burst(interpreter, tmp_path, broker.port, answers=answers, **options)
        assert done.result == (True, b"\1", 2, True)
        assert onlooker.wait(2) == [(f"{base}/result", b"done a"), (f"{base}/result", b"done b")]


@both
@shows("refusal")
def test_a_wrong_password_is_refused_and_nothing_is_processed(
    interpreter: str, broker: Served, base: str, tmp_path: Path
) -> None:
    options = {"client_id": base, "user": USER, "publish": [record(f"{base}/r", "a")]}
    with Onlooker(broker.port, f"{base}/#") as onlooker:
        done = burst(interpreter, tmp_path, broker.port, password="wrong", **options)
        assert done.error in (("MQTTError", 4, 0x2002), ("MQTTError", 5, 0x2002))  # table 3.1; brokers differ
        assert done.acked == [0]
        done = burst(interpreter, tmp_path, broker.port, password=PASSWORD, **options)
        assert done.acked == [1]
        assert onlooker.until(b"a") == [b"a"]  # once: 3.1.4-5


@both
@shows("will")
def test_a_goodbye_drops_the_will(interpreter: str, broker: Served, base: str, tmp_path: Path) -> None:
    with Onlooker(broker.port, f"{base}/#") as onlooker:
        will = (f"{base}/gone", "will", False, 1)
        done = burst(interpreter, tmp_path, broker.port, client_id=base, publish=[record(f"{base}/r", "a")], will=will)
        assert done.acked == [1]
        onlooker.send(f"{base}/end", "end")
        assert onlooker.until(b"end") == [b"a", b"end"]


@both
@shows("large")
def test_records_of_20_kb(interpreter: str, broker: Served, base: str, tmp_path: Path) -> None:
    publish = [record(f"{base}/r", bytes((65 + n,)) * 20_000, n + 1) for n in range(3)]
    with Onlooker(broker.port, f"{base}/r") as onlooker:
        done = burst(interpreter, tmp_path, broker.port, client_id=base, publish=publish)
        assert done.acked == [1, 1, 1]
        assert [payload for _, payload in onlooker.wait(3)] == [item[1] for item in publish]
