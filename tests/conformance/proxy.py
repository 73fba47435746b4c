"""A wire between client and broker that can be watched and cut."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable


def _split(buffer: bytearray) -> list[bytes]:
    """Take the whole MQTT packets off the front of the buffer (2.2.3)."""
    packets = []
    while True:
        size = at = 0
        for at in range(1, min(5, len(buffer))):
            size |= (buffer[at] & 0x7F) << 7 * (at - 1)
            if not buffer[at] & 0x80:
                break
        else:
            return packets
        if len(buffer) < at + 1 + size:
            return packets
        packets.append(bytes(buffer[: at + 1 + size]))
        del buffer[: at + 1 + size]


class Proxy:
    """A context manager. host, port: for the client. sent, answered: the packets of the client, of the broker.

    swallow(packet): true for a packet of the broker's that shall not arrive. silent: set it, and nothing of the client's
    passes any more.
    """

    def __init__(self, broker_port: int) -> None:
        self.host = "127.0.0.1"
        self._broker_port = broker_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.sent: list[bytes] = []
        self.answered: list[bytes] = []
        self.swallow: Callable[[bytes], bool] = lambda packet: False
        self.silent = False
        self._sockets: list[socket.socket] = []
        self.connections = 0

    def kinds(self, kind: int) -> list[bytes]:
        """The client's packets of this type (upper four bits of the first byte)."""
        return [packet for packet in self.sent if packet[0] & 0xF0 == kind]

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Close every connection, without a word to either side."""
        while self._sockets:
            one = self._sockets.pop()
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                broker = socket.create_connection(("127.0.0.1", self._broker_port), 5)
            except OSError:
                client.close()
                continue
            self.connections += 1
            for one in (client, broker):
                one.settimeout(None)
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._sockets.append(one)
            threading.Thread(target=self._pass, args=(client, broker, self.sent), daemon=True).start()
            threading.Thread(target=self._pass, args=(broker, client, self.answered), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, seen: list[bytes]) -> None:
        buffer = bytearray()
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                buffer += data
                packets = _split(buffer)
                seen += packets
                if seen is self.answered:
                    packets = [packet for packet in packets if not self.swallow(packet)]
                elif self.silent:
                    continue
                target.sendall(b"".join(packets))
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        source.close()
