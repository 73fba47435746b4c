"""Asking NTP servers as a node would, with ntplib, and the words for what is wrong with an answer.

What is believed is what src/node/sntp.py believes (a test compares the two): a server that this computer likes and the node
does not would be no help.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ntplib

PORT = 123
FALLBACK = "pool.ntp.org"  # src/node/join.py
OLDEST_S = 1767225600  # 2026-01-01: the node believes nothing older (src/node/sntp.py)
_ERA_S = 1 << 32
_SPAN_S = 0x7FFFFFFF
_TIMEOUT_S = 3.0
_NAME_S = 6.0  # a name server may take its time
# RFC 5905 section 7.4, figure 13: those that a client has to obey.
_KISSES = {"RATE": "asked too often", "DENY": "it refuses this address", "RSTR": "it refuses this address"}


@dataclass
class Answer:
    """What a server said. offset_s: to add to this computer's clock. problem: why the node would not believe it, or ""."""

    server: str
    address: str = ""
    stratum: int | None = None
    offset_s: float = 0.0
    delay_s: float = 0.0
    reference: str = ""
    problem: str = ""

    @property
    def usable(self) -> bool:
        """Whether the node would set its clock by it."""
        return not self.problem


def split(server: str) -> tuple[str, int]:
    """A "host" or "host:port" in its parts. Raises ValueError for a port that is none."""
    host, _, port = server.partition(":")
    number = int(port) if port else PORT
    if not host or not 0 < number < 65536:
        raise ValueError(server)
    return host, number


def ask_all(servers: Sequence[str], timeout_s: float = _TIMEOUT_S) -> list[Answer]:
    """Ask all servers at the same time. Arguments: servers, "host" or "host:port"; timeout_s, for an answer.

    Returns their answers in the order of `servers`, after at most timeout_s and 6 s for the names.
    """
    answers = [Answer(server, problem="no address: the name server does not answer") for server in servers]

    def ask(at: int) -> None:
        answers[at] = _ask(servers[at], timeout_s)

    # Daemons: a look-up that hangs must not hold the program.
    threads = [threading.Thread(target=ask, args=(at,), daemon=True) for at in range(len(servers))]
    end = time.monotonic() + timeout_s + _NAME_S
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return list(answers)


def best(answers: Sequence[Answer]) -> Answer | None:
    """The one whose offset is known best, by the way to it; None when none is usable."""
    return min((answer for answer in answers if answer.usable), key=lambda answer: answer.delay_s, default=None)


def _ask(server: str, timeout_s: float) -> Answer:
    host, port = split(server)
    answer = Answer(server)
    try:
        # IPv4 only, as the node.
        answer.address = str(socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_DGRAM)[0][4][0])
    except OSError as error:
        answer.problem = f"no address: {(error.strerror or str(error)).lower()}"
        return answer
    try:
        wait: Any = {"port": port, "timeout": timeout_s}  # its stubs know fewer types than it takes
        stats = ntplib.NTPClient().request(answer.address, version=4, **wait)
    except ntplib.NTPException as error:
        answer.problem = "no answer" if "No response" in str(error) else f"not NTP: {error}"
        return answer
    except OSError as error:
        answer.problem = f"not reached: {(error.strerror or str(error)).lower()}"
        return answer
    answer.stratum = stats.stratum
    answer.problem = problem(stats) or _strange(stats, timeout_s)
    answer.reference = _reference(stats)
    if stats.stratum and answer.usable:
        answer.offset_s, answer.delay_s = stats.offset, max(0.0, stats.delay)
    return answer


def problem(packet: ntplib.NTPPacket) -> str:
    """Why the node would not believe a packet, "" if it would: the checks of src/node/sntp.py, in its order."""
    if packet.mode != 4:
        return "not a server"
    if packet.stratum == 0:
        code = packet.ref_id.to_bytes(4, "big").rstrip(b"\0").decode("ascii", "replace")
        return f"kiss of death, {code or 'no code'}" + (f": {_KISSES[code]}" if code in _KISSES else "")
    if packet.stratum > 15 or packet.leap == 3:
        return "unsynchronised: it has no time itself"
    if packet.root_delay >= 1 or packet.root_dispersion >= 1:
        return "too far from the true time"
    if not packet.tx_timestamp:
        return "no time in it"
    seconds = int(packet.tx_timestamp) - ntplib.NTP.NTP_DELTA
    if seconds < OLDEST_S:
        seconds += _ERA_S
    return "a year that cannot be" if seconds - OLDEST_S > _SPAN_S else ""


def _strange(stats: ntplib.NTPStats, timeout_s: float) -> str:
    # ntplib does not compare the originate timestamp; the node does, to the bit.
    took_s = stats.dest_timestamp - stats.orig_timestamp
    return "" if -1 <= took_s <= timeout_s + 1 else "the answer to another question"


def _reference(stats: ntplib.NTPStats) -> str:
    if not stats.stratum or stats.stratum > 15:
        return ""
    data = stats.ref_id.to_bytes(4, "big")
    if stats.stratum == 1:
        return data.rstrip(b"\0").decode("ascii", "replace")
    return ".".join(map(str, data))
