"""The campaign's nodes: scenarios, each a board's state before a wake, kept as a folder, and the calls of that wake."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import campaign_bytes
import paho.mqtt.client as paho

from dormouse import bundle, settings
from dormouse.virtual import faults
from dormouse.virtual.board import VirtualBoard, Wake
from dormouse.virtual.world import DnsWorld, World

ROOT = Path(__file__).resolve().parents[2]
BOARDS = ("feather_s2", "pyboard_d", "esp8266")
SPEED = 8
MAX_AWAKE_S = 20
_CREDENTIALS = b'WIFI = (("dormouse", "sleep-tight"),)\nUSER = None\nPASSWORD = None\n'
_SENSORS = {"air": {"driver": "sht4x"}, "odd": {"driver": "faulty"}}
_BATTERY = {"type": "lipo", "mah": 1000, "stretch_below_v": 3.4, "stop_below_v": 3.2}
_HOST = "broker.test"  # a name: it must be looked up
_BUDGET_MS = MAX_AWAKE_S * 1000 // SPEED
_HUNG_S = _BUDGET_MS * 2 / 1000 + 0.5  # after which a wake that hangs is given up
_MOST_WAKES = 20

Key = tuple[int, int]  # of a reading: boot, sequence number

# Name to UPLOAD_EVERY: "cold" is the first wake, "warm" the second, which uploads; in "command" that one is told to change its
# interval; "quiet" does not upload; in "full" readings move from retained memory to flash; "drain" uploads them all.
SCENARIOS = {"cold": 1, "warm": 1, "command": 1, "quiet": 3, "full": 6, "drain": 6}


def keys(messages: list[dict[str, Any]]) -> set[Key]:
    """The readings among messages."""
    return {(m["boot"], m["seq"]) for m in messages if "seq" in m}


class Listener:
    """What reached the broker from the nodes that it follows: readings, or "dropped" of another message, or "broken"."""

    def __init__(self, port: int) -> None:
        self._seen: dict[str, list[dict[str, Any]]] = {}
        self._changed = threading.Condition()
        self._acked: set[int] = set()
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self.client.on_message = self._take
        self.client.on_subscribe = lambda _c, _u, mid, *_: self._note(mid)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def _note(self, mid: int) -> None:
        with self._changed:
            self._acked.add(mid)
            self._changed.notify_all()

    def _take(self, _client: object, _user: object, message: paho.MQTTMessage) -> None:
        _, name, leaf = message.topic.split("/", 2)
        try:
            payload = json.loads(message.payload)
            if leaf not in ("readings", "history"):
                payload = {"dropped": payload.get("dropped", 0)}
        except (ValueError, AttributeError):
            payload = {"broken": f"{leaf}: {bytes(message.payload)!r}"}
        with self._changed:
            self._seen.setdefault(name, []).append(payload)
            self._changed.notify_all()

    def follow(self, name: str) -> None:
        """Listen to a node from now on."""
        mid = self.client.subscribe(f"dormouse/{name}/#", 1)[1]
        with self._changed:
            assert self._changed.wait_for(lambda: mid in self._acked, 10), "no SUBACK"

    def settle(self, name: str, count: int) -> None:
        """Wait a moment for so many different readings: the broker may still be passing them on."""
        with self._changed:
            self._changed.wait_for(lambda: len(keys(self._seen.get(name, []))) >= count, 0.3)

    def forget(self, name: str) -> list[dict[str, Any]]:
        """End following; give all readings that came."""
        self.client.unsubscribe(f"dormouse/{name}/#")
        with self._changed:
            return self._seen.pop(name, [])

    def readings(self, name: str) -> list[dict[str, Any]]:
        """The readings so far, duplicates too."""
        with self._changed:
            return list(self._seen.get(name, []))

    def close(self) -> None:
        """End."""
        self.client.disconnect()
        self.client.loop_stop()


@dataclass
class Prepared:
    """A board before the wake in question.

    folder: its state. calls: of the wake, undisturbed. delivered: readings at the broker before. taken: how many there had
    been. looked: at how many stopped writes. kept_before, kept_after: readings that reach the broker though the power fails
    before the wake, or after it.
    """

    board: str
    scenario: str
    folder: Path
    port: int
    calls: list[faults.Call] = field(default_factory=list)
    delivered: set[Key] = field(default_factory=set)
    taken: int = 0
    looked: int = 0
    kept_before: set[Key] = field(default_factory=set)
    kept_after: set[Key] = field(default_factory=set)


def copy(source: Path, target: Path) -> None:
    """A board's folder, its image with its holes."""
    target.mkdir()
    if (source / "board.json").exists():  # after the first wake
        shutil.copy(source / "board.json", target / "board.json")
    with (source / "flash.img").open("rb") as old, (target / "flash.img").open("wb") as new:
        size = os.fstat(old.fileno()).st_size
        at = 0
        while at < size:
            try:
                start = os.lseek(old.fileno(), at, os.SEEK_DATA)
            except OSError:
                break
            at = os.lseek(old.fileno(), start, os.SEEK_HOLE)
            os.pwrite(new.fileno(), os.pread(old.fileno(), at - start, start), start)
        new.truncate(size)


