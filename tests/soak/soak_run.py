"""The soak: many nodes at once against one mosquitto, which is itself stopped and started again."""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as paho
from soak_judge import Arrival, heap_lows, problems
from soak_node import BOARDS, HOST, SILENT, Node, Plan, Story

from brokers import Mosquitto
from dormouse import bundle, settings
from programs import find_micropython, find_program

ROOT = Path(__file__).resolve().parents[2]
NODES = 16
_CREDENTIALS = b'WIFI = (("dormouse", "sleep-tight"),)\nUSER = None\nPASSWORD = None\n'
_KEEP = ("persistence true", "max_queued_messages 0", "set_tcp_nodelay true")
_TICK_S = 0.01


class Listener:
    """A subscriber by paho-mqtt with a session of its own: it misses nothing while the broker is away."""

    def __init__(self, host: str, port: int) -> None:
        self._lock = threading.Lock()
        self._arrivals: dict[str, list[Arrival]] = {}
        self._numbers: dict[str, set[int]] = {}
        self.count = 0
        self._ready = threading.Event()
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, "soak-listener", clean_session=False)
        self._client.on_connect = lambda client, *_: client.subscribe([("dormouse/+/readings", 1), ("dormouse/+/history", 1)])
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._take
        self._client.reconnect_delay_set(1, 1)
        self._client.connect(host, port)
        self._client.loop_start()
        if not self._ready.wait(10):
            raise RuntimeError("mosquitto does not serve a subscriber")

    def _take(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        reading = json.loads(message.payload)
        arrival = Arrival(reading["boot"], reading["seq"], reading["soak"]["number"], reading.get("time"))
        name = message.topic.split("/")[1]
        with self._lock:
            self.count += 1
            self._arrivals.setdefault(name, []).append(arrival)
            self._numbers.setdefault(name, set()).add(arrival.number)

    def arrivals(self, name: str) -> list[Arrival]:
        """What came from a node, in the order in which it came."""
        with self._lock:
            return list(self._arrivals.get(name, ()))

    def numbers(self, name: str) -> set[int]:
        """The numbers of the readings that came from a node."""
        with self._lock:
            return set(self._numbers.get(name, ()))

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()


class Stolen:
    """How long this computer has kept a thread that wanted to run from running, in milliseconds since the start."""

    def __init__(self) -> None:
        self.ms = 0.0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._end.is_set():
            begun = time.monotonic()
            time.sleep(_TICK_S)
            self.ms += max(0.0, time.monotonic() - begun - _TICK_S - 0.001) * 1000

    def close(self) -> None:
        """End the thread."""
        self._end.set()
        self._thread.join()


class Restarts:
    """mosquitto goes away every few seconds, by SIGTERM, and comes back with the sessions that it had."""

    def __init__(self, broker: Mosquitto, seed: int) -> None:
        self.count = 0
        self._broker, self._dice = broker, random.Random(f"{seed}/broker")
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._end.wait(self._dice.uniform(4, 12)):
            self._broker.stop()
            self._end.wait(self._dice.uniform(0.1, 1.5))
            self._broker.start()
            self.count += 1

    def close(self) -> None:
        """Leave the broker running."""
        self._end.set()
        self._thread.join()


@dataclass
class Result:
    """What a soak came to."""

    stories: list[Story]
    problems: list[str]
    arrived: int
    restarts: int

    def line(self) -> str:
        """The soak in one line."""
        lives = [life for story in self.stories for life in story.lives]
        taken = sum(len(story.given) for story in self.stories)
        dropped = sum(sum(story.dropped.values()) for story in self.stories)
        cuts = sum(life.cut for life in lives)
        lows = [low for story in self.stories for kind in heap_lows(story).values() for low in kind if low >= 0]
        return (
            f"{len(lives)} wakes of {len(self.stories)} nodes: {taken} readings taken, {self.arrived} messages received, "
            f"{dropped} dropped; {cuts} wakes cut short, {self.restarts} restarts of mosquitto; "
            f"least free heap {min(lows, default=-1)} bytes"
        )


def soak(
    wakes: int, seed: int, folder: Path, nodes: int = NODES, only: int | None = None, stepped: Callable[[], None] = lambda: None
) -> Result:
    """Run it. wakes: of all nodes together. only: the number of the one node to run. Raises RuntimeError without programs."""
    mosquitto = find_program("mosquitto")
    interpreter = find_micropython()
    if mosquitto is None or interpreter is None:
        raise RuntimeError("no " + ("mosquitto" if mosquitto is None else "MicroPython interpreter"))
    plans = [Plan.make(number, seed, -(-wakes // nodes)) for number in range(nodes) if only in (None, number)]
    with ExitStack() as stack:
        broker = Mosquitto(mosquitto, folder, (*_KEEP, f"persistence_location {folder}/"), anonymous=True).start()
        stack.callback(broker.stop)
        listener = Listener(broker.host, broker.port)
        stack.callback(listener.close)
        silent = _silent(stack, broker.port)
        stolen = Stolen()
        stack.callback(stolen.close)
        base = {board: settings.load(ROOT, board=board) for board in BOARDS}
        stop = threading.Event()

        def live(plan: Plan) -> Story:
            server = f"{HOST}:{broker.port}"
            with making:
                text = base[plan.board].text(BROKER=server, **plan.settings)
                files = bundle.files(ROOT, base[plan.board], text, _CREDENTIALS)
                files["/sensors/counter.py"] = plan.driver
                node = Node(plan, files, lambda: stolen.ms, lambda: listener.numbers(plan.name), silent)
            return node.live(stepped, stop.is_set)

        making = threading.Lock()
        restarts = Restarts(broker, seed)
        try:
            with ThreadPoolExecutor(len(plans)) as pool:
                try:
                    stories = list(pool.map(live, plans))
                finally:
                    stop.set()
        finally:
            restarts.close()
        _settle(listener)
        found = [text for story in stories for text in problems(story, listener.arrivals(story.plan.name))]
        return Result(stories, found, listener.count, restarts.count)


def repeat(text: str, wakes: int, seed: int, nodes: int) -> str:
    """A problem with the way to repeat it."""
    number = text.partition("node-")[2].partition(" ")[0]
    return f"{text}\n  again: make soak ARGS=\"--wakes {wakes} --nodes {nodes} --seed {seed} --node {number}\""


def _silent(stack: ExitStack, port: int) -> bool:
    # An address of the loopback with somebody who accepts and says nothing; not every system has more than one.
    with suppress(OSError):
        stack.enter_context(socket.create_server((SILENT, port), backlog=1000))
        return True
    return False


def _settle(listener: Listener) -> None:
    end, before = time.monotonic() + 10, -1
    while before != listener.count and time.monotonic() < end:
        before = listener.count
        time.sleep(0.3)
