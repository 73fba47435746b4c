"""The embedded broker: it answers, it is fast, it ends with the command, whatever happens to that."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from command_line import environment

from dormouse import broker
from dormouse.broker import EmbeddedBroker, answers
from dormouse.errors import DormouseError
from dormouse.subscriber import Subscriber


@pytest.fixture(params=["mosquitto", "amqtt"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each broker that can be embedded; amqtt as on a machine without mosquitto."""
    if request.param == "amqtt":
        monkeypatch.setenv("MOSQUITTO", "")
    elif broker.find_mosquitto() is None:
        pytest.skip("mosquitto is not installed")
    return request.param


def gone(port: int) -> bool:
    end = time.monotonic() + 5
    while answers("127.0.0.1", port, 0.2):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def test_it_serves_and_stops(kind: str) -> None:
    with EmbeddedBroker() as served:
        assert (served.name, served.keeps_for_sleepers) == (kind, kind == "mosquitto")
        with Subscriber(served.host, served.port, "a/#") as one:
            one.send("a/b", "hello")
            assert one.wait(bool, 5)
            (message,) = one.take()
            assert (message.topic, message.text, message.qos, message.retain) == ("a/b", "hello", 1, False)
        port = served.port
    assert gone(port)
    served.stop()  # again: nothing happens


def test_it_does_not_outlive_a_killed_command(kind: str) -> None:
    program = (
        "import time; from dormouse.broker import EmbeddedBroker\n"
        "b = EmbeddedBroker(); b.start(); print(b.port, flush=True); time.sleep(60)"
    )
    owner = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment())
    assert owner.stdout is not None
    port = int(owner.stdout.readline())
    assert answers("127.0.0.1", port)
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait(10)
    assert gone(port), kind


def test_one_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOSQUITTO", "false")
    with pytest.raises(DormouseError, match="did not start"):
        EmbeddedBroker().start()


def test_a_subscriber_without_a_broker_fails(free_port: int) -> None:
    with pytest.raises(DormouseError, match=f"no broker at 127.0.0.1:{free_port}"):
        Subscriber("127.0.0.1", free_port, "#").start()
