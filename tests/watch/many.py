"""What many nodes cost: the figures of docs/from-one-to-many.md. `python tests/watch/many.py` writes them anew.

Slots are computed with the node's own arithmetic; the rest is measured, with mosquitto, on this machine.
"""

from __future__ import annotations

import binascii
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    _PARTS = ("tests/watch", "tests/support", "tests/host_stubs", "tools", "src", "")
    sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in _PARTS]

import paho.mqtt.client as paho
from watching import Nodes, until

from brokers import Mosquitto
from dormouse.watching import shared
from dormouse.watching.access import Access
from dormouse.watching.client import Incoming, Link
from node.schedule import offset_ms
from power.retained import check
from programs import find_program

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "from-one-to-many.md"
FLEETS = ((10, 60), (10, 900), (100, 60), (100, 900), (500, 60), (500, 900), (500, 3600))
SLEEPERS, QUEUED, LATE = 500, 1500, 900
Make = Callable[..., Any]


def marks(name: str) -> tuple[str, str]:
    """The lines around a block of the document."""
    return f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"


def slots() -> str:
    """How uploads of a fleet spread over its interval: ids of one maker, one after another, as they come in a box."""
    lines = ["| nodes | interval | uploads a second | busiest second | without slots |", "|---:|---:|---:|---:|---:|"]
    for count, interval_s in FLEETS:
        found = [check(binascii.unhexlify(f"7cdfa1{number:06x}")) for number in range(0x100, 0x100 + 4 * count, 4)]
        seconds = Counter(offset_ms(int.from_bytes(mark, "little"), interval_s) // 1000 for mark in found)
        spread_s = min(interval_s, 900)
        lines.append(f"| {count} | {interval_s} s | {count / spread_s:.2f} | {max(seconds.values())} | {count} |")
    return "\n".join(lines) + "\n"


def memory_kb(broker: Any) -> int:
    """What a broker's process has of the memory."""
    status = Path(f"/proc/{broker._process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def sleepers(make: Make, count: int) -> float:
    """kB of mosquitto's memory for each node asleep: session, two subscriptions, status, report, one queued command."""
    broker = make()
    nodes = Nodes(broker)
    before = memory_kb(broker)
    for number in range(count):
        name = f"n{number:04}"
        client = paho.Client(paho.CallbackAPIVersion.VERSION2, f"{name}-7cdfa1{number:06x}", clean_session=False)
        granted: list[int] = []
        client.on_connect = lambda c, *_, name=name: c.subscribe([(f"dormouse/{name}/set", 1), ("dormouse/all/set", 1)])
        client.on_subscribe = lambda *_, granted=granted: granted.append(1)
        client.connect(broker.host, broker.port)
        while not granted:
            client.loop(0.1)
        client.disconnect()
        nodes.status(name)
        nodes.say(f"dormouse/{name}/report", {"firmware": "0.1.0", "chip": f"7cdfa1{number:06x}", "rssi_dbm": -60}, 1, True)
        sent = nodes.say(f"dormouse/{name}/set", {"id": number, "wake_every_s": 300})
    sent.wait_for_publish(30)
    after = memory_kb(broker)
    nodes.close()
    broker.stop()
    return (after - before) / count


def kept(make: Make, published: int, *lines: str) -> int:
    """How many of the readings published while a kept instance is away it gets when it is back."""
    broker = make(*lines)
    session = shared.plan("store", "one", 3600, None)
    filters = [[session.filter("dormouse/+/readings")]]
    access = Access(broker.host, broker.port)
    with Link(access, filters, session):
        pass
    nodes = Nodes(broker)
    for number in range(published):
        sent = nodes.reading("kitchen", number)
    sent.wait_for_publish(30)
    with Link(access, filters, session) as link:
        count = 0
        while isinstance(found := link.take(1.0), Incoming):
            count += 1
            link.done(found)
    nodes.close()
    broker.stop()
    return count


def shares(make: Make, published: int) -> list[int]:
    """How many of the readings each of three instances of a group gets."""
    broker = make()
    links = []
    for _ in range(3):
        session = shared.plan("store", None, 0, None)
        links.append(Link(Access(broker.host, broker.port), [[session.filter("dormouse/+/readings")]], session))
        links[-1].open()
    nodes = Nodes(broker)
    counts = [0, 0, 0]

    def came() -> bool:
        for i, link in enumerate(links):
            while isinstance(found := link.take(0), Incoming):
                counts[i] += 1
                link.done(found)
        return sum(counts) >= published

    for number in range(published):
        nodes.reading(f"n{number % 100}", number)
        came()
    until(came, pause=0.01)
    for link in links:
        link.close()
    nodes.close()
    broker.stop()
    return counts


def measured(make: Make, folder: Path) -> str:
    """The measured table."""
    from load import measure

    broker = make()
    watch = measure(broker, folder, 500, 2, 250)
    broker.stop()
    per_node = sleepers(make, SLEEPERS)
    groups = ", ".join(map(str, sorted(shares(make, LATE))))
    away = kept(make, QUEUED), kept(make, QUEUED, "max_queued_messages 100000")
    lines = [
        "| what | |",
        "|---|---:|",
        f"| mosquitto's memory for each node asleep, with a queued command | {per_node:.1f} kB |",
        f"| {QUEUED} readings while a kept instance was away: it gets | {away[0]} |",
        f"| the same with `max_queued_messages 100000` | {away[1]} |",
        f"| {LATE} readings, three instances of a group | {groups} |",
        f"| `dormouse watch`, 500 nodes, 250 readings a second: memory at most | {watch.peak_mb:.0f} MB |",
        f"| the same: one core's time, its start included | {watch.cpu_s / watch.elapsed_s:.0%} |",
        f"| the same: slowest redraw; a reading is on the screen within | {watch.slowest_ms} ms; {watch.news_ms} ms |",
    ]
    return "\n".join(lines) + "\n"


def put(text: str, name: str, block: str) -> str:
    """The document with a block replaced."""
    begin, end = marks(name)
    before, found, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    assert found and ended, name
    return before + begin + block + end + after


def main() -> None:
    """Write the document's figures."""
    program = find_program("mosquitto")
    if program is None:
        sys.exit("mosquitto is not installed")
    with tempfile.TemporaryDirectory() as folder:
        made = 0

        def make(*lines: str) -> Mosquitto:
            nonlocal made
            made += 1
            place = Path(folder, str(made))
            place.mkdir()
            return Mosquitto(program, place, lines, anonymous=True).start()

        begun = time.monotonic()
        text = put(PAGE.read_text(encoding="utf-8"), "slots", slots())
        PAGE.write_text(put(text, "measured", measured(make, Path(folder))), encoding="utf-8")
        print(f"wrote {PAGE.relative_to(ROOT)} in {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
