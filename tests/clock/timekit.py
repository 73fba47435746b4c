"""Time servers: the real chronyd on a loopback port, and one that answers as a test says; and the node that asks them."""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ntplib

ROOT = Path(__file__).resolve().parents[2]
TO_1900 = 2208988800  # RFC 4330 section 3
HOST = "127.0.0.1"


def free_udp_port() -> int:
    """A UDP port that was free a moment ago."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class Chrony:
    """chronyd that serves this computer's time and never sets it (-x). lines: more of chrony.conf."""

    def __init__(self, program: str, folder: Path, *lines: str) -> None:
        self.port = free_udp_port()
        self.url = f"{HOST}:{self.port}"
        self._log = folder / "chronyd.log"
        conf = folder / "chrony.conf"
        settings = [f"port {self.port}", f"bindaddress {HOST}", "cmdport 0", "bindcmdaddress /", f"allow {HOST}", *lines]
        conf.write_text("\n".join([*settings, f"pidfile {folder / 'chronyd.pid'}", ""]))
        user = ["-u", "root"] if os.geteuid() == 0 else []
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [program, "-x", "-d", "-U", *user, "-f", str(conf)], stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    def ask(self) -> ntplib.NTPStats:
        """ntplib's answer, once chronyd is up."""
        end = time.monotonic() + 10
        while True:
            try:
                return ntplib.NTPClient().request(HOST, version=4, port=self.port, timeout=0.3)
            except (ntplib.NTPException, OSError):
                assert self._process.poll() is None and time.monotonic() < end, self._log.read_text()
                time.sleep(0.05)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


Reply = Callable[[bytes, int], "list[bytes]"]


class TimeServer:
    """Answers each question with what `reply` makes of it and of its number, from 0: any number of packets.

    Attributes: asked, how many came; url.
    """

    def __init__(self, reply: Reply) -> None:
        self.asked = 0
        self._reply = reply
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind((HOST, 0))
        self.url = f"{HOST}:{self._sock.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            data, address = self._sock.recvfrom(512)
            if data == b"stop":
                return
            self.asked += 1
            for packet in self._reply(data, self.asked - 1):
                self._sock.sendto(packet, address)

    def stop(self) -> None:
        self._sock.sendto(b"stop", self._sock.getsockname())
        self._thread.join(5)
        self._sock.close()


def answer(question: bytes, **changes: Any) -> bytes:
    """A server's answer. changes: first, stratum, delay, dispersion, reference (bytes), originate (bytes), offset_s, sent (the
    transmit timestamp's seconds since 1900).
    """
    now = time.time() + TO_1900 + changes.get("offset_s", 0)
    stamp = struct.pack(">II", int(now) & 0xFFFFFFFF, int(now % 1 * 2**32))
    sent = struct.pack(">II", changes["sent"] & 0xFFFFFFFF, 0) if "sent" in changes else stamp
    head = struct.pack(
        ">BBbbiI4s", changes.get("first", 0x24), changes.get("stratum", 2), 6, -20, changes.get("delay", 0x100),
        changes.get("dispersion", 0x100), changes.get("reference", b"TEST"),
    )  # fmt: skip
    return head + stamp + changes.get("originate", question[40:48]) + stamp + sent


def constant(**changes: Any) -> Reply:
    """A reply that is always the same kind of answer()."""
    return lambda question, _: [answer(question, **changes)]


def ask(micropython: str, servers: list[str], attempts: int = 1, **state: int) -> list[dict[str, Any]]:
    """What asker.py printed: for each attempt set, offset_ms (to this computer's clock), written, took_ms, skips, fixed_at."""
    path = os.pathsep.join(map(str, (ROOT / "src", ROOT, ".frozen")))
    done = subprocess.run(
        [micropython, str(Path(__file__).with_name("asker.py")), ",".join(servers), str(attempts), json.dumps(state)],
        cwd=ROOT, env={**os.environ, "MICROPYPATH": path, "TZ": "UTC"}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
