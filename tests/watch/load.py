"""A fleet's load on watches, measured: one with a live table in a process of its own, and three that share as a group."""

from __future__ import annotations

import csv
import fcntl
import os
import re
import struct
import subprocess
import termios
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from watching import Command, Nodes, until

from dormouse.commands import watch as command
from dormouse.watching import shared
from dormouse.watching.access import Access
from dormouse.watching.client import Link
from dormouse.watching.sheet import Sheet
from dormouse.watching.watch import Watch

Row = tuple[str, str]


@dataclass
class Result:
    """What a run showed. Times in s and ms, memory in MB. alone, shares: the rows of each file; screen: what the table drew."""

    expected: set[Row]
    alone: list[Row]
    shares: list[list[Row]]
    known: list[int]
    twice: int
    summary: str
    screen: bytes
    elapsed_s: float
    cpu_s: float
    peak_mb: float
    tables: int
    slowest_ms: int
    news_ms: int


def rows(path: Path) -> list[Row]:
    """(node, seq) of a file of readings."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [(row["node"], row["seq"]) for row in csv.DictReader(file)]


class Instance:
    """One of a group, in a thread."""

    def __init__(self, broker: Any, path: Path) -> None:
        session = shared.plan("crew", None, 0, None)
        model, filters = command._nodes(Access(broker.host, broker.port), (), session, as_json=False, told=True)
        self.path = path
        self.link = Link(Access(broker.host, broker.port), filters, session)
        self.link.open()
        self.sheet = Sheet(path)
        self.fleet = model.fleet
        self.watch = Watch(self.link, model, sheet=self.sheet)
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        while not self.stop.is_set():
            self.watch.run(0.3)

    def close(self) -> None:
        self.stop.set()
        self.thread.join(10)
        self.link.close()
        self.sheet.close()


def measure(broker: Any, folder: Path, count: int, each: int, a_second: int) -> Result:
    """Let `count` nodes publish `each` readings, so many a second in all, and see who gets them."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
    alone, shown = folder / "alone.csv", folder / "screen"
    words = ["--broker", broker.url, "--topic", "dormouse/{name}", "--csv", str(alone)]
    watch = Command("watch", *words, terminal=slave, TERM="xterm")
    os.close(slave)
    # A terminal of its own: not one that waits for this process's threads.
    with shown.open("wb") as out:
        reader = subprocess.Popen(["cat"], stdin=master, stdout=out, stderr=subprocess.DEVNULL)
    os.close(master)
    until(lambda: b"0 readings" in shown.read_bytes() or watch.process.poll() is not None, what=shown.read_bytes)
    assert watch.process.poll() is None and watch.process.stderr, watch.process.stderr.read()  # it has subscribed, and drawn
    crew = [Instance(broker, folder / f"{name}.csv") for name in "abc"]
    nodes = Nodes(broker)
    begun = time.monotonic()
    for number in range(count * each):
        name, seq = f"n{number % count:03}", number // count + 1
        if seq == 1:
            nodes.status(name)
        sent = nodes.reading(name, seq)
        time.sleep(max(0.0, begun + number / a_second - time.monotonic()))
    sent.wait_for_publish(30)
    expected = {(f"n{number:03}", str(seq)) for number in range(count) for seq in range(1, each + 1)}
    until(lambda: len(rows(alone)) >= len(expected), what=lambda: len(rows(alone)))
    until(
        lambda: sum(len(rows(one.path)) for one in crew) >= len(expected), what=lambda: [len(rows(one.path)) for one in crew]
    )
    elapsed_s = time.monotonic() - begun
    status = Path(f"/proc/{watch.process.pid}/status").read_text()
    ticks = Path(f"/proc/{watch.process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    summary = watch.interrupt()
    for one in crew:
        one.close()
    nodes.close()
    reader.wait(10)
    tables, slowest_ms, news_ms = map(int, re.findall(r"(\d+) tables, .* (\d+) ms, news .* (\d+) ms", summary)[0])
    return Result(
        expected=expected,
        alone=rows(alone),
        shares=[rows(one.path) for one in crew],
        known=[sum(bool(node.status) for node in one.fleet.nodes.values()) for one in crew],
        twice=sum(one.fleet.twice for one in crew),
        summary=summary,
        screen=shown.read_bytes(),
        elapsed_s=elapsed_s,
        cpu_s=sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK"),
        peak_mb=int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024,
        tables=tables,
        slowest_ms=slowest_ms,
        news_ms=news_ms,
    )
