"""Where the awake time of a node goes: single wakes on virtual boards, at their own speed, in good times and in bad.

Times and charges are a model's: the virtual board's (boards/*/board.toml) for boot, radio and conversions, this computer's for
the code and the network.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

from dormouse import bundle, energy, lives, settings
from dormouse.bad_broker import BadBroker
from dormouse.broker import EmbeddedBroker
from dormouse.errors import DormouseError
from dormouse.virtual.board import VirtualBoard, Wake, World
from dormouse.virtual.devices import I2CDevice, wired
from dormouse.virtual.interpreter import NoInterpreter

NAMES = ("boot", "start", "measure", "link", "clock", "mqtt", "finish", "window", "sleep")  # power.awake.mark(), in their order
_HOST = "broker.test"
_CREDENTIALS = b'WIFI = (("dormouse", "sleep-tight"),)\nUSER = None\nPASSWORD = None\n'
_HURRY = 8  # --speed of the wakes that only lead to the one that is measured
_DAY_S = 86400
_NOTHING = b"import machine\nmachine.deepsleep(1000)\n"
_CRASH = b"def run(memory):\n    raise RuntimeError('on purpose')\n"  # in place of node.join: the radio is on by then
_NOBODY = 0x08  # an I2C address at which no sensor is
_REFUSED, _STALLED = b"\x20\2\0\5", b"\x20\2\0\0"  # CONNACK: not authorised, accepted (MQTT 3.1.1 table 3.1)
_ENOUGH = 5  # wakes of a hurried day
_STEADY = 10  # failures in a row after which the sleeps grow no more (node.backoff)


@dataclass(frozen=True)
class Row:
    """One wake. phases: (name, start, length) in ms; charge_mc: model; said: what the node printed of its outcome."""

    name: str
    awake_ms: int
    phases: tuple[tuple[str, int, int], ...]
    charge_mc: float
    said: str

    def ms(self, phase: str) -> int:
        """The length of a phase in ms, 0 when the wake has none of this name."""
        return sum(length for name, _, length in self.phases if name == phase)


@dataclass
class Day:
    """A day of failures, long after the first. wakes: that try. awake_s: in them. mc: charge, the sleep's too."""

    wakes: int = 0
    awake_s: float = 0.0
    mc: float = 0.0
    months: float | None = None  # that the battery lasts if every day is such a one


@dataclass
class Phases:
    """Everything about one board.

    own_ms: CPU time of this computer for a warm wake's code. down: a day whose every connection is refused; silent: one whose
    every connection is accepted and not answered, or lost.
    """

    board: str
    rows: list[Row] = field(default_factory=list)
    own_ms: float = 0.0
    every_s: int = 0
    deepsleep_ma: float = 0.0
    down: Day = field(default_factory=Day)
    silent: Day = field(default_factory=Day)
    battery: tuple[str, int] | None = None  # BATTERY's type and mAh
    months: float | None = None

    def row(self, name: str) -> Row:
        """The wake of this name."""
        return next(row for row in self.rows if row.name == name)

    @property
    def day_mc(self) -> float:
        """The charge of an ordinary day: every wake a warm one that uploads."""
        return self.row("warm").charge_mc * _DAY_S / self.every_s + self.deepsleep_ma * _DAY_S


# The wakes that are measured, in three acts: with a broker, without one, with one that is no good.
GOOD = ("cold boot", "warm", "no upload")
FAILED = ("sensor failed", "exception", "AP gone", "no address", "wrong password", "DNS dead")
BROKER = ("refused", "stalls", "broker down", "broker silent")
STEPS = len(GOOD) + len(FAILED) + len(BROKER) + 3  # for a progress bar: and two days, the code's own share


