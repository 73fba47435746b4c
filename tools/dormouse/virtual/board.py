"""The virtual board: the real main.py on the real interpreter, one life after the other.

What it says about time and energy is a model: CPU and network are the host's, everything else is board.toml's.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from . import heap as heaps
from . import interpreter as interpreters
from . import models, supply, wakepins
from .clock import SINCE_2000, Clock
from .devices import wired
from .devices.scene import Scene
from .flash import Flash
from .life import Life
from .ntp import NtpServer
from .wake import Wake
from .world import World

__all__ = ["AsleepForEver", "VirtualBoard", "Wake", "World"]


class AsleepForEver(RuntimeError):
    """The board sleeps without a timer: only power_cycle() or wake_by_pin() starts it again."""


class VirtualBoard:
    """A board that is not there.

    board: a folder of boards (None: this checkout's boards/). files: path on the board to contents; what a sync before
    brought and is gone is removed, what the board wrote is kept. state: a folder that keeps flash and retained memory
    between runs; None: a new board each time. world: what is around it. heap: the firmware's heap, "48K" or "24wK" as -X
    heapsize takes it; the shims' own footprint is added (heap_added, bytes). speed: divides modelled times and awake
    budgets, 1 to 1000. realtime: sleeps and boots last as long as they say. interpreter: the unix port's binary. serial:
    offer a pseudo-terminal (serial_path). on_event: called with each line of the trace, a dict. seed: of the weather and of
    random retained memory.
    Raises ValueError for an unknown board, interpreter.NoInterpreter without one.
    """

    def __init__(
        self,
        board: str,
        files: dict[str, bytes],
        *,
        state: Path | None = None,
        world: World | None = None,
        heap: str | None = None,
        speed: int = 1,
        realtime: bool = False,
        interpreter: str | None = None,
        serial: bool = False,
        on_event: Callable[[dict[str, Any]], None] | None = None,
        seed: int | None = None,
        boards: Path | None = None,
    ) -> None:
        if not 1 <= speed <= 1000:
            raise ValueError(f"speed {speed}: 1 to 1000")
        self.model = models.load(board, boards)
        self.command = interpreters.command(interpreter)
        self.world = world or World()
        self.speed = speed
        self.realtime = realtime
        self.wakes = 0
        self.clock = Clock()
        self.cause = "power"  # why the next life starts
        self.wake_reason = 0
        self.wake_pins: wakepins.Armed = {}
        self.watchdog_ms: int | None = None
        self.sdk: dict[str, Any] = {}  # what the ESP8266's SDK keeps in flash
        self.heap_seen: tuple[int, int] = (0, 0)  # used and free bytes at the first line of main.py
        self.heap_added = 0
        self.heap_bytes = heaps.size(heap) if heap else 0
        self.serial: Any = None
        self.faults: Any = None  # faults.Trace or faults.Injection
        self._on_event = on_event
        self._dice = random.Random(seed)
        self._asleep_for_ever = False
        self._temporary = tempfile.TemporaryDirectory(prefix="dormouse-") if state is None else None
        self._state = Path(self._temporary.name) if self._temporary else Path(state or ".")
        self._state.mkdir(parents=True, exist_ok=True)
        self.retained = self._arbitrary()
        born_s = self._load()
        self.flash = Flash(self._state / "flash.img", self.model.flash_bytes)
        self.flash.sync(files)
        self.scene = self.world.scene or Scene(lambda: self.now_s, seed, born_s=born_s)
        self.ntp = NtpServer(self.world.ntp, lambda: self.now_s)
        make = self.world.devices or (lambda now_ms, scene: wired(files.get("/config.py"), now_ms, scene))
        self.devices = make(self._device_ms, self.scene)
        if self.heap_bytes:
            self._measure_shims()
        if serial:
            from .serial import SerialPort

            self.serial = SerialPort(self.model.native_usb)

    # For the caller.

    @property
    def now_s(self) -> float:
        """The virtual world's time, seconds since 1970."""
        self.clock.tick()
        return self.clock.now_ms / 1000

    @property
    def rtc_s(self) -> float:
        """The board's own clock, seconds since 1970; after a power-up it starts at the port's first day."""
        self.clock.tick()
        return self.clock.rtc_ms / 1000 + SINCE_2000

    @property
    def serial_path(self) -> str | None:
        """The pseudo-terminal for mpremote, None without one."""
        return self.serial.path if self.serial else None

    def run_wake(self, cap_s: float = 150.0) -> Wake:
        """Live until the next sleep, reset or death. cap_s: seconds of host time after which the life is cut off.

        Raises AsleepForEver.
        """
        if self._asleep_for_ever:
            raise AsleepForEver("the board sleeps without a timer")
        self.wakes += 1
        self.wake_pins = {}
        self.clock.hold()
        supply.switch(self.devices, self.model, self.model.rail is None, {})
        wake = Life(self, cap_s).run()
        self._after(wake)
        self.event(
            {
                "event": "wake", "wake": wake.number, "board": self.model.name, "reset_cause": wake.reset_cause,
                "ended": wake.ended, "by": wake.by, "awake_ms": wake.awake_ms,
                "sleep_s": None if wake.sleep_ms is None else wake.sleep_ms / 1000, "heap_low_bytes": wake.heap_low,
            }
        )  # fmt: skip
        self._save()
        return wake

    def power_cycle(self) -> None:
        """Take the supply away and give it back: retained memory and clock are lost, flash is kept."""
        self._restart("power")
        self.retained = self._arbitrary()
        self.clock.rtc_ms = self.model.rtc_start_ms
        self.watchdog_ms = None
        self.flash.cut_after = None

    def cut_power_after(self, flash_writes: int) -> None:
        """The supply fails at the write or erase of flash after so many more."""
        self.flash.cut_after = flash_writes

    def wake_by_pin(self, after_s: float = 0.0) -> None:
        """A wake pin that is armed ends the sleep, or the reset input does, after_s seconds later by true time."""
        self.clock.skip(round(after_s * 1000))
        if self.model.port == "rp2":  # RUN: all but flash is as after a power-up (RP2040 Datasheet, 2.12.3)
            self.power_cycle()
            return
        self._restart("deepsleep" if self.wake_pins else "reset")
        for source, armed in self.wake_pins.items():
            self.wake_reason = wakepins.told(source, [pin for pin, _ in armed])

    def read_file(self, name: str) -> bytes:
        """A file on the board. Raises FileNotFoundError."""
        return self.flash.read_file(name)

    def close(self) -> None:
        """Let go of everything; a state folder keeps the board."""
        self._save()
        self.flash.close()
        self.ntp.close()
        if self.serial:
            self.serial.close()
        if self._temporary:
            self._temporary.cleanup()

    def __enter__(self) -> VirtualBoard:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # For the life.

    def event(self, event: dict[str, Any]) -> None:
        """Pass a line of the trace on."""
        if self._on_event:
            self._on_event(event)

    def cause_name(self) -> str:
        """Why the life starts, as the port's machine names it."""
        return self.model.cause_names[self.cause]

    def heap_argument(self) -> str | None:
        """What -X heapsize gets: the firmware's heap and the shims'."""
        return str(self.heap_bytes + self.heap_added) if self.heap_bytes else None

    def soften(self) -> None:
        """A soft reset within a life: the next interpreter sees its cause."""
        self._restart("soft")

    def _device_ms(self) -> float:
        # Conversions are modelled times: speed divides them, so the devices' clock runs faster. With its fraction: a wait of
        # some milliseconds of the host's must not come out as one less.
        return self.clock.fine_ms() * self.speed

    # From one life to the next.

    def _restart(self, cause: str) -> None:
        self._asleep_for_ever = False
        if not (cause == "soft" and self.model.cause_stays):
            self.cause = cause
        if not (cause == "soft" or self.model.keeps_clock):
            self.clock.rtc_ms = self.model.rtc_start_ms
        self.wake_reason = 0

    def _after(self, wake: Wake) -> None:
        if wake.ended == "deepsleep":
            self._sleep(wake)
        elif wake.ended == "soft_reset":
            self._restart("soft")
        elif wake.ended in ("reset", "watchdog"):
            self._restart(wake.ended)
            if wake.ended == "reset":
                self.watchdog_ms = None
        elif wake.reason == "power cut":
            self.power_cycle()
        else:
            self._restart("reset")
        if wake.ended == "watchdog":
            self.watchdog_ms = None

    def _sleep(self, wake: Wake) -> None:
        drift = self.model.drift if self.world.drift is None else self.world.drift
        ms, cause = wake.sleep_ms, "deepsleep"
        if self.model.port in ("stm32", "rp2") and self.watchdog_ms is not None and (ms is None or ms > self.watchdog_ms):
            ms, cause = self.watchdog_ms, "watchdog"  # STM32's counts on in standby; RP2040's, for all that is known
        self.watchdog_ms, now_s = None, self.now_s
        reason = 4 if self.model.port == "esp32" else 0
        if pin := wakepins.ends(self.world, self.wake_pins, now_s, now_s + (ms or 1 << 40) * (1 + drift) / 1000):
            ms, cause, reason = round((pin[0] - now_s) * 1000 / (1 + drift)), "deepsleep", pin[1]
        if ms is None:
            self._asleep_for_ever = True
            return
        if self.realtime:
            time.sleep(ms * (1 + drift) / 1000)
        self.clock.skip(ms, drift)
        self._restart(cause)
        self.wake_reason = reason

    def _arbitrary(self) -> bytes:
        # RTC memory is cleared by the port at power-up; backup SRAM holds whatever it holds.
        if self.model.port != "stm32":
            return b""
        return bytes(self._dice.randrange(256) for _ in range(self.model.retained_bytes))

    def _load(self) -> float | None:
        path = self._state / "board.json"
        self.clock.rtc_ms = self.model.rtc_start_ms
        if not path.exists():
            return None
        kept = json.loads(path.read_text("utf-8"))
        if kept["board"] != self.model.name:
            raise ValueError(f"{self._state} holds a {kept['board']}, not a {self.model.name}")
        self.retained = bytes.fromhex(kept["retained"])
        self.clock.now_ms, self.clock.rtc_ms, self.clock.uptime_ms = kept["now_ms"], kept["rtc_ms"], kept["uptime_ms"]
        self.wakes, self.cause, self.wake_reason = kept["wakes"], kept["cause"], kept["wake_reason"]
        self.watchdog_ms, self.sdk = kept["watchdog_ms"], kept["sdk"]
        self._asleep_for_ever = kept["asleep_for_ever"]
        return float(kept["born_s"])

    def _save(self) -> None:
        self.clock.tick()
        kept = {
            "board": self.model.name, "retained": self.retained.hex(), "now_ms": self.clock.now_ms,
            "rtc_ms": self.clock.rtc_ms, "uptime_ms": self.clock.uptime_ms, "wakes": self.wakes, "cause": self.cause,
            "wake_reason": self.wake_reason, "watchdog_ms": self.watchdog_ms, "sdk": self.sdk,
            "asleep_for_ever": self._asleep_for_ever, "born_s": getattr(self.scene, "born_s", 0.0),
        }  # fmt: skip
        fresh = self._state / "board.json.new"
        fresh.write_text(json.dumps(kept), "utf-8")
        os.replace(fresh, self._state / "board.json")

    def _measure_shims(self) -> None:
        # What is in use at the first line of main.py, less what a bare interpreter uses, and the collector's tables for it.
        wanted, listener = self.heap_bytes, self._on_event
        self.heap_bytes, self._on_event = 1 << 20, None
        Life(self, 30, raw=True).run()
        self.heap_bytes, self._on_event = wanted, listener
        used, free = self.heap_seen
        # The table of names that _vboot made is the firmware's, not the shims'.
        used -= heaps.bare(tuple(self.command)) + heaps.NAMES_BYTES
        self.heap_added = used * (1 << 20) // (self.heap_seen[0] + free)