def world() -> World:
    """Where all is well."""
    return World(dns=DnsWorld(table={_HOST: "127.0.0.1", "pool.ntp.org": "127.0.0.1"}))


def name_of(chip: int) -> str:
    """The name of the node on the chip of that number."""
    return f"{chip & 0xFFFFFF:06x}"


def opened(board: str, folder: Path, chip: int, files: dict[str, bytes], interpreter: str) -> VirtualBoard:
    """The board in a folder, with a chip of its own: the broker shall not take it for another."""
    node = VirtualBoard(board, files, state=folder, world=world(), speed=SPEED, interpreter=interpreter, seed=chip)
    chip_id = node.model.unique_id[:-3] + (chip & 0xFFFFFF).to_bytes(3, "big")
    node.model = dataclasses.replace(node.model, unique_id=chip_id)
    return node


def run_wake(node: VirtualBoard) -> Wake:
    """One wake, or the end of what hangs."""
    return node.run_wake(_HUNG_S)


def files(board: str, port: int, upload_every: int, extra: dict[str, bytes] | None = None) -> dict[str, bytes]:
    """What is on the board."""
    node_settings = settings.load(ROOT, board=board)
    changes = {
        "BROKER": f"{_HOST}:{port}", "UPLOAD_EVERY": upload_every, "SENSORS": {"air": {"driver": "sht4x"}},
        "MAX_AWAKE_S": MAX_AWAKE_S, "BATTERY": _BATTERY,
    }  # fmt: skip
    made = bundle.files(ROOT, node_settings, node_settings.text(**changes), _CREDENTIALS)
    config = node_settings.text(**{**changes, "SENSORS": _SENSORS}).encode()
    made["/config.py"] = config
    made["/sensors/faulty.py"] = Path(__file__).with_name("faulty.py").read_bytes()
    made.update(extra or {})
    return made


def command(node: VirtualBoard, listener: Listener, port: int) -> None:
    """Queue a command for the node in its session, as if it had slept when it came."""
    chip = node.model.unique_id.hex()
    topic = f"dormouse/{chip[-6:]}/set"
    held: list[int] = []
    session = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=f"{chip[-6:]}-{chip}", clean_session=False)
    session.on_connect = lambda c, *_: c.subscribe(topic, 1)
    session.on_subscribe = lambda *_: held.append(1)
    session.connect("127.0.0.1", port)
    end = time.monotonic() + 5
    while not held and time.monotonic() < end:
        session.loop(0.05)
    assert held, "the broker made no session"
    session.disconnect()
    listener.client.publish(topic, '{"id": 5, "wake_every_s": 120}', 1).wait_for_publish(5)


def _thinned(trace: faults.Trace, image: Path, scenario: str) -> tuple[list[faults.Call], int]:
    candidates = {c.number: c.stops for c in trace.calls if c.name == "flash.write"}
    stops, looked = campaign_bytes.stops(image, trace.writes, candidates)
    if scenario != "quiet":  # there each byte of retained memory is one; elsewhere some
        for c in trace.calls:
            if c.name == "mem.set":
                stops[c.number] = c.stops[:: max(1, len(c.stops) // 6)]
    return [dataclasses.replace(c, stops=stops.get(c.number, c.stops)) for c in trace.calls], looked


def prepare(
    board: str,
    every: int,
    folder: Path,
    port: int,
    chip: int,
    interpreter: str,
    extra: dict[str, bytes] | None = None,
    only: tuple[str, ...] = tuple(SCENARIOS),
) -> list[Prepared]:
    """Run a node through its wakes and keep the scenarios that it comes through.

    every: UPLOAD_EVERY. folder: for the boards. port: the broker's. extra: files on the board. only: names of scenarios.
    """
    found: list[Prepared] = []
    wanted = [s for s in SCENARIOS if SCENARIOS[s] == every and s in only]
    listener = Listener(port)
    here = folder / f"{board}-{every}"
    node = opened(board, here, chip, files(board, port, every, extra), interpreter)
    name = name_of(chip)
    listener.follow(name)
    try:
        taken = 0
        spilled = False
        while wanted and node.wakes < _MOST_WAKES:
            delivered = keys(listener.readings(name))
            kept = folder / f"{board}-{every}-{node.wakes}"
            copy(here, kept)
            told = wanted[0] == "command"
            if told:
                command(node, listener, port)
            node.faults = trace = faults.Trace()
            wake = run_wake(node)
            assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
            phases = [phase[0] for phase in wake.phases]
            if "measure" not in phases:
                shutil.rmtree(kept)
                continue
            taken += 1
            quiet = "link" not in phases
            fits = {
                "cold": taken == 1, "warm": not quiet, "command": not quiet, "quiet": quiet,
                "full": quiet and wake.flash_writes > 0, "drain": spilled and not quiet,
            }[wanted[0]]  # fmt: skip
            spilled = spilled or (quiet and wake.flash_writes > 0)
            if fits:
                calls, looked = _thinned(trace, kept / "flash.img", wanted[0])
                found.append(Prepared(board, wanted.pop(0), kept, port, calls, delivered, taken - 1, looked))
            else:
                shutil.rmtree(kept)
            if not quiet:
                listener.settle(name, taken)
        assert not wanted, f"no wake of {board} is {wanted[0]}"
    finally:
        node.close()
        listener.close()
    return found
