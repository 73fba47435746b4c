"""What the device code costs: .mpy bytes as they ship, and the smallest heap in which it does its work.

Sizes are of mpy-cross -O2. Heaps are the unix port's on 64 bits, program and client compiled, found by bisection.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dormouse import bundle, mpy, settings
from dormouse.broker import EmbeddedBroker
from dormouse.errors import DormouseError
from dormouse.imports import Modules
from dormouse.measured import ALWAYS_ON, ALWAYS_ON_5, BURST, BURST_5, NETWORK
from dormouse.project import board_names
from dormouse.simulation import Topics
from dormouse.subscriber import Subscriber
from dormouse.virtual.board import VirtualBoard
from dormouse.virtual.interpreter import command as interpreter_command
from dormouse.virtual.world import World

KIB = 1024
STEP = 256  # bytes: how fine the smallest heap is looked for
_ENOUGH = 256 * KIB
_PROGRAM_S = 20
_SPEED = 20
_STORED = 10
_WAKES_FOR_ALL = 5  # uploads in which all of them must have arrived

_LOADED = """
import gc
import errno, machine, micropython, time, sensors
gc.collect()
before = gc.mem_alloc()
import sensors.{}
gc.collect()
print(gc.mem_alloc() - before)
"""


@dataclass
class Footprint:
    """What was measured, in bytes: modules by source path, sums by name, boards by name, heaps by name, heaps of drivers."""

    modules: dict[str, int]
    sums: dict[str, int]
    boards: dict[str, int]
    heaps: dict[str, int]
    drivers: dict[str, int]


def measure(root: Path) -> Footprint:
    """Measure the template in root. Raises DormouseError without mosquitto, or when something does not run at all."""
    paths = [path for folder in ("src", "power", "sensors", "boards") for path in sorted((root / folder).rglob("*.py"))]
    modules = {path.relative_to(root).as_posix(): len(_compiled(root, path)) for path in paths}
    read = settings.load(root)
    boards = {}
    for board in board_names(root):
        chosen = settings.load(root, board=board)
        boards[board] = sum(map(len, bundle.files(root, chosen, chosen.text(), None).values()))
    with EmbeddedBroker() as broker:
        if broker.name != "mosquitto":
            raise DormouseError("heaps are measured against mosquitto, which is not installed")
        programs = {
            "burst": _Program(root, "mqtt.burst", BURST, broker.port),
            "always_on": _Program(root, "mqtt.client", ALWAYS_ON, broker.port),
            "burst_5": _Program(root, "mqtt.burst", BURST_5, broker.port),
            "always_on_5": _Program(root, "mqtt.client", ALWAYS_ON_5, broker.port),
        }
        sums = {name: program.loaded(modules) for name, program in programs.items()}
        heaps = {name: smallest(program.fits) for name, program in programs.items()}
        heaps["wake"] = _Wake(root, read, broker.port).smallest()
    return Footprint(modules, sums, boards, heaps, _drivers(root))


def _drivers(root: Path) -> dict[str, int]:
    """The heap that each driver takes while it is loaded."""
    files = {}
    for path in sorted((root / "sensors").glob("*.py")):
        files[f"/sensors/{path.stem}.mpy"] = _compiled(root, path)
    found = {}
    for name in [Path(file).stem for file in files if not file.endswith("/__init__.mpy")]:
        files["/main.py"] = _LOADED.format(name).encode()
        # With a limit the interpreter's table of names has grown beforehand; without, it grows in the middle of a driver.
        with VirtualBoard("feather_s2", files, heap=str(_ENOUGH)) as board:
            output = board.run_wake().output
        try:
            found[name] = int(output)
        except ValueError as error:
            raise DormouseError(f"sensors/{name}.py cannot be loaded: {output.strip().splitlines()[-1:]}") from error
    return found


def smallest(fits: Callable[[int], bool]) -> int:
    """The smallest heap, in bytes, a multiple of STEP, in which fits(bytes) is true twice running.

    Raises DormouseError when _ENOUGH is not.
    """
    if not fits(_ENOUGH):
        raise DormouseError(f"the measured program does not even run with {_ENOUGH} bytes of heap")
    low, high = 0, _ENOUGH // STEP
    while high - low > 1:
        middle = (low + high) // 2
        if fits(middle * STEP) and fits(middle * STEP):
            high = middle
        else:
            low = middle
    return high * STEP


def _compiled(root: Path, path: Path) -> bytes:
    shipped = bundle.board_path(root, path).removeprefix("/lib/").removeprefix("/").removesuffix(".py")
    return mpy.compile_module(path, shipped.replace("/", ".").removesuffix(".__init__"))


class _Program:
    """A program and the client's modules, all .mpy, in a folder of their own."""

    def __init__(self, root: Path, start: str, text: str, port: int) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="dormouse-size-")
        self._files: dict[str, str] = {}
        self._port = port
        here = Path(self._folder.name)
        for name, path in Modules(root).needed([start, "mqtt.wlan", "mqtt.v5"]).items():
            target = here / path.relative_to(root / "src").with_suffix(".mpy")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(_compiled(root, path))
            self._files[name] = path.relative_to(root).as_posix()
        for name, source in (("measured", text), ("network", NETWORK)):
            file = here / f"{name}.py"
            file.write_text(source)
            (here / f"{name}.mpy").write_bytes(mpy.compile_module(file, f"{name}.py"))
            file.unlink()  # else it would be taken instead of the .mpy

    def run(self, heap: int) -> str:
        """Run it with so many bytes of heap; return what it printed."""
        command = [*interpreter_command(), "-X", f"heapsize={heap}", "-m", "measured", str(self._port)]
        environment = {**os.environ, "MICROPYPATH": ".frozen"}
        try:
            done = subprocess.run(
                command, cwd=self._folder.name, env=environment, capture_output=True, text=True, timeout=_PROGRAM_S, check=False
            )
        except subprocess.TimeoutExpired:
            return ""
        return done.stdout + done.stderr

    def fits(self, heap: int) -> bool:
        """Whether it does its work in so many bytes of heap."""
        return "done True" in self.run(heap)

    def loaded(self, modules: dict[str, int]) -> int:
        """Bytes of .mpy, out of those given, that it has loaded when it has done its work."""
        output = self.run(_ENOUGH)
        if "done True" not in output:
            raise DormouseError(f"the measured program fails: {output.strip().splitlines()[-1:]}")
        names = [line.split()[1] for line in output.splitlines() if line.startswith("module ")]
        return sum(modules[self._files[name]] for name in names if name in self._files)


