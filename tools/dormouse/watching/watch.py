"""Watching: what comes from the link goes to the model, and from there to the screen, the lines and the file."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from rich.console import Console, RenderableType
from rich.live import Live

from dormouse.watching import ibm, ibm_table, table
from dormouse.watching.broker_stats import ABSENT, WAIT_S, BrokerStats
from dormouse.watching.client import Change, Incoming, Link
from dormouse.watching.lines import line
from dormouse.watching.nodes import Event, Fleet
from dormouse.watching.sheet import Sheet

_REDRAW_S = 1.0  # at least so often: times go on
_SOONER_S = 0.4  # and after news so soon
_BACK_S = 5.0  # after a reconnection: until what the broker retained has come again
_ROUND_S = 1.0  # of looking who is late


class Model(Protocol):
    """What messages are noted in, and what is drawn of it."""

    def take(self, topic: str, payload: bytes, at: float, retain: bool) -> Event | None: ...
    def look(self, now: float) -> list[Event]: ...
    def draw(self, now: float, width: int, height: int, notes: tuple[str, ...]) -> RenderableType: ...
    def count(self) -> int: ...


@dataclass
class FleetModel:
    """Nodes."""

    fleet: Fleet
    title: str = ""
    shared: bool = False

    def take(self, topic: str, payload: bytes, at: float, retain: bool) -> Event | None:
        return self.fleet.take(topic, payload, at, retain)

    def look(self, now: float) -> list[Event]:
        return list(self.fleet.look(now))

    def draw(self, now: float, width: int, height: int, notes: tuple[str, ...]) -> RenderableType:
        return table.draw(self.fleet, now, width, height, self.title, notes, self.shared)

    def count(self) -> int:
        return self.fleet.readings


@dataclass
class IbmModel:
    """Clients of IBM's platform."""

    monitor: ibm.Monitor
    title: str = ""
    _count: int = 0

    def take(self, topic: str, payload: bytes, at: float, retain: bool) -> Event | None:  # noqa: ARG002
        event = self.monitor.take(topic, payload, at)
        self._count += event is not None
        return event

    def look(self, now: float) -> list[Event]:  # noqa: ARG002
        return []

    def draw(self, now: float, width: int, height: int, notes: tuple[str, ...]) -> RenderableType:  # noqa: ARG002
        return ibm_table.draw(self.monitor, now, height, self.title, notes)

    def count(self) -> int:
        return self._count


@dataclass
class Watch:
    """One run. tell: gets each line, None for none; as_json: lines are JSON; console: of the live table, None for none.

    Attributes after run(): draws, slowest_s: how often the table was drawn, and how long that took at most; slowest_news_s: how
    long a message waited for the table that shows it.
    """

    link: Link
    model: Model
    tell: Callable[[str], None] | None = None
    as_json: bool = False
    console: Console | None = None
    sheet: Sheet | None = None
    stats: BrokerStats | None = None
    draws: int = 0
    slowest_s: float = 0.0
    slowest_news_s: float = 0.0
    _notes: dict[str, str] = field(default_factory=dict)
    _down_at: float | None = None
    _back_at: float = 0.0
    _news_at: float | None = None
    _asked: float = 0.0  # for $SYS

    def run(self, seconds: float | None = None, count: int | None = None) -> None:
        """Watch for so many seconds, or so many readings; without them until KeyboardInterrupt."""
        end = None if seconds is None else time.monotonic() + seconds
        live = None
        if self.console is not None:
            live = Live(console=self.console, auto_refresh=False, vertical_overflow="crop")
            live.start()
        try:
            self._go(live, end, count)
        finally:
            if live is not None:
                self._draw(live)
                live.stop()

    def _go(self, live: Live | None, end: float | None, count: int | None) -> None:
        drawn = looked = 0.0
        self._asked = self._asked or time.monotonic()
        while True:
            now = time.monotonic()
            if (end is not None and now >= end) or (count is not None and self.model.count() >= count):
                return
            if live is not None and now - drawn >= (_SOONER_S if self._news_at is not None else _REDRAW_S):
                self._draw(live)
                drawn = time.monotonic()
            if now - looked >= _ROUND_S:
                looked = now
                self._look()
                if self.stats is not None and not self.stats.values and now - self._asked > WAIT_S:
                    self._note("stats", ABSENT)
            wait_s = _SOONER_S if live is not None and self._news_at is not None else min(_REDRAW_S, _ROUND_S)
            self._take(self.link.take(wait_s if end is None else max(0.0, min(wait_s, end - now))))

    def _take(self, found: Incoming | Change | None) -> None:
        if isinstance(found, Incoming):
            if self.stats is not None and self.stats.take(found.topic, found.payload):
                self.link.done(found)
                self._told_stats(found)
                return
            event = self.model.take(found.topic, found.payload, found.at, found.retain)
            if event is not None:
                if self.sheet is not None and event["event"] == "reading":
                    self.sheet.add(event)
                self._tell(event)
                self._news_at = self._news_at or found.at
            # Only now: what is killed before this gets it again, where the session is kept.
            self.link.done(found)
        elif isinstance(found, Change):
            self._down_at = None if found.up else self._down_at or found.at
            self._back_at = found.at
            self._notes["link"] = "" if found.up else found.text
            self._tell({"event": "connected" if found.up else "disconnected", "at": found.at, "text": found.text})

    def _look(self) -> None:
        # Without a link nobody is late: nothing can come.
        if self._down_at is None and time.time() - self._back_at > _BACK_S:
            for event in self.model.look(time.time()):
                self._tell(event)

    def _told_stats(self, found: Incoming) -> None:
        if self.as_json and self.tell is not None:
            value = found.payload.decode("utf-8", "replace")
            self._tell({"event": "broker", "at": found.at, "topic": found.topic, "value": value})
        elif self.tell is not None and self.stats is not None and found.topic.endswith("/uptime"):
            self._notes["stats"] = ""
            self._tell({"event": "broker", "at": found.at, "text": f"broker: {self.stats.text()}"})

    def _note(self, name: str, text: str) -> None:
        if self._notes.get(name) == text:
            return
        self._notes[name] = text
        self._tell({"event": "note", "at": time.time(), "text": text})

    def _tell(self, event: Event) -> None:
        if self.tell is None:
            return
        if self.as_json:
            event = {**event, "at": round(event["at"], 3)}
            self.tell(json.dumps({key: value for key, value in event.items() if key != "text" or "monitoring" not in event}))
        else:
            self.tell(line(event))

    def _draw(self, live: Live) -> None:
        assert self.console is not None
        begun = time.monotonic()
        news_at, self._news_at = self._news_at, None
        notes = [text for text in self._notes.values() if text]
        if self.stats is not None and self.stats.values:
            notes.append(f"broker: {self.stats.text()}")
        width, height = self.console.size
        # What was true when the link broke: since then nothing is known.
        now = self._down_at if self._down_at is not None else time.time()
        live.update(self.model.draw(now, width, height, tuple(notes)), refresh=True)
        self.draws += 1
        self.slowest_s = max(self.slowest_s, time.monotonic() - begun)
        if news_at is not None:
            self.slowest_news_s = max(self.slowest_news_s, time.time() - news_at)
