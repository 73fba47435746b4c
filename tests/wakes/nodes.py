"""Whole wakes: the node's real files on a virtual board, against a real broker."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest

from dormouse import bundle, drivers, settings
from dormouse.virtual.board import VirtualBoard

ROOT = Path(__file__).resolve().parents[2]
BOARDS = ("feather_s2", "pyboard_d", "esp8266")
CREDENTIALS = b'WIFI = (("dormouse", "sleep-tight"),)\nUSER = None\nPASSWORD = None\n'

MakeNode = Callable[..., VirtualBoard]


@pytest.fixture
def make_node(micropython: str) -> Iterator[MakeNode]:
    """make_node(board="feather_s2", credentials=..., extra={path: bytes}, options={...}, **settings) -> VirtualBoard.

    settings replace lines of config.py; options go to VirtualBoard; extra adds files to the board.
    """
    made: list[VirtualBoard] = []

    def make(
        board: str = "feather_s2",
        *,
        credentials: bytes = CREDENTIALS,
        extra: dict[str, bytes] | None = None,
        options: dict[str, Any] | None = None,
        **changes: object,
    ) -> VirtualBoard:
        node_settings = settings.load(ROOT, board=board)
        text = node_settings.text(**changes)
        # Its modules too follow the changes, right or wrong.
        deciding = {*bundle.ONLY_WITH.values(), "SERVICE", "NAME", "TOPIC"}.intersection(changes)
        node_settings.values.update((name, changes[name]) for name in deciding)
        sensors = changes.get("SENSORS")
        known = drivers.names(ROOT)
        if isinstance(sensors, dict) and all(options["driver"] in known for options in sensors.values()):
            node_settings.values["SENSORS"] = sensors
        files = bundle.files(ROOT, node_settings, text, credentials)
        files.update(extra or {})
        node = VirtualBoard(board, files, interpreter=micropython, **(options or {}))
        made.append(node)
        return node

    yield make
    for node in made:
        node.close()


class Listener:
    """A subscriber on the PC: everything that reached the broker, as it came."""

    def __init__(self, host: str, port: int, user: str | None = None, password: str | None = None) -> None:
        self.messages: list[tuple[str, dict[str, Any]]] = []
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self.client.on_message = lambda _c, _u, m: self.messages.append((m.topic, json.loads(m.payload or b"null")))
        self.client.on_connect = lambda c, *_: c.subscribe("#", 1)
        ready: list[int] = []
        self.client.on_subscribe = lambda *_: ready.append(1)
        self.client.username_pw_set(user, password)
        self.client.connect(host, port)
        self.client.loop_start()
        self.until(lambda: bool(ready))

    def until(self, true: Callable[[], bool], seconds: float = 5.0) -> None:
        """Wait for something; an AssertionError when it does not come."""
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, f"not within {seconds} s; so far: {self.messages}"
            time.sleep(0.01)

    def on(self, leaf: str) -> list[dict[str, Any]]:
        """The payloads that came on topics ending in /leaf."""
        return [payload for topic, payload in self.messages if topic.endswith("/" + leaf)]

    def records(self) -> list[dict[str, Any]]:
        """The readings, this wake's and late ones, as they came."""
        return [payload for topic, payload in self.messages if topic.endswith(("/readings", "/history"))]

    def publish(self, topic: str, payload: object, qos: int = 1, retain: bool = False) -> None:
        """Publish and wait until the broker has it."""
        text = payload if isinstance(payload, (str, bytes)) else json.dumps(payload)
        self.client.publish(topic, text, qos, retain).wait_for_publish(5)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def listener(mosquitto: Any) -> Iterator[Listener]:
    """A subscriber of everything on the test's mosquitto."""
    made = Listener(mosquitto.host, mosquitto.port)
    yield made
    made.close()