class _Wake:
    """Whole wakes on the virtual board: config.py's sensors, ten stored records, and a command that waits."""

    def __init__(self, root: Path, read: settings.Settings, port: int) -> None:
        self._root = root
        self._board = read["BOARD"]
        self._port = port
        self._world = World()
        wifi = self._world.wifi
        secrets = f"WIFI = (({wifi.ssid!r}, {wifi.password!r}),)\nUSER = None\nPASSWORD = None\n"
        config = read.text(BROKER=f"127.0.0.1:{port}")
        self._files = bundle.files(root, read, config, secrets.encode())
        self._read = read
        self._commands = 0

    def smallest(self) -> int:
        """The smallest heap for it, the shims' own not counted."""
        with tempfile.TemporaryDirectory(prefix="dormouse-size-") as folder:
            kept = Path(folder, "kept")
            with VirtualBoard(self._board, self._files, state=kept, world=self._world, speed=_SPEED, seed=1) as board:
                topics = Topics.of(self._root, self._read, board.model.unique_id)
                board.run_wake()
                self._world.wifi.ap_present = False
                for _ in range(_STORED):
                    board.run_wake()
                self._world.wifi.ap_present = True
            with Subscriber("127.0.0.1", self._port, topics["#"]) as listener:
                return smallest(lambda heap: self._fits(heap, kept, listener, topics))

    def _fits(self, heap: int, kept: Path, listener: Subscriber, topics: Topics) -> bool:
        good = self._wake(heap, kept, listener, topics)
        if not good:  # take what the broker still holds for the node
            self._wake(_ENOUGH, kept, listener, topics)
        return good

    def _wake(self, heap: int, kept: Path, listener: Subscriber, topics: Topics) -> bool:
        with tempfile.TemporaryDirectory(prefix="dormouse-size-") as folder:
            state = Path(folder, "state")
            shutil.copytree(kept, state)
            self._commands += 1
            listener.send(topics["set"], f'{{"id": {self._commands}, "wake_every_s": 600}}')
            with VirtualBoard(
                self._board, self._files, state=state, world=self._world, heap=str(heap), speed=_SPEED, seed=1
            ) as board:
                wakes = [board.run_wake()]
                # A small heap sends as many records as it has room for; the rest follows in the next uploads.
                while len(wakes) < _WAKES_FOR_ALL:
                    wakes.append(board.run_wake())
            listener.settle(0.05, 2)
            messages = listener.take()
            records = {str(m.json().get("seq")) for m in messages if m.topic in (topics["readings"], topics["history"])}
            answers = [m for m in messages if m.topic == topics["result"] and m.json().get("id") == self._commands]
            slept = all(w.ended == "deepsleep" and w.by == "node" and "MemoryError" not in w.output for w in wakes)
            return slept and len(records) >= _STORED + 1 and len(answers) == 1
