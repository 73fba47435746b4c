"""Connections to the stand-in: an asyncio server in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from adafruit_io import packets
from adafruit_io.account import Account

_LATER_S = 0.02  # what is published has been to the database before anybody is told: io blog 2016-07-06


@dataclass(eq=False)
class _Client:
    said: packets.Connect
    writer: asyncio.StreamWriter
    filters: dict[str, int] = field(default_factory=dict)
    pid: int = 0


class AdafruitIO:
    """The broker. A context manager. account: what it knows. host, port: where it listens.

    now: seconds by which rates, bans and wills count; another clock may be put in its place. time_s: what time/seconds says.
    refuse_s: how long a refused login waits for its answer [codes]; it and tick_s, the pace of time/seconds, are real seconds.
    logins: (client id, CONNACK's code), as they came. told: what it said on throttle and errors.
    """

    host = "127.0.0.1"

    def __init__(self, account: Account | None = None, refuse_s: float = 5.0, tick_s: float = 1.0) -> None:
        self.account = account or Account()
        self.refuse_s, self.tick_s = refuse_s, tick_s
        self.now: Callable[[], float] = time.monotonic
        self.time_s: Callable[[], float] = time.time
        self.logins: list[tuple[str, int]] = []
        self.told: list[tuple[str, str]] = []
        self._clients: dict[str, _Client] = {}
        self._wills: dict[str, tuple[float, tuple[str, bytes]]] = {}
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(10)

    @property
    def url(self) -> str:
        """ "host:port"."""
        return f"{self.host}:{self.port}"

    def __enter__(self) -> AdafruitIO:
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def put(self, topic: str, payload: str) -> None:
        """Publish as the website does: it comes under no limit here."""

        def do() -> None:
            points = self.account._points(topic, payload.encode())
            self.account.stored += points
            for point in points:
                self._spread(self.account.topics(point))

        done = threading.Event()
        self._loop.call_soon_threadsafe(lambda: (do(), done.set()))
        assert done.wait(5)

    def settle(self) -> None:
        """Publish the wills whose time has come."""
        done = threading.Event()
        self._loop.call_soon_threadsafe(lambda: (self._due_wills(), done.set()))
        assert done.wait(5)

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, self.host, 0))
        self.port: int = server.sockets[0].getsockname()[1]
        self._later(self._tick())
        ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    def _later(self, work: object) -> None:
        task = self._loop.create_task(work)  # type: ignore[arg-type]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self.tick_s)
            self._spread([("time/seconds", str(int(self.time_s())))])  # [time]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = None
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError, ValueError, IndexError):
            client = await self._login(reader, writer)
            if client:
                await self._talk(reader, client)
        writer.close()
        if client and self._clients.get(client.said.client) is client:
            del self._clients[client.said.client]
            if client.said.will:
                # When the keepalive has run out, unless it is back by then [will].
                self._wills[client.said.client] = self.now() + client.said.keepalive, client.said.will

    async def _login(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> _Client | None:
        kind, _, body = await packets.read(reader)
        if kind != packets.CONNECT:
            return None
        said = packets.connect(body)
        code = self.account.login(said.user, said.password, self.now())
        self._tell()
        self.logins.append((said.client, code))
        if code in (6, 7):
            await asyncio.sleep(self.refuse_s)
        writer.write(bytes((0x20, 2, 0, code)))
        await writer.drain()
        if code:
            return None
        self._due_wills(back=said.client)
        other = self._clients.get(said.client)
        if other:
            other.writer.close()  # at once [index]
        self._clients[said.client] = _Client(said, writer)
        return self._clients[said.client]

    async def _talk(self, reader: asyncio.StreamReader, client: _Client) -> None:
        while True:
            kind, flags, body = await packets.read(reader)
            if kind == packets.DISCONNECT:
                client.said.will = None
                return
            if kind == packets.PUBLISH:
                if flags & 6 > 2:
                    return  # QoS 2 is not supported [qos]; what happens then is not said
                topic, pid, payload = packets.publish(flags, body)
                self._later(self._take(client, topic, payload))
                if pid:
                    client.writer.write(b"\x40\2" + pid.to_bytes(2, "big"))
            elif kind == packets.SUBSCRIBE:
                mark, filters = packets.subscribe(body)
                codes = bytearray()
                for topic, qos in filters:
                    granted = self.account.subscribe(client.said.client, topic, self.now())
                    if granted:
                        client.filters[topic] = min(qos, 1)
                    codes.append(min(qos, 1) if granted else 0x80)
                client.writer.write(bytes((0x90, 2 + len(codes))) + mark + codes)
                self._later(self._told())
            elif kind == packets.PINGREQ:
                client.writer.write(b"\xd0\0")

    async def _told(self) -> None:
        await asyncio.sleep(_LATER_S)
        self._tell()

    async def _take(self, client: _Client, topic: str, payload: bytes) -> None:
        points = self.account.publish(client.said.client, topic, payload, self.now())
        await asyncio.sleep(_LATER_S)
        for point in points:
            self._spread(self.account.topics(point))
        self._tell()
        if topic.endswith("/get"):
            answer = self.account.get(topic)
            if answer:
                self._spread([answer], only=client)

    def _tell(self) -> None:
        said, self.account.said = self.account.said, []
        self.told += said
        self._spread(said)

    def _due_wills(self, back: str = "") -> None:
        self._wills.pop(back, None)
        for client, (at, (topic, payload)) in list(self._wills.items()):
            if self.now() >= at:
                del self._wills[client]
                for point in self.account.publish(client, topic, payload, self.now()):
                    self._spread(self.account.topics(point))

    def _spread(self, messages: list[tuple[str, str]], only: _Client | None = None) -> None:
        for topic, payload in messages:
            for client in list(self._clients.values()) if only is None else [only]:
                matching = [qos for known, qos in client.filters.items() if _matches(known, topic)]
                if matching:
                    client.pid = client.pid % 65535 + 1
                    with contextlib.suppress(OSError, RuntimeError):
                        client.writer.write(packets.message(topic, payload, client.pid if max(matching) else 0))


def _matches(known: str, topic: str) -> bool:
    want, have = known.split("/"), topic.split("/")
    if want[-1] == "#":
        return have[: len(want) - 1] == want[:-1]
    return len(want) == len(have) and all(a in ("+", b) for a, b in zip(want, have, strict=True))
