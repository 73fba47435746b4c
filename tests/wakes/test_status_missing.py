"""MQTT5 = True: the broker itself tells when the node has missed its wakes, and only then (MQTT 5 section 3.1.3.2.2)."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from nodes import ROOT, Listener, MakeNode

DELAY_S = 4
MODERN = {f"/lib/mqtt/{name}.py": (ROOT / f"src/mqtt/{name}.py").read_bytes() for name in ("v5", "properties", "reasons5")}
ASKED_S = 2 * 900 + 60


class Hurry:
    """A line to the broker on which the will's delay is shortened: half an hour is too long for a test."""

    def __init__(self, host: str, port: int) -> None:
        self.asked: list[int] = []
        self.goodbyes: list[bytes] = []
        self._broker = host, port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                node, _ = self._server.accept()
            except OSError:
                return
            with node, socket.create_connection(self._broker) as broker:
                first, last = True, b""
                with selectors.DefaultSelector() as either:
                    either.register(node, selectors.EVENT_READ, broker)
                    either.register(broker, selectors.EVENT_READ, node)
                    while either.get_map():
                        for key, _ in either.select(10):
                            data = key.fileobj.recv(65536)  # type: ignore[union-attr]
                            if key.fileobj is node:
                                if first:
                                    data = self._shorten(data)
                                    first = False
                                last = data or last
                            if not data:
                                either.unregister(node)
                                either.unregister(broker)
                                break
                            key.data.sendall(data)
                self.goodbyes.append(last)

    def _shorten(self, data: bytes) -> bytes:
        mark = b"\x18" + ASKED_S.to_bytes(4, "big")
        self.asked.append(data.count(mark))
        return data.replace(mark, b"\x18" + DELAY_S.to_bytes(4, "big"))

    def close(self) -> None:
        self._server.close()


@pytest.fixture
def hurry(mosquitto: Any) -> Iterator[Hurry]:
    line = Hurry(mosquitto.host, mosquitto.port)
    yield line
    line.close()


def test_the_broker_tells_of_a_node_that_stops_waking(make_node: MakeNode, hurry: Hurry, listener: Listener) -> None:
    node = make_node(options={"speed": 4}, extra=MODERN, BROKER=hurry.address, NAME="shed", MQTT5=True)
    began = time.monotonic()
    wakes = 0
    while time.monotonic() - began < 2 * DELAY_S or wakes < 3:
        wake = node.run_wake()
        assert (wake.ended, wake.by) == ("deepsleep", "node") and "delivered 1" in wake.output, wake.output
        wakes += 1
        time.sleep(0.2)
    # It kept waking: never. Each session asked for the delay, each goodbye left the will in force.
    listener.until(lambda: len(listener.on("status")) >= wakes)
    assert "lost" not in [status["state"] for status in listener.on("status")]
    assert hurry.asked == [1] * wakes
    # DISCONNECT with reason code 4, "with will message" (section 3.14.2.1).
    assert all(goodbye.endswith((b"\xe0\x02\x04\x00", b"\xe0\x01\x04")) for goodbye in hurry.goodbyes), hurry.goodbyes
    stopped = time.monotonic()
    listener.until(lambda: listener.on("status")[-1]["state"] == "lost", DELAY_S + 10)
    assert time.monotonic() - stopped > DELAY_S - 2


def test_a_new_interval_takes_the_will_back(make_node: MakeNode, hurry: Hurry, listener: Listener) -> None:
    node = make_node(options={"speed": 4}, extra=MODERN, BROKER=hurry.address, NAME="shed", MQTT5=True)
    node.run_wake()
    listener.publish("dormouse/shed/set", {"id": 1, "wake_every_s": 7200})
    wake = node.run_wake()
    assert "delivered 1" in wake.output, wake.output
    listener.until(lambda: listener.on("result") == [{"id": 1, "ok": True}])
    time.sleep(DELAY_S + 1)
    assert "lost" not in [status["state"] for status in listener.on("status")]
