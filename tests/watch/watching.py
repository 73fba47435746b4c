"""What the tests of watch share: somebody who publishes as nodes do, and the command in a process or a thread."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho

ROOT = Path(__file__).resolve().parents[2]


def until(true: Callable[[], Any], seconds: float = 30.0, what: Callable[[], Any] = lambda: "", pause: float = 0.1) -> None:
    """Wait for something; an AssertionError when it does not come."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds} s: {what()}"
        time.sleep(pause)


class Nodes:
    """Any number of nodes, published by one client."""

    def __init__(self, broker: Any, user: str | None = None, password: str | None = None) -> None:
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        if user:
            self.client.username_pw_set(user, password)
        self.client.max_inflight_messages_set(100)
        self.client.connect(broker.host, broker.port)
        self.client.loop_start()

    def say(self, topic: str, payload: object, qos: int = 1, retain: bool = False) -> paho.MQTTMessageInfo:
        text = payload if isinstance(payload, (str, bytes)) else json.dumps(payload)
        return self.client.publish(topic, text, qos, retain)

    def reading(self, name: str, seq: int, **sensors: Any) -> paho.MQTTMessageInfo:
        reading = {"seq": seq, "boot": 1, "time": int(time.time()), "battery": {"voltage_v": 3.98, "percent": 80}}
        return self.say(f"dormouse/{name}/readings", {**reading, **(sensors or {"air": {"temperature_c": 20 + seq / 4}})})

    def status(self, name: str, every_s: int = 60, **more: Any) -> paho.MQTTMessageInfo:
        now = int(time.time())
        status = {"state": "sleeping", "time": now, "wake_at": now + every_s, "wake_every_s": every_s, **more}
        return self.say(f"dormouse/{name}/status", status, 1, True)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def environment(**more: str) -> dict[str, str]:
    paths = os.pathsep.join(filter(None, (str(ROOT / "tools"), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": paths, **more}


class Command:
    """``dormouse watch`` in a process of its own, its output in a pipe (or at a terminal). Ready once it has subscribed."""

    def __init__(self, *words: str, terminal: int | None = None, **env: str) -> None:
        self.lines: list[str] = []
        # A shell's job in the background ignores Ctrl-C, and so would its children.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dormouse", *words], cwd=ROOT, env=environment(**env), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE if terminal is None else terminal, stderr=subprocess.PIPE,
        )  # fmt: skip
        signal.signal(signal.SIGINT, before)
        if terminal is None:
            assert self.process.stderr
            self.hint = self.process.stderr.readline()
            self._thread = threading.Thread(target=self._read, daemon=True)
            self._thread.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def interrupt(self) -> str:
        """Ctrl-C: what it says at its end. Its exit status is 0."""
        self.process.send_signal(signal.SIGINT)
        return self.end()

    def end(self) -> str:
        assert self.process.stderr
        err = self.process.stderr.read()
        self.process.stderr.close()
        assert self.process.wait(60) == 0, err
        return err
