"""The link is what it says: the kernel's own round-trip time, nothing lost, nothing left behind."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import sys
import textwrap
import threading
import time

import pytest
from linkkit import ROOT

from dormouse.errors import DormouseError
from dormouse.rtt.far_broker import FarBroker
from dormouse.rtt.link import FAR, NODE, Link

_PORT = 7
_PRECISE_MS = 1.0
_MIN_RTT = 148  # tcpi_min_rtt of linux/tcp.h, microseconds


def echo(link: Link) -> socket.socket:
    """A server at the far end that sends back what it gets, until it is closed."""
    server: socket.socket = link.far.call(socket.create_server, (FAR, _PORT))

    def serve() -> None:
        try:
            while True:
                with server.accept()[0] as connection:
                    while data := connection.recv(65536):
                        connection.sendall(data)
        except OSError:
            return

    threading.Thread(target=serve, daemon=True).start()
    return server


@pytest.mark.parametrize("rtt", [5, 20, 100])
def test_the_kernel_measures_the_round_trip_time(link: Link, rtt: int) -> None:
    link.set_rtt(rtt)
    measured = []
    with echo(link) as server:
        for _ in range(3):  # the best of three: this computer has other work to do
            with link.node.call(socket.create_connection, (FAR, _PORT)) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for _ in range(3):
                    connection.sendall(b"x")
                    assert connection.recv(1) == b"x"
                info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
            measured.append(struct.unpack_from("I", info, _MIN_RTT)[0] / 1000)
        server.shutdown(socket.SHUT_RDWR)
    assert all(value >= rtt for value in measured)
    assert min(measured) <= rtt + _PRECISE_MS, measured
    link.take()


def test_it_carries_everything_in_order(link: Link) -> None:
    link.set_rtt(2)
    data = os.urandom(300_000)
    with echo(link) as server, link.node.call(socket.create_connection, (FAR, _PORT)) as connection:
        threading.Thread(target=connection.sendall, args=(data,), daemon=True).start()
        back = b""
        while len(back) < len(data):
            back += connection.recv(65536)
        server.shutdown(socket.SHUT_RDWR)
    assert back == data
    segments = link.take()
    assert sum(len(s.payload) for s in segments if s.from_node) >= len(data)
    assert link.take() == []  # each packet is told once


def test_there_is_no_way_out_of_it(link: Link) -> None:
    with pytest.raises(OSError, match="unreachable"):
        link.node.call(socket.create_connection, ("198.51.100.1", _PORT), 1)


def test_nothing_is_left_when_its_owner_is_killed(link: Link) -> None:
    code = f"""\
        import subprocess, sys, time
        sys.path.insert(0, {str(ROOT / "tools")!r})
        from dormouse.rtt.link import Link, start
        link = Link(10)
        child = start(link.far, ["sleep", "60"])
        print(link._forwarder.pid, child.pid, flush=True)
        time.sleep(60)
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        pids = [int(word) for word in owner.stdout.readline().split()]
        assert len(pids) == 2
        groups = [os.getpgid(pid) for pid in pids]
        owner.send_signal(signal.SIGKILL)
    end = time.monotonic() + 5
    while time.monotonic() < end and any(map(_lives, groups)):
        time.sleep(0.02)
    assert not any(map(_lives, groups))


def _lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_broker_that_cannot_start_says_why(link: Link) -> None:
    with pytest.raises(DormouseError, match=r"mosquitto did not start: .*no_such_setting"):
        FarBroker(link, True, 1999, more="no_such_setting 1")


def test_the_addresses_are_nobodys() -> None:
    # RFC 5737: 192.0.2.0/24 is for documentation
    assert NODE.startswith("192.0.2.") and FAR.startswith("192.0.2.") and NODE != FAR
