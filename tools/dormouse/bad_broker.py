"""A broker that refuses, or accepts a client and then says nothing more: what a bench of failures needs at a port."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType


class BadBroker:
    """Listens until it is closed; a context manager. answer: what every client gets after its first bytes, b"": nothing."""

    def __init__(self, host: str, port: int, answer: bytes) -> None:
        self._answer = answer
        self._listener = socket.create_server((host, port), backlog=1000)
        self._peers: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self._peers.append(peer)
            threading.Thread(target=self._talk, args=(peer,), daemon=True).start()

    def _talk(self, peer: socket.socket) -> None:
        answer = self._answer
        with contextlib.suppress(OSError):
            while peer.recv(4096):
                peer.sendall(answer)
                answer = b""
        peer.close()

    def __enter__(self) -> BadBroker:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # ends the accept() that the thread is in
        self._listener.close()
        for peer in self._peers:
            with contextlib.suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
