"""The process between two TUN devices: it holds every IPv4 packet for half a round trip, and keeps a copy of it.

usage: python forwarder.py NODE_FD FAR_FD, two file descriptors. Orders are lines on standard input, a line answers each:
  delay NS   hold packets for so many nanoseconds from now on; "ok"
  take NS    when nothing has passed for so many nanoseconds: all packets since the last take, as a JSON list of
             [came_ns, late_ns, from_node, packet in hexadecimal], in the order in which they came. came_ns: CLOCK_MONOTONIC
             when it was read from the TUN device; late_ns: how much later than it should it was handed on
  lose HEX   the node's radio goes off just before the first packet that ends with these bytes: from that one on, nothing
             passes in either direction; "ok". Without bytes the radio is on again
The end of the input ends it. It imports nothing of the project: it is started by its path.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import sys
import time
from collections import deque

_SPIN_NS = 200_000  # before a packet is due the process stays awake: a sleep may end late
_LARGEST = 65536


class Forwarder:
    """Both directions of the link. node, far: file descriptors of the TUN devices, non-blocking."""

    def __init__(self, node: int, far: int) -> None:
        self._devices = (node, far)
        self._delay_ns = 0
        self._held: deque[tuple[int, int, int, bytes]] = deque()  # due_ns, came_ns, from which device, packet
        self._passed: list[tuple[int, int, int, str]] = []
        self._last_ns = time.monotonic_ns()
        self._take_ns: int | None = None
        self._orders = b""
        self._lose = b""
        self._off = False

    def run(self) -> None:
        """Forward until the standard input ends."""
        while True:
            now = time.monotonic_ns()
            self._deliver(now)
            self._answer(now)
            ready = select.select([*self._devices, 0], [], [], self._wait_s(time.monotonic_ns()))[0]
            for index, device in enumerate(self._devices):
                if device in ready:
                    self._collect(index, device)
            if 0 in ready and not self._obey():
                return

    def _wait_s(self, now: int) -> float | None:
        ends = []
        if self._held:
            ends.append(self._held[0][0] - _SPIN_NS)
        elif self._take_ns is not None:
            ends.append(self._last_ns + self._take_ns)
        return max(0, min(ends) - now) / 1e9 if ends else None

    def _collect(self, index: int, device: int) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                packet = os.read(device, _LARGEST)
                now = self._last_ns = time.monotonic_ns()
                if self._lose and index == 0 and packet.endswith(self._lose):
                    self._off = True
                if packet[0] >> 4 == 4 and not self._off:
                    self._held.append((now + self._delay_ns, now, index, packet))

    def _deliver(self, now: int) -> None:
        while self._held and self._held[0][0] <= now:
            due, came, index, packet = self._held.popleft()
            if self._off and index:
                continue
            with contextlib.suppress(OSError):  # a network drops what it cannot carry
                os.write(self._devices[1 - index], packet)
            now = self._last_ns = time.monotonic_ns()
            self._passed.append((came, now - due, 1 - index, packet.hex()))

    def _answer(self, now: int) -> None:
        if self._take_ns is not None and not self._held and now - self._last_ns >= self._take_ns:
            print(json.dumps(self._passed), flush=True)
            self._passed = []
            self._take_ns = None

    def _obey(self) -> bool:
        data = os.read(0, 4096)
        self._orders += data
        while b"\n" in self._orders:
            line, self._orders = self._orders.split(b"\n", 1)
            word, _, value = line.partition(b" ")
            if word == b"take":
                self._take_ns = int(value)
                continue
            if word == b"delay":
                self._delay_ns = int(value)
            else:
                self._lose, self._off = bytes.fromhex(value.decode()), False
            print("ok", flush=True)
        return bool(data)


if __name__ == "__main__":
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))  # ahead of what a busy computer does besides
    with contextlib.suppress(KeyboardInterrupt):
        Forwarder(int(sys.argv[1]), int(sys.argv[2])).run()
