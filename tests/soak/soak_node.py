"""One node of the soak: a virtual board that lives through seeded outages, resets and power cuts, and what came of it."""

from __future__ import annotations

import dataclasses
import random
import re
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

from dormouse.virtual.board import VirtualBoard, Wake
from dormouse.virtual.devices import I2CDevice
from dormouse.virtual.world import World
from node import state as states
from power import retained, whole

SPEED = 8
HEAP = "32wK"  # the ESP8266 has about 35 KB
BOARDS = ("feather_s2", "esp8266", "pyboard_d")
HOST = "broker.test"
HERE, NOBODY, SILENT = "127.0.0.1", "127.0.0.2", "127.0.0.3"  # what the name server says of HOST
OUTAGES = ("ap", "dhcp", "dns", "nobody", "silent", "link", "ntp")
FLUSHES = 10  # uploads at the end, undisturbed, of which one must deliver something, until nothing is left
_COUNTER = 0x2C  # of an address that no other part here has
_LONG_S = 60.0  # no wake takes so long
# A reading that nothing but the part on the bus can have made: its number. The rest of the body is there for its length.
_DRIVER = """\
FIELDS = (("number", 0),{})
OPTIONS = ()

def start(board, options):
    return 0, board.i2c(options)

def read(bus):
    return (int.from_bytes(bus.readfrom({}, 4), "big"),){}
"""


@dataclass
class Plan:
    """What a node is. number: from 0. wakes: before the flush. drops: outages outlast its store, and its power never fails."""

    number: int
    seed: int
    wakes: int
    board: str
    drops: bool
    max_awake_s: int
    every_s: int
    upload_every: int
    drift: float
    padding: int  # fields beside the number, of about 20 bytes each

    @classmethod
    def make(cls, number: int, seed: int, wakes: int) -> Plan:
        """The plan of one node: the same for the same number and seed."""
        dice = random.Random(f"{seed}/{number}")
        drops = number % 8 == 5
        return cls(
            number, seed, wakes, BOARDS[number % 3], drops,
            max_awake_s=dice.choice((20, 30, 60)),
            every_s=dice.choice((60, 300, 900)),
            upload_every=dice.choice((1, 1, 1, 4)),
            drift=dice.uniform(-0.05, 0.05),
            padding=11 if drops else dice.choice((0, 1, 5, 16)),
        )  # fmt: skip

    @property
    def name(self) -> str:
        return f"node-{self.number}"

    @property
    def settings(self) -> dict[str, object]:
        """The lines of config.py that differ."""
        return {
            "NAME": self.name, "SENSORS": {"soak": {"driver": "counter"}}, "WAKE_EVERY_S": self.every_s,
            "UPLOAD_EVERY": self.upload_every, "MAX_AWAKE_S": self.max_awake_s, "BATTERY": None,
        }  # fmt: skip

    @property
    def driver(self) -> bytes:
        """sensors/counter.py for this node."""
        fields = "".join(f'("padding_{i:02}", 0),' for i in range(self.padding))
        return _DRIVER.format(fields, _COUNTER, f" + (1234567,) * {self.padding}").encode()


@dataclass
class Life:
    """One wake as it is judged. told: what was done to it. stolen_ms: for what this computer did not let it run."""

    wake: Wake
    told: str
    cut: bool
    stolen_ms: float
    numbers: list[int]


@dataclass
class Story:
    """All that a node did. gone: numbers that a power cut may have taken with the retained memory. unsure: numbers that arrived
    in a wake which did not learn of it: in an outage that lasts the node may drop them all the same.
    """

    plan: Plan
    lives: list[Life] = field(default_factory=list)
    given: dict[int, float] = field(default_factory=dict)  # number: true time
    gone: set[int] = field(default_factory=set)
    unsure: set[int] = field(default_factory=set)
    dropped: dict[int, int] = field(default_factory=dict)  # by 0: as the node counts
    failed: str = ""  # the virtual board itself did


class Counter(I2CDevice):
    """A part that gives every reader the next number, from 1."""

    address = _COUNTER

    def __init__(self, given: Callable[[int], None]) -> None:
        self._number = 0
        self._given = given

    def write(self, data: bytes) -> None:
        pass

    def read(self, n: int) -> bytes:
        self._number += 1
        self._given(self._number)
        return self._number.to_bytes(n, "big")

    def power(self, on: bool) -> None:
        pass


class SoakBoard(VirtualBoard):
    """A virtual board that tells its story what retained memory holds, before a power cut takes it."""

    story: Story | None = None

    def note(self) -> None:
        """Take note of the node's own count of what it dropped."""
        assert self.story is not None
        size = states.size()
        frame = retained.HEADER + size
        for at in (256, 512, 512 + frame):  # node.restore
            if whole.turn(self.retained, at, states.VERSION, size) >= 0:
                at += retained.HEADER
                state = states.State(bytearray(self.retained[at : at + size]))
                # In the node's life, so the highest count of any.
                self.story.dropped[0] = max(self.story.dropped.get(0, 0), state.dropped)

    def power_cycle(self) -> None:
        if self.story is not None:
            self.note()
            self.story.gone.update(int(found) for found in re.findall(rb'"number":(\d+)', self.retained))
        super().power_cycle()


