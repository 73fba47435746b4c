"""The picture of `dormouse watch` in the documentation: a made-up garden at a fixed moment, drawn by the table itself."""

from __future__ import annotations

import io
import json
import re
from typing import Any

from rich.console import Console

from dormouse.watching import table
from dormouse.watching.nodes import Fleet
from dormouse.watching.topics import Topics

NOW = 1795214400  # 2026-11-20 22:40:00 UTC
_WIDTH, _HEIGHT = 150, 24


def fleet() -> Fleet:
    """Five nodes: well, late after failures, missing, lost, awake."""
    found = Fleet(Topics("dormouse/{name}"))

    def say(name: str, leaf: str, at: float, retain: bool = False, **message: Any) -> None:
        found.take(f"dormouse/{name}/{leaf}", json.dumps(message).encode(), at, retain)

    def report(name: str, at: float, rssi: int, **failures: int) -> None:
        say(name, "report", at, firmware="0.1.0", micropython="1.28.0", rssi_dbm=rssi, failures=failures)

    def sleep(name: str, at: float, wake_at: float, every_s: int = 900, **more: Any) -> None:
        say(name, "status", at, state="sleeping", time=at, wake_at=wake_at, wake_every_s=every_s, **more)

    def reading(name: str, leaf: str, seq: int, at: float, volts: float, percent: int, **sensors: Any) -> None:
        battery = {"voltage_v": volts, "percent": percent}
        say(name, leaf, at, seq=seq, boot=2, time=at, battery=battery, **sensors)

    for name, rssi, volts, percent in (("kitchen", -58, 4.02, 84), ("greenhouse", -71, 3.91, 71), ("shed", -83, 3.58, 22)):
        report(name, NOW - 4000, rssi, **({"link": 2, "network": 1} if name == "shed" else {}))
        for seq in (40, 41, 43) if name == "shed" else (40, 41):
            air = {"temperature_c": 8.5, "humidity_pct": 71.5}
            reading(name, "readings", seq, NOW - 4000 if seq < 43 else NOW - 1700, volts, percent, air=air)
    sleep("kitchen", NOW - 312, NOW + 588)
    sleep("greenhouse", NOW - 40, NOW + 260, 300)
    sleep("shed", NOW - 1700, NOW - 800, battery="low")
    reading("kitchen", "readings", 42, NOW - 312, 4.02, 84, air={"temperature_c": 21.4, "humidity_pct": 40.1})
    reading("greenhouse", "readings", 42, NOW - 40, 3.91, 71, air={"temperature_c": 17.9}, bed={"moisture_pct": 38.2})
    report("pond", NOW - 90000, -77)
    reading("pond", "readings", 7, NOW - 90000, 3.7, 48, water={"temperature_c": 9.1})
    sleep("pond", NOW - 90000, NOW - 89100)
    report("attic", NOW - 200, -64)
    reading("attic", "readings", 12, NOW - 200, 3.4, 12, air={"temperature_c": 11.2})
    say("attic", "status", NOW - 110, state="lost", time=NOW - 200)
    report("desk", NOW - 15, -49)
    say("desk", "status", NOW - 15, state="online", until=NOW + 45, time=NOW - 15, wake_at=NOW + 60, wake_every_s=60)
    reading("desk", "readings", 3, NOW - 15, 4.18, 98, air={"temperature_c": 22.6}, light={"illuminance_lx": 310})
    return found


def svg() -> str:
    """The picture: the same text whenever and wherever it is made."""
    console = Console(
        record=True, width=_WIDTH, height=_HEIGHT, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )  # fmt: skip
    console.print(table.draw(fleet(), NOW, _WIDTH, _HEIGHT, "dormouse/{name} at 192.168.1.10:1883", utc=True))
    text = console.export_svg(title="dormouse watch", unique_id="dormouse-watch")
    # A picture loads nothing from elsewhere: the system's monospaced font does.
    return re.sub(r"\s*@font-face \{.*?\}", "", text, flags=re.DOTALL)


def texts(picture: str) -> list[str]:
    """The words of a picture, in their order: releases of rich lay them out differently."""
    found = re.findall(r"<text[^>]*>(.*?)</text>", picture, re.DOTALL)
    return [word for text in found if (word := text.replace("&#160;", " ").strip())]
