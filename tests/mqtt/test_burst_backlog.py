"""A small board before a large backlog: bounded in time and memory, and nothing lost. Against mosquitto."""

from __future__ import annotations

from pathlib import Path

import pytest
from burstkit import ways
from clientkit import run
from test_burst import client

from brokers import Mosquitto

_PROGRAM = """
import gc, sys
from mqtt import burst, transport
from time import sleep, ticks_diff, ticks_ms

port, how, timeout_ms, buffer = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
got = [-1] * 500  # in its place from the start, like all that is counted here
count = 0
first = last = 0

class Socket:
    # socket.socket with a receive buffer of the board's size: SOL_SOCKET is 1 and SO_RCVBUF 8 on Linux
    def __getattr__(self, name):
        return getattr(module, name)
    def socket(self):
        sock = module.socket()
        sock.setsockopt(1, 8, buffer)
        return sock

module = transport.socket
if buffer:
    transport.socket = Socket()

def on_message(topic, payload, retain, dup):
    global count, first, last
    got[count] = int(payload.split()[0])
    count += 1
    sleep(0.0005)  # a board is slower than this machine
    if hasattr(gc, "mem_alloc") and count % 50 == 0:
        gc.collect()
        last = gc.mem_alloc()
        first = first or last

session = burst.exchange("127.0.0.1", "burst", port, subscribe=[("cmd", 1)], on_message=on_message, timeout_ms=timeout_ms)
start = ticks_ms()
try:
    if how == "blocking":
        from mqtt import blocking
        blocking.run(session)
    else:
        import asyncio
        asyncio.run(session)
except OSError:  # mosquitto sends what it sent before again, all of it before SUBACK: that did not come in time
    assert timeout_ms < 1000
print("ms", ticks_diff(ticks_ms(), start))
print("grown", last - first)
for n in got[:count]:
    print("got", n)
"""


def wake(way: str, folder: Path, broker: Mosquitto, timeout_ms: int, buffer: int = 0) -> tuple[int, int, list[int]]:
    """One burst: how long it took in ms, by how many bytes its heap grew meanwhile, the numbers of the messages."""
    interpreter, _, how = way.partition("-")
    output = run(interpreter, folder, _PROGRAM, broker.port, how or "asyncio", timeout_ms, buffer)
    values = [(word, int(value)) for word, value in (line.split() for line in output.splitlines())]
    return values[0][1], values[1][1], [value for word, value in values if word == "got"]


@ways
def test_what_the_time_does_not_suffice_for_waits_at_the_broker(way: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    wake(way, tmp_path, mosquitto, 5000)
    with client(mosquitto) as send:
        for n in range(500):
            send("cmd", f"{n} " + "x" * 400)
    got: list[int] = []
    bursts = 0
    while len(set(got)) < 500:
        ms, grown, numbers = wake(way, tmp_path, mosquitto, 100)
        assert ms < 100 + 60, "a bounded burst"
        assert grown < 256, "not with the number of messages"
        assert numbers == sorted(numbers)
        got += numbers
        bursts += 1
        assert bursts < 60
    assert bursts > 1, "the backlog was not large enough to show anything"
    assert sorted(set(got)) == list(range(500))
    assert wake(way, tmp_path, mosquitto, 5000)[2] == []


@pytest.mark.parametrize("way", ["micropython", "micropython-blocking"])
def test_messages_larger_than_the_boards_receive_buffer(way: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    """lwIP on an ESP8266 has a window of 4 segments of 536 bytes (TCP_WND); mosquitto sends 20 messages of 900 at a time."""
    wake(way, tmp_path, mosquitto, 5000)
    with client(mosquitto) as send:
        for n in range(60):
            send("cmd", f"{n} " + "x" * 900)
    assert wake(way, tmp_path, mosquitto, 8000, 4 * 536)[2] == list(range(60))