class Node:
    """Runs one node. files: of the board. stolen_ms: what the computer has withheld so far. arrived: numbers delivered."""

    def __init__(
        self, plan: Plan, files: dict[str, bytes], stolen_ms: Callable[[], float], arrived: Callable[[], set[int]], silent: bool
    ) -> None:
        self.story = Story(plan)
        self._stolen_ms, self._arrived = stolen_ms, arrived
        self._dice = random.Random(f"{plan.seed}/{plan.number}/weather")
        self._kinds = [kind for kind in OUTAGES if silent or kind != "silent"]
        self._outage, self._left = "", 0
        self._numbers: list[int] = []
        self.world = World(drift=plan.drift, devices=lambda _now, _scene: [Counter(self._given)])
        self.world.dns.table[HOST] = HERE
        self.board = SoakBoard(
            plan.board, files, world=self.world, heap=HEAP, speed=SPEED, seed=plan.seed * 1000 + plan.number
        )
        chip = self.board.model.unique_id[:-1] + bytes([plan.number])
        self.board.model = dataclasses.replace(self.board.model, unique_id=chip)
        self.board.story = self.story

    def live(self, stepped: Callable[[], None], stop: Callable[[], bool]) -> Story:
        """All wakes. stepped: called after each. stop: whether to give up."""
        try:
            self._live(stepped, stop)
        except Exception:  # noqa: BLE001  whatever it is, the other nodes go on
            self.story.failed = f"the virtual board failed in wake {self.board.wakes}:\n{traceback.format_exc()}"
        return self.story

    def _live(self, stepped: Callable[[], None], stop: Callable[[], bool]) -> None:
        with self.board:
            for _ in range(self.story.plan.wakes):
                if stop():
                    return
                self._one()
                stepped()
            self._weather("", 0)
            self.board.flash.cut_after = None
            idle = 0
            while idle < FLUSHES and not stop():
                wake = self._wake("flush", _LONG_S).wake
                if wake.output.startswith("delivered"):
                    idle = 0
                    if self._all_arrived():
                        break
                elif any(phase[0] == "link" for phase in wake.phases):
                    idle += 1

    def _one(self) -> None:
        dice, plan = self._dice, self.story.plan
        if self._left:
            self._left -= 1
        elif dice.random() < 0.15:
            mean = 150 if plan.drops and dice.random() < 0.3 else 3
            self._weather(dice.choice(self._kinds), 1 + int(dice.expovariate(1 / mean)))
        else:
            self._weather("", 0)
        fate = dice.random()
        moment_s = dice.uniform(0.03, 0.6)
        writes = dice.randrange(1, 12)
        told = self._outage or "fair"
        if fate < 0.05:
            self._wake(f"{told}, reset after {moment_s:.3f} s", moment_s)
        elif fate < 0.08 and not plan.drops:
            if self._wake(f"{told}, power cut after {moment_s:.3f} s", moment_s).cut:
                self.board.power_cycle()
        elif fate < 0.11 and not plan.drops:
            self.board.cut_power_after(writes)
            self._wake(f"{told}, power cut at flash write {writes}", _LONG_S)
            self.board.flash.cut_after = None
        else:
            self._wake(told, _LONG_S)
            if fate < 0.13:
                self.board.wake_by_pin(plan.every_s * dice.random())
            elif fate < 0.14 and not plan.drops:
                self.board.power_cycle()

    def _wake(self, told: str, cap_s: float) -> Life:
        self._numbers = []
        before, known = self._stolen_ms(), self._arrived()
        wake = self.board.run_wake(cap_s)
        cut = wake.reason == "power cut" or (wake.reason == "host time" and cap_s < _LONG_S)
        withheld_ms = self._stolen_ms() - before + wake.waited_ms  # this program's threads; the board's process
        life = Life(wake, told, cut, withheld_ms, self._numbers)
        self.story.lives.append(life)
        if any(phase[0] == "mqtt" for phase in wake.phases) and not wake.output.startswith("delivered"):
            time.sleep(0.05)  # the listener hears of it a moment later than the node
            self.story.unsure |= self._arrived() - known
        if wake.reason != "power cut":
            self.board.note()
        return life

    def _given(self, number: int) -> None:
        self._numbers.append(number)
        self.story.given[number] = self.board.now_s

    def _all_arrived(self) -> bool:
        # The listener hears of it a moment later than the node.
        newest = max(self.story.given)
        for _ in range(20):
            if newest in self._arrived():
                return True
            time.sleep(0.02)
        return False

    def _weather(self, kind: str, left: int) -> None:
        self._outage, self._left = kind, left
        world = self.world
        world.wifi.ap_present = kind != "ap"
        world.wifi.dhcp_answers = kind != "dhcp"
        world.wifi.drops_after_ms = self._dice.randrange(20, 900) if kind == "link" else None
        world.dns.fails = kind == "dns"
        world.dns.table[HOST] = {"nobody": NOBODY, "silent": SILENT}.get(kind, HERE)
        world.ntp.mode = "silent" if kind == "ntp" else "good"