def measure(
    root: Path, boards: Sequence[str], runs: int, stepped: Callable[[str], None], speed: int = 1
) -> list[Phases]:
    """Measure all. runs: of the warm wake, the median counts. stepped: told what is done next, STEPS times a board. speed:
    divides modelled times and awake budgets, which makes the numbers wrong and the tests of this module quick.

    Raises DormouseError without a broker or interpreter, for a setting that is wrong, and when a wake does not end in sleep.
    """
    with ExitStack() as stack:
        broker = stack.enter_context(EmbeddedBroker())
        nodes = _nodes(stack, root, boards, broker, stepped, speed)
        with ThreadPoolExecutor(len(nodes)) as pool:
            list(pool.map(lambda node: (node.in_good_times(runs), node.in_bad_times()), nodes))
            for node in nodes:
                node.own_share(runs)  # one after the other: it is this process's children that are timed
            broker.stop()
            for name, answer in (("refused", _REFUSED), ("stalls", _STALLED)):
                with BadBroker(broker.host, broker.port, answer):
                    list(pool.map(lambda node, name=name: node.measured(name), nodes))
            list(pool.map(_Node.without_broker, nodes))
            with BadBroker(broker.host, broker.port, b""):
                list(pool.map(_Node.with_silent_broker, nodes))
        return [node.result() for node in nodes]


def good_wakes(root: Path, board: str, runs: int, stepped: Callable[[str], None], speed: int = 1) -> list[Row]:
    """GOOD alone. Arguments and errors are measure()'s."""
    with ExitStack() as stack:
        broker = stack.enter_context(EmbeddedBroker())
        [node] = _nodes(stack, root, [board], broker, stepped, speed)
        node.in_good_times(runs)
        return node.phases.rows


def _nodes(
    stack: ExitStack, root: Path, boards: Sequence[str], broker: EmbeddedBroker, stepped: Callable[[str], None], speed: int
) -> list[_Node]:
    try:
        return [stack.enter_context(closing(_Node(root, board, broker.port, stepped, speed))) for board in boards]
    except NoInterpreter as error:
        raise DormouseError(str(error)) from error


