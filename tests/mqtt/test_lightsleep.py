"""Light sleep between two connections, on stand-ins for machine.lightsleep that behave as each port's does.

Oracle: MicroPython's sources (ports/*/modmachine.c, and ports/stm32's SysTick for ticks_ms), as the stand-ins say; mosquitto.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from clientkit import SCRIPTS, Program, both, run

from brokers import Mosquitto

PORTS = {
    # ticks_ms is esp_timer's time: it goes on in light sleep
    "esp32": "def lightsleep(ms=0):\n    time.sleep(ms / 1000)\n",
    # busy until the time is over, by the clock that ticks_ms has
    "esp8266": (
        "def lightsleep(ms=None):\n"
        "    start = time.ticks_ms()\n"
        "    while time.ticks_diff(time.ticks_ms(), start) <= ms:\n"
        "        pass\n"
    ),
    # returns at once while the radio's driver has work; ValueError from 2**32 microseconds on
    "rp2": (
        "pending = [True]\n"
        "def lightsleep(ms):\n"
        "    if ms >= 4294967:\n"
        "        raise ValueError('sleep too long')\n"
        "    if pending:\n"
        "        pending.pop()\n"
        "        return\n"
        "    time.sleep(ms / 1000)\n"
    ),
}
STM32 = """
    real = time.ticks_ms
    stopped = [0]

    def lightsleep(ms):
        time.sleep(ms / 1000)
        stopped[0] += ms

    import mqtt.lightsleep
    module = sys.modules["mqtt.lightsleep"]
    module.ticks_ms = lambda: time.ticks_add(real(), -stopped[0])
"""


@both
@pytest.mark.parametrize("port", PORTS)
def test_sleeps_and_is_back_with_its_timers_right(interpreter: str, port: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    code = """
        import asyncio, time
        import machine
        from kit import Fixed, client, main
        from mqtt.client import MQTTClient
        from mqtt.lightsleep import lightsleep

        async def timer(ms, start, out):
            await asyncio.sleep(ms / 1000)
            out.append(time.ticks_diff(time.ticks_ms(), start))

        async def go():
            ups = []
            async def up(c):
                ups.append(c)
                await c.subscribe("a", 1)
            c = client(MQTTClient, client_id="light", connect_coro=up)
            c.link = link = Fixed()
            await c.connect(quick=True)
            await asyncio.sleep(0.05)
            first = c._stream
            start = time.ticks_ms()
            early, late = [], []
            tasks = [asyncio.create_task(timer(100, start, early)), asyncio.create_task(timer(700, start, late))]
            slept = await lightsleep(c, 400, machine.lightsleep)
            assert 399 <= slept < 1000, slept
            assert "close" in link.calls and c._stream is not first and c.isconnected()
            for task in tasks:
                await task
            assert early[0] >= 400  # asleep when it fell due
            assert 699 <= late[0] < 1000, late  # as if there had been no sleep
            await c.publish("a", "b", qos=1)
            assert len(ups) == 2
            await c.disconnect()
        main(go)
    """
    files = {"machine.py": "import time\n\n" + PORTS[port]}
    Program(interpreter, tmp_path, code, mosquitto.host, mosquitto.port, files=files).finish()


@both
def test_refuses_where_the_tick_clock_stands_still(interpreter: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    head = "\nimport asyncio, sys, time\nfrom kit import Fixed, client, main\n"
    code = """
    async def go():
        c = client()
        c.link = link = Fixed()
        await c.connect(quick=True)
        first = c._stream
        for _ in range(2):
            try:
                await module.lightsleep(c, 60000, lightsleep)
            except NotImplementedError as e:
                assert "deep sleep" in str(e)
            else:
                assert False
        assert c._stream is first and c.isconnected() and "close" not in link.calls  # nothing was torn down
        await c.publish("a", "b", qos=1)
        await c.disconnect()
    main(go)
    """
    run(interpreter, tmp_path, (head + STM32 + code).replace("\n    ", "\n"), mosquitto.host, mosquitto.port)


@both
def test_the_radio_is_off_while_it_sleeps(interpreter: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    code = """
        import asyncio, time
        from kit import client, main
        from mqtt.client import MQTTClient
        from mqtt.lightsleep import lightsleep
        from network import log

        def sleep(ms):
            log.append("sleep")
            time.sleep(ms / 1000)

        async def go():
            c = client(MQTTClient, ssid="home", wifi_pw="key", client_id="radio")
            await c.connect(quick=True)
            await lightsleep(c, 50, sleep)
            await c.disconnect()
        main(go)
        at = [i for i, line in enumerate(log) if line == "sleep"][-1]
        assert log[at - 2 : at] == ["disconnect", "active 0"], log
        assert log[at + 1] == "active 1" and log.count("connect ('home', 'key')") == 2, log
    """
    network = (SCRIPTS / "fake_network.py").read_text()
    Program(interpreter, tmp_path, code, mosquitto.host, mosquitto.port, files={"network.py": network}).finish()


@both
def test_wakes_early_sleeps_in_pieces_and_leaves_a_failure_to_the_caller(interpreter: str, tmp_path: Path) -> None:
    code = """
        import asyncio, sys, time
        from kit import Fixed, client, main
        from mqtt.lightsleep import lightsleep

        clock = [0]
        asked = []
        module = sys.modules["mqtt.lightsleep"]
        module.ticks_ms = lambda: clock[0]

        def sleep(ms):
            asked.append(ms)
            clock[0] += ms if len(asked) != 4 else 7

        class Client:
            fails = False
            def close(self): pass
            async def disconnect(self): pass
            async def connect(self, quick, timeout):
                assert quick and timeout == 9
                if self.fails:
                    raise OSError(113)

        async def go():
            c = Client()
            assert await lightsleep(c, 3000000, sleep, timeout=9) == 3000000
            assert asked == [20, 2000000, 1000000], asked
            assert await lightsleep(c, 3000000, sleep, timeout=9) == 7  # a pin woke it
            assert len(asked) == 4
            c.fails = True
            try:
                await lightsleep(c, 10, sleep, timeout=9)
            except OSError as e:
                print("connect failed", e.args[0])
            try:
                await lightsleep(c, -1, sleep)
            except ValueError:
                print("refused")
        asyncio.run(go())
    """
    assert "connect failed 113\nrefused" in run(interpreter, tmp_path, code, "127.0.0.1", 1)
