"""The supervisor's end of the wire: requests of the board are decoded from a byte stream, answers encoded.

A request: sequence number (1 byte), length of the name (1), length of the payload (2), name, payload. An answer: sequence
number (1), status (2, signed), length (2), payload. Little-endian. shims/common/_wire.py is the other end.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_HEAD = struct.Struct("<BBH")
_ANSWER = struct.Struct("<BhH")
_TEXT = -32768  # status of an OSError that carries a text


@dataclass(frozen=True)
class Request:
    """One call of the board."""

    seq: int
    name: str
    payload: bytes


class Refused(Exception):
    """The call fails on the board with an OSError. args[0]: its number, or its text."""


class Decoder:
    """Splits the byte stream into requests."""

    def __init__(self) -> None:
        self._data = b""

    def feed(self, data: bytes) -> Iterator[Request]:
        """Take bytes, give the requests that are whole."""
        self._data += data
        while len(self._data) >= _HEAD.size:
            seq, name_size, size = _HEAD.unpack_from(self._data)
            end = _HEAD.size + name_size + size
            if len(self._data) < end:
                return
            name = self._data[_HEAD.size : _HEAD.size + name_size].decode()
            payload = self._data[_HEAD.size + name_size : end]
            self._data = self._data[end:]
            yield Request(seq, name, payload)


def answer(request: Request, payload: bytes = b"", refused: Refused | None = None) -> bytes:
    """The bytes of an answer. refused: the error to raise on the board instead."""
    status = 0
    if refused is not None:
        reason = refused.args[0]
        status, payload = (reason, b"") if isinstance(reason, int) else (_TEXT, str(reason).encode())
    return _ANSWER.pack(request.seq, status, len(payload)) + payload
