"""What the client costs, memory, time and radio, while nothing good happens: mqtt_as's weaknesses W11, W24 and W25."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from clientkit import FakeBroker, Peer, Program, both, run


def answers_pings(peer: Peer) -> None:
    peer.accept()
    with suppress(EOFError):
        while peer.packet() == b"\xc0":
            peer.send(b"\xd0\0")


@both
def test_w24_an_idle_client_sleeps_and_leaves_no_garbage(interpreter: str, tmp_path: Path) -> None:
    # mqtt_as wakes 200 times a second, makes 24 kB of garbage in it, and collects it every second.
    code = """
        import asyncio, gc
        from kit import client, main

        IDLE_S = 3
        wakes = []

        def count(timeout):
            if timeout != 0:  # a round in which every task had done its part
                wakes.append(timeout)

        def watch():
            if hasattr(asyncio, "get_running_loop"):
                selector = asyncio.get_running_loop()._selector
                select = selector.select
                selector.select = lambda timeout=None: (count(timeout), select(timeout))[1]
            else:
                queue = asyncio.core._io_queue
                wait = queue.wait_io_event
                queue.wait_io_event = lambda ms: (count(ms), wait(ms))[1]

        async def go():
            c = client()
            await c.connect(quick=True)
            await asyncio.sleep(0.2)
            watch()
            used = 0
            if hasattr(gc, "mem_alloc"):
                litter = bytearray(20000)  # a collection in between would give it back
                before = gc.mem_alloc()
                del litter
            await asyncio.sleep(IDLE_S)
            if hasattr(gc, "mem_alloc"):
                used = gc.mem_alloc() - before
            assert len(wakes) <= IDLE_S + 2, wakes  # one is this test's own
            assert 0 <= used < 1500 * IDLE_S, used
            assert c.isconnected()
            c.close()
        main(go, 8)
    """
    with FakeBroker(answers_pings) as broker:
        run(interpreter, tmp_path, code, "127.0.0.1", broker.port, timeout=10)


@both
def test_w11_a_hostile_length_takes_no_memory_and_a_long_message_none_for_good(interpreter: str, tmp_path: Path) -> None:
    def talks(peer: Peer) -> None:
        peer.accept()
        for size in (200, 16000, 16000):
            assert peer.expect(0x30)[0] == 0x32
            body = b"\0\1a" + b"x" * size
            peer.send(b"\x30" + bytes((len(body) & 127 | 128, len(body) >> 7)) + body)
            peer.send(b"\x40\2\0\1")
        peer.expect(0x30)
        peer.send(b"\x30\xff\xff\xff\x7f\0\1a" + b"x" * 50_000)  # 268 MB announced (table 2.4)
        peer.until_closed()

    code = """
        import asyncio, gc
        from kit import client, main, until

        def held():
            gc.collect()
            if hasattr(gc, "mem_alloc"):
                return gc.mem_alloc()
            return tracemalloc.get_traced_memory()[0]

        async def go():
            c = client(max_packet=16384, subs_cb=lambda topic, msg, retained: lengths.append(len(msg)))
            lengths = []
            await c.connect(quick=True)
            await asyncio.sleep(0.05)
            sizes = []
            for n in range(3):
                before = held()
                c._session._pid = 0
                await c.publish("go", "", qos=1)
                await until(lambda: len(lengths) > n)
                await asyncio.sleep(0.05)
                sizes.append(held() - before)
            before = held()
            await c.publish("go", "")
            await asyncio.sleep(0.3)
            sizes.append(held() - before)
            print("connected", c.isconnected(), "after", lengths)
            print("kept", [size for size in sizes[1:] if size > 6000])
            c.close()
        try:
            import tracemalloc
            tracemalloc.start()
        except ImportError:
            pass
        main(go, 6)
    """
    with FakeBroker(talks, lambda peer: peer.until_closed()) as broker:
        output = run(interpreter, tmp_path, code, "127.0.0.1", broker.port, timeout=8)
    assert "connected True after [200, 16000, 16000]" in output
    assert "kept []" in output
    assert broker.connections == 1


# A station that takes every setting of every port, and tells what was done. No port has all of it.
_NETWORK = """
import sys
STA_IF = 0
AP_IF = 1
STAT_GOT_IP = int(sys.argv[3])
log = []

class WLAN:
    PM_NONE = 0
    PM_PERFORMANCE = 1
    PM_POWERSAVE = 2
    up = False
    def __init__(self, *args):
        log.append("WLAN")
    def __getattr__(self, name):
        return lambda *args, **settings: log.append((name, args, settings))
    def active(self, *args):
        log.append(("active", args, {}))
    def connect(self, *args):
        WLAN.up = True
    def disconnect(self):
        WLAN.up = False
    def status(self):
        return STAT_GOT_IP if WLAN.up else STAT_GOT_IP - 1
    def isconnected(self):
        return WLAN.up

def country(*args):
    log.append(("country", args, {}))
hostname = phy_mode = country
"""

# Any function of these modules that somebody calls is noted.
_CHIP = """
from network import log

def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    if name.isupper():
        return 0
    return lambda *args, **settings: log.append((name, args, settings))
"""


@both
def test_w25_the_radio_is_off_before_connect_and_its_power_saving_is_the_users(interpreter: str, tmp_path: Path) -> None:
    # mqtt_as turns it on when constructed, sets pm=0xA11140 on the RP2 and esp.sleep_type(0) on the ESP8266.
    files = {"network.py": _NETWORK, "esp.py": _CHIP, "esp32.py": _CHIP, "rp2.py": _CHIP}
    code = """
        import asyncio
        from network import log
        from kit import client, main

        async def go():
            c = client(ssid="home", wifi_pw="key")
            print("constructed", log)
            await c.connect(quick=True)
            await c.publish("a", "b", qos=1)
            await c.disconnect()
            print("joined", [entry for entry in log if entry != "WLAN"])
            c.close()
            print("closed", log[-1])
        main(go, 6)
    """

    def answers(peer: Peer) -> None:
        peer.accept()
        peer.send(b"\x40\2" + peer.expect(0x30)[4:6])
        assert peer.packet() == b"\xe0"

    for got_ip in (3, 5, 1010):  # rp2 and stm32, ESP8266, ESP32
        with FakeBroker(answers) as broker:
            output = Program(interpreter, tmp_path, code, "127.0.0.1", broker.port, got_ip, files=files).finish(8)
        # `reconnects` is the driver's patience, not its power: without it the ESP32 reports no failure.
        joined = [("active", (True,), {}), ("config", (), {"reconnects": 1})]
        assert output.splitlines() == [
            "constructed []",
            f"joined {joined}",
            f"closed {('active', (False,), {})}",
        ]


@both
def test_w25_a_fixed_address_is_set_before_joining(interpreter: str, tmp_path: Path) -> None:
    code = """
        import asyncio
        from network import log
        from mqtt.wlan import Wlan

        address = ("10.0.0.5", "255.0.0.0", "10.0.0.1", "10.0.0.1")

        async def go():
            w = Wlan("home", "key", address)
            await w.connect(quick=True)
            done = [entry[:2] for entry in log if entry[0] in ("ifconfig", "active")]
            print(done == [("active", (True,)), ("ifconfig", (address,))])
        asyncio.run(go())
    """
    assert Program(interpreter, tmp_path, code, "", "", 3, files={"network.py": _NETWORK}).finish(8) == "True"