class _Node:
    """One board's wakes."""

    def __init__(self, root: Path, board: str, port: int, stepped: Callable[[str], None], speed: int) -> None:
        self._read = settings.load(root, board=board)
        # A hurried wake must not meet its deadline because the host is slow.
        awake_s = self._read["MAX_AWAKE_S"] if speed == 1 else 60
        self._text = self._read.text(BROKER=f"{_HOST}:{port}", NAME=board.replace("_", "-"), MAX_AWAKE_S=awake_s)
        self._root, self._stepped = root, stepped
        self._speed, self._hurry = speed, max(speed, _HURRY)
        self._currents = energy.read_currents(root, board)
        self._made: list[VirtualBoard] = []
        self.phases = Phases(board, every_s=self._read["WAKE_EVERY_S"], deepsleep_ma=self._currents.deepsleep_ma)
        self._node = self._board(self._text)

    def close(self) -> None:
        """Let go of the boards."""
        for board in self._made:
            board.close()

    def in_good_times(self, runs: int) -> None:
        """Cold boot, warm wakes, a wake without upload."""
        node = self._node
        self.measured("cold boot")
        lives.wake(node, self._hurry)  # what a first wake leaves undone
        self._stepped(f"{self.phases.board}: warm")
        wakes = sorted((lives.wake(node, self._speed) for _ in range(runs)), key=lambda wake: wake.awake_ms)
        self._add("warm", wakes[len(wakes) // 2])
        seldom = self._board(self._read.text(BROKER=f"{_HOST}:1", UPLOAD_EVERY=96))
        lives.wake(seldom, self._hurry)
        self.measured("no upload", seldom)

    def in_bad_times(self) -> None:
        """Without a sensor; with a mistake in the program; without access point, address, password, name server."""
        node, wifi, dns = self._node, self._node.world.wifi, self._node.world.dns
        parts = [device for device in node.devices if isinstance(device, I2CDevice)]
        addresses = [part.address for part in parts]
        for part in parts:
            part.address = _NOBODY
        self.measured("sensor failed")
        for part, address in zip(parts, addresses, strict=True):
            part.address = address
        crashing = self._board(self._text, {"/lib/node/join.py": _CRASH})
        for _ in range(2):  # after a power-up, and when a mistake came twice, it waits for somebody
            lives.wake(crashing, self._hurry)
        self.measured("exception", crashing)
        wifi.ap_present = False
        self.measured("AP gone")
        wifi.ap_present, wifi.dhcp_answers = True, False
        self._mend()
        self.measured("no address")
        wifi.dhcp_answers = True
        self._mend()
        wifi.password, right = "wrong", wifi.password
        self.measured("wrong password")
        wifi.password = right
        self._mend()
        dns.fails = True
        self.measured("DNS dead")
        dns.fails = False
        self._mend()

    def own_share(self, runs: int) -> None:
        """The CPU time of a warm wake, less that of a board which only boots."""
        self._stepped(f"{self.phases.board}: the code's own share")
        nothing = self._board(self._text, {"/main.py": _NOTHING})
        count = range(max(3, runs))
        warm = [lives.cpu_ms(lives.wake, self._node, self._speed) for _ in count]
        bare = [lives.cpu_ms(lives.life, nothing, self._speed) for _ in count]
        self.phases.own_ms = max(0.0, median(warm) - median(bare))

    def without_broker(self) -> None:
        """A wake whose broker is down, long after the first, and a day of them."""
        for _ in range(_STEADY):
            lives.wake(self._node, self._hurry)
        self.measured("broker down")
        self.phases.down = self._day("broker down")

    def with_silent_broker(self) -> None:
        """A wake whose broker accepts the connection and says nothing, and a day of them."""
        self.measured("broker silent")
        self.phases.silent = self._day("broker silent")

    def _day(self, name: str) -> Day:
        """A day on which every wake is one of this name; when it is hurried a part of one stands for it."""
        node = self._node
        self._stepped(f"{self.phases.board}: a day of: {name}")
        each_mc, day, asleep_s = self.phases.row(name).charge_mc, Day(), 0.0
        while asleep_s < _DAY_S and (self._speed == 1 or day.wakes < _ENOUGH):
            wake = lives.life(node, self._hurry)
            asleep_s += (wake.sleep_ms or 0) / 1000
            if lives.measures(wake):
                day.wakes += 1
                day.awake_s += wake.awake_ms * self._hurry / 1000
                day.mc += each_mc
            else:
                # Only the middle of a long sleep: its boot was hurried, the rest was not.
                boot_ms = sum(length for phase, _, length in wake.phases if phase == "boot")
                day.mc += self._currents.cpu_ma * (boot_ms * self._hurry + wake.awake_ms - boot_ms) / 1000
        part = asleep_s / _DAY_S
        return Day(round(day.wakes / part), day.awake_s / part, day.mc / part + self._currents.deepsleep_ma * _DAY_S)

    def result(self) -> Phases:
        """All of it, with the battery's life."""
        phases, battery = self.phases, self._read["BATTERY"]
        if battery is not None:
            kind, mah = battery.get("type", "lipo"), battery.get("mah", 1000)
            phases.battery = kind, mah
            asleep = replace(self._currents, deepsleep_ma=0.0)  # it is in the day's charge
            phases.months, phases.down.months, phases.silent.months = (
                energy.life_months(asleep, mc, _DAY_S, kind, mah) for mc in (phases.day_mc, phases.down.mc, phases.silent.mc)
            )
        return phases

    def _board(self, text: str, more: dict[str, bytes] | None = None) -> VirtualBoard:
        files = {**bundle.files(self._root, self._read, text, _CREDENTIALS), **(more or {})}
        # The board's own clock for its parts depends on its speed, and here that changes.
        def clock() -> float:
            return time.monotonic() * 1000 * self._hurry

        world = World(devices=lambda _, scene: wired(files["/config.py"], clock, scene))
        board = VirtualBoard(self.phases.board, files, world=world)
        board.world.dns.table[_HOST] = "127.0.0.1"
        self._made.append(board)
        return board

    def measured(self, name: str, board: VirtualBoard | None = None) -> None:
        """One wake, of the node or of a board that is another, in the world as it is now."""
        self._stepped(f"{self.phases.board}: {name}")
        self._add(name, lives.wake(board or self._node, self._speed))

    def _mend(self) -> None:
        # A failure leaves a backoff and stored readings: the next wake that is measured begins without.
        for _ in range(3):
            if "delivered" in lives.wake(self._node, self._hurry).output:
                return

    def _add(self, name: str, wake: Wake) -> None:
        charge = energy.wake_mc(self._currents, wake.phases)
        said = [line for line in wake.output.splitlines() if line.strip()]
        self.phases.rows.append(Row(name, wake.awake_ms, tuple(wake.phases), charge, said[-1] if said else "kept"))

