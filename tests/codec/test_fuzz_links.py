"""Broken packets to whole clients: the burst and the always-on client close the connection, with a typed error, in time.

Each case follows a good CONNACK. Oracle for what must be refused: as in test_fuzz_run.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from clientkit import FakeBroker, Peer, Program, both
from fuzz_case import REFUSED, Case

_SEED = 5
_LIMIT = 1024  # the burst's, and the client's here
_INPUTS = 300
_TIMEOUT_MS = 400

_BURSTS = """\
import asyncio, sys
from mqtt.burst import exchange
from time import ticks_diff, ticks_ms
from mqtt.errors import MQTTError
from mqtt.v5 import V5

port, at_once, timeout_ms = [int(word) for word in sys.argv[1:]]
with open("versions") as file:
    versions = file.read()

async def one(number):
    v5 = {"v5": V5({0x22: 3})} if versions[number] == "5" else {}
    record = [("t", b"x", False, 1, 54321, False)]  # nobody acknowledges that
    start = ticks_ms()
    try:
        await exchange("127.0.0.1", "id", port, record, user=str(number), timeout_ms=timeout_ms, quiet_ms=5, clean=True, **v5)
        how = "ended"
    except MQTTError as error:
        how = "refused"
    except OSError as error:
        how = "down"
    print("case", number, how, ticks_diff(ticks_ms(), start))

async def main():
    for first in range(0, len(versions), at_once):
        numbers = range(first, min(first + at_once, len(versions)))
        await asyncio.gather(*[one(number) for number in numbers])

asyncio.run(main())
print("good end")
"""

_CLIENTS = """\
import asyncio, sys
from mqtt import keep
from mqtt.client import MQTTClient
from kit import Fixed

port, at_once = [int(word) for word in sys.argv[1:]]
with open("versions") as file:
    versions = file.read()
keep.getrandbits = lambda bits: 10  # a short wait before it connects again

async def one(number):
    five = {"mqttv5": True, "mqttv5_con_props": {0x22: 3}} if versions[number] == "5" else {}
    config = {"user": str(number), "server": "127.0.0.1", "port": port, "queue_len": 3, "max_packet": 1024}
    config.update(five)
    client = MQTTClient(config, Fixed())
    await client.connect(quick=True)
    client.up.clear()
    await asyncio.wait_for(client.down.wait(), 5)
    await asyncio.wait_for(client.up.wait(), 5)
    await client.publish("t", "alive", qos=1, timeout=5)
    await client.disconnect()
    print("case", number, "lives")

async def main():
    for first in range(0, len(versions), at_once):
        numbers = range(first, min(first + at_once, len(versions)))
        await asyncio.gather(*[one(number) for number in numbers])

asyncio.run(main())
print("good end")
"""


def case_of(connect: bytes) -> Case:
    """The case that a client of this CONNECT asks for: its number is the user, the last field."""
    return Case(_SEED, int(connect[connect.rindex(b"\0") + 2 :]), _LIMIT)


def connack(connect: bytes) -> bytes:
    return b"\x20\3\0\0\0" if connect[7] == 5 else b"\x20\2\0\0"


def files() -> dict[str, str]:
    return {"versions": "".join("5" if Case(_SEED, number).five else "3" for number in range(_INPUTS))}


def finished(program: Program) -> dict[int, list[str]]:
    """What the program printed for each case."""
    output = program.finish(60)
    assert "good end" in output
    lines = [line.split() for line in output.splitlines() if line.startswith("case")]
    assert len(lines) == _INPUTS, output
    return {int(number): rest for _, number, *rest in lines}


@both
def test_a_burst_ends_in_time_with_its_error(interpreter: str, tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        connect = peer.expect(0x10)
        case = case_of(connect)
        peer.send(connack(connect) + case.stream)
        if case.verdict == REFUSED or case.number % 4 == 0:
            peer.until_closed()  # the burst closes: at once, or when its time is over

    with FakeBroker(script) as broker:
        program = Program(interpreter, tmp_path, _BURSTS, broker.port, 60, _TIMEOUT_MS, files=files())
        found = finished(program)
    late = {number: how for number, how in found.items() if int(how[1]) > _TIMEOUT_MS + 1000}  # a busy machine
    assert not late
    for number, (how, _) in found.items():
        case = Case(_SEED, number, _LIMIT)
        assert how == "refused" or (how == "down" and case.verdict != REFUSED), (number, how, case.verdict, case.stream)
    assert sum(how == "refused" for how, _ in found.values()) > _INPUTS / 2


@both
def test_the_always_on_client_connects_again(interpreter: str, tmp_path: Path) -> None:
    seen: set[int] = set()
    left_open: list[int] = []

    def script(peer: Peer) -> None:
        connect = peer.expect(0x10)
        case = case_of(connect)
        if case.number not in seen:
            seen.add(case.number)
            peer.send(connack(connect) + case.stream)
            if case.verdict == REFUSED:
                start = time.monotonic()
                with suppress(ConnectionError):
                    peer.until_closed()
                if time.monotonic() - start > 3:
                    left_open.append(case.number)
            else:
                time.sleep(0.02)
            return
        peer.send(connack(connect))
        packet = peer.expect(0x30)
        assert packet[1:4] == b"\0\1t"
        peer.send(b"\x40\2" + packet[4:6])
        peer.expect(0xE0)

    with FakeBroker(script) as broker:
        program = Program(interpreter, tmp_path, _CLIENTS, broker.port, 50, files=files())
        found = finished(program)
    assert all(how == ["lives"] for how in found.values())
    assert not left_open
    assert broker.connections == 2 * _INPUTS
