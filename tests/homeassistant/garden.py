"""The nodes that Home Assistant sees: one on the virtual board, deployed as `dormouse deploy` does; one that is only words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from brokers import Mosquitto
from dormouse import bundle, settings
from dormouse.homeassistant import discovery
from dormouse.subscriber import Message, Subscriber
from dormouse.virtual.board import VirtualBoard

ROOT = Path(__file__).resolve().parents[2]
INTERVAL_S = 600
SENSORS = {
    "air": {"driver": "sht4x"},
    "sky": {"driver": "bh1750", "every": 3},
    "light": {"driver": "feather_light"},
}
_CREDENTIALS = b'WIFI = (("dormouse", "sleep-tight"),)\nUSER = None\nPASSWORD = None\n'
_ARRIVES_S = 10.0
_MOST_WAKES = 6


def settings_of(folder: Path, **changes: object) -> settings.Settings:
    """config.py's settings with some changed, checked as always."""
    config = folder / "config.py"
    config.write_text(settings.load(ROOT).text(SERVICE="homeassistant", **changes), encoding="utf-8")
    return settings.load(ROOT, config)


class Garden:
    """A node on the virtual board. Arguments: folder; broker; interpreter, MicroPython's."""

    def __init__(self, folder: Path, broker: Mosquitto, interpreter: str) -> None:
        self._folder, self._broker, self._interpreter = folder, broker, interpreter
        self._listener = Subscriber(broker.host, broker.port, "dormouse/garden/#")
        self._listener.start()
        self._board: VirtualBoard | None = None

    def deploy(self, **changes: object) -> None:
        """Put the node's files on its board, as they are with these settings; former ones go."""
        common = {
            "NAME": "garden",
            "AREA": "Back garden",
            "BROKER": self._broker.url,
            "WAKE_EVERY_S": INTERVAL_S,
            "MAX_AWAKE_S": 40,
        }
        read = settings_of(self._folder, **{**common, "SENSORS": SENSORS, **changes})
        files = bundle.files(ROOT, read, read.text(), _CREDENTIALS)
        if self._board is not None:
            files[discovery.PATH] = discovery.merged(files[discovery.PATH], self._board.read_file(discovery.PATH))
            self._board.close()
        state = self._folder / "board"
        self._board = VirtualBoard("feather_s2", files, interpreter=self._interpreter, speed=4, state=state, seed=7)

    @property
    def board(self) -> VirtualBoard:
        """The virtual board, after the first deploy."""
        assert self._board is not None
        return self._board

    def upload(self) -> dict[str, Any]:
        """Wake until a reading has arrived at the broker; the reading."""
        self._listener.take()
        for _ in range(_MOST_WAKES):
            wake = self.board.run_wake()
            assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
            if "delivered" in wake.output:
                assert self._listener.wait(lambda came: bool(_on(came, "readings")), _ARRIVES_S), wake.output
                self._listener.settle(0.2, _ARRIVES_S)
                self.came = self._listener.take()
                return _on(self.came, "readings")[-1]
        raise AssertionError("no upload")

    def said(self, leaf: str) -> dict[str, Any]:
        """The last that came on a topic in the last upload."""
        return _on(self.came, leaf)[-1]

    def publish(self, leaf: str, payload: object, *, retain: bool) -> None:
        """Say something on one of its topics, as the broker would for it."""
        self._listener.send(f"dormouse/garden/{leaf}", json.dumps(payload), retain=retain)

    def close(self) -> None:
        """The end."""
        self._listener.stop()
        if self._board is not None:
            self._board.close()


class Words:
    """A node of which there is only what it says; so its time is the tests' own. Arguments: folder; broker; expire_s."""

    def __init__(self, folder: Path, broker: Mosquitto, expire_s: int) -> None:
        self._client = Subscriber(broker.host, broker.port, "dormouse/words/#")
        self._client.start()
        pin = {"pin": 5, "edge": "both"}
        read = settings_of(folder, NAME="words", SENSORS={"air": {"driver": "sht4x"}}, BATTERY=None, WAKE_PIN=pin)
        for line in discovery.text(ROOT, read).decode().splitlines()[1:]:
            topic, _, payload = line.partition("\t")
            self._client.send(topic, payload.replace("@E@", str(expire_s)), retain=True)
        self.say("status", {"state": "sleeping", "time": None, "wake_at": None, "wake_every_s": 10}, retain=True)
        self._seq = 0

    def say(self, leaf: str, payload: object, *, retain: bool = False) -> None:
        """Publish."""
        self._client.send(f"dormouse/words/{leaf}", json.dumps(payload), retain=retain)

    def read(self, **sensors: object) -> None:
        """Publish a reading."""
        self._seq += 1
        self.say("readings", {"seq": self._seq, "boot": 1, "time": 1795214385 + self._seq, **sensors})

    def close(self) -> None:
        """The end."""
        self._client.stop()


def _on(came: list[Message], leaf: str) -> list[dict[str, Any]]:
    return [message.json() for message in came if message.topic.endswith("/" + leaf)]
