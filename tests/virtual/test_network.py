"""Sockets, names and time over the virtual radio. Oracle for the time server: ntplib."""

from __future__ import annotations

import socket
import threading

import ntplib
import pytest

from dormouse.virtual.board import World
from dormouse.virtual.ntp import NtpServer
from dormouse.virtual.world import NtpWorld

LINK = """
import network, socket, time
def show(f, *args):
    try:
        print(f(*args))
    except OSError as e:
        print("OSError", e.args[0])
wlan = network.WLAN(network.STA_IF)
def up():
    wlan.active(True)
    wlan.connect("dormouse", "sleep-tight")
    while not wlan.isconnected():
        time.sleep_ms(2)
"""
NO_ROUTE = {"feather_s2": 118, "esp8266": 113, "pyboard_d": 113}
TIMED_OUT = {"feather_s2": 116, "esp8266": 110, "pyboard_d": 110}
NO_NAME = {"feather_s2": -202, "esp8266": -2, "pyboard_d": -2}


@pytest.fixture
def echo():
    """A server that answers one message of each connection. Its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(b"echo " + connection.recv(100) + b"\n")

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def run(make, board, program, world=None, speed=20):
    wake = make(board, LINK + program, world=world, speed=speed).run_wake(20)
    assert wake.ended == "repl", wake.output
    return wake.output.splitlines()


def test_nothing_works_without_a_link(make, board, echo):
    program = f"""
show(socket.getaddrinfo, "pool.ntp.org", 123)
show(socket.socket().connect, ("127.0.0.1", {echo}))
show(socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto, b"x", ("127.0.0.1", {echo}))
up()
wlan.active(False)
show(socket.socket().connect, ("127.0.0.1", {echo}))
"""
    no = f"OSError {NO_ROUTE[board]}"
    assert run(make, board, program) == [f"OSError {NO_NAME[board]}", no, no, no]


def test_a_stream_in_every_way(make, board, echo):
    program = f"""
up()
address = socket.getaddrinfo("127.0.0.1", {echo})[0][-1]
print(address)
s = socket.socket()
s.connect(address)
s.send(b"one")
print(s.read(4), s.readline(), s.recv(5), s.read())
s.close()
import asyncio
async def go():
    r, w = await asyncio.open_connection("127.0.0.1", {echo})
    w.write(b"two")
    await w.drain()
    print(await r.readexactly(5), await r.readline(), await r.read(5))
    w.close()
    await w.wait_closed()
asyncio.run(go())
"""
    assert run(make, board, program) == [
        f"('127.0.0.1', {echo})",
        "b'echo' b' one\\n' b'' b''",
        "b'echo ' b'two\\n' b''",
    ]


def test_failures_have_the_ports_numbers(make, board, free_port):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        program = f"""
up()
show(socket.socket().connect, ("127.0.0.1", {free_port}))
s = socket.socket()
s.settimeout(0.1)
s.connect(("127.0.0.1", {silent.getsockname()[1]}))
show(s.recv, 10)
s.setblocking(False)
show(s.recv, 10)
print(s.read(10))
"""
        assert run(make, board, program) == ["OSError 111", f"OSError {TIMED_OUT[board]}", "OSError 11", "None"]


def test_a_lost_link_silences_an_open_connection(make, board, echo):
    world = World()
    world.wifi.drops_after_ms = 4000
    program = f"""
up()
s = socket.socket()
s.settimeout(0.4)
s.connect(("127.0.0.1", {echo}))
time.sleep_ms(250)
s.send(b"one")
show(s.recv, 10)
"""
    assert run(make, board, program, world) == [f"OSError {TIMED_OUT[board]}"]


def test_names(make, board):
    world = World()
    world.dns.table["broker.lan"] = "127.0.0.1"
    world.dns.ms, world.dns.fail_ms = 2000, 4000
    program = """
up()
def took(name):
    start = time.ticks_ms()
    show(lambda: socket.getaddrinfo(name, 80)[0][-1][0])
    print(time.ticks_diff(time.ticks_ms(), start) // 50)
took("broker.lan")
took("nowhere.lan")
took("node.local")
took("10.0.0.1")
"""
    no = f"OSError {NO_NAME[board]}"
    assert run(make, board, program, world) == ["127.0.0.1", "2", no, "4", no, "4", "10.0.0.1", "0"]
    world.dns.fails = True
    assert run(make, board, "up()\nshow(socket.getaddrinfo, 'broker.lan', 80)", world) == [no]


def test_port_123_is_the_virtual_worlds_time_server(make, board):
    program = """
up()
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(1)
s.sendto(b"\\x23" + bytes(39) + b"12345678", ("192.0.2.7", 123))
data, address = s.recvfrom(100)
print(address, data[24:32], int.from_bytes(data[40:44], "big"))
"""
    world = World()
    virtual = make(board, LINK + program, world=world, speed=20)
    address, origin, seconds = virtual.run_wake(20).output.rsplit(" ", 2)
    assert (address, origin) == ("('192.0.2.7', 123)", "b'12345678'")
    # Seconds since 1900: RFC 5905 section 6.
    assert int(seconds) == pytest.approx(virtual.now_s + 2208988800, abs=5)
    assert world.ntp.requests == 1


@pytest.mark.parametrize(("mode", "stratum", "leap"), [("good", 1, 0), ("kiss", 0, 3), ("unsynchronised", 16, 3)])
def test_the_time_servers_packets_are_what_ntplib_reads(mode, stratum, leap):
    server = NtpServer(NtpWorld(mode=mode), lambda: 1_800_000_000.25)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(2)
            client.sendto(ntplib.NTPPacket(mode=3, version=4, tx_timestamp=1.5).to_data(), ("127.0.0.1", server.port))
            server.serve()
            answer = ntplib.NTPPacket()
            answer.from_data(client.recv(100))
    finally:
        server.close()
    assert (answer.stratum, answer.leap, answer.mode, answer.orig_timestamp) == (stratum, leap, 4, 1.5)
    assert ntplib.ntp_to_system_time(answer.tx_timestamp) == pytest.approx(1_800_000_000.25, abs=1e-6)


def test_nodelay_is_the_ports_own_number(make, board):
    """extmod/modlwip.c: TCP_NODELAY is lwIP's TF_NODELAY there, and what it does not know is a warning, not an error."""
    program = """
up()
s = socket.socket()
print(socket.TCP_NODELAY)
s.setsockopt(6, socket.TCP_NODELAY, 1)
s.setsockopt(6, 99, 1)
"""
    assert run(make, board, program) == ["1" if board == "feather_s2" else "64", "Warning: lwip.setsockopt() not implemented"]
