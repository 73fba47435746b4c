"""Wi-Fi joining, against a `network` module with the values of three ports: no one-second quanta, failures at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from clientkit import SCRIPTS, Program, both

from brokers import Mosquitto

NETWORK = {"network.py": (SCRIPTS / "fake_network.py").read_text()}

START = """
    import asyncio, sys, time
    import network
    from network import WLAN, log
    from mqtt.wlan import Wlan
"""


def run(interpreter: str, folder: Path, body: str, *args: object) -> str:
    """Run a program that finds the fake network module."""
    return Program(interpreter, folder, START + body, *args, files=NETWORK).finish()


@both
def test_joins_in_less_than_a_second_and_goes_off_again(interpreter: str, tmp_path: Path) -> None:
    body = """
    async def go():
        w = Wlan("home", "key", ("10.0.0.5", "255.0.0.0", "10.0.0.1", "10.0.0.1"))
        assert log == []
        start = time.time()
        await w.connect(quick=True)
        assert time.time() - start < 0.5
        assert w.isconnected()
        await w.connect()  # up already: nothing to do
        w.close()
        w.close()
        assert log == ["WLAN", "active 1", "ifconfig 10.0.0.5", "connect ('home', 'key')", "disconnect", "active 0"], log
    asyncio.run(go())
"""
    run(interpreter, tmp_path, body)


@both
@pytest.mark.parametrize(
    ("port", "got_ip", "progress", "failure"),
    [
        ("esp32", 1010, 1001, 201),
        ("esp32", 1010, 1001, 202),
        ("esp32", 1010, 1001, 15),
        ("esp8266", 5, 1, 2),
        ("esp8266", 5, 1, 3),
        ("esp8266", 5, 1, 4),
        ("cyw43", 3, 2, -1),
        ("cyw43", 3, 1, -2),
        ("cyw43", 3, 1, -3),
    ],
)
def test_a_failure_code_ends_the_attempt_at_once(
    interpreter: str, port: str, got_ip: int, progress: int, failure: int, tmp_path: Path
) -> None:
    body = """
    async def go():
        got_ip, progress, failure = [int(a) for a in sys.argv[1:]]
        network.STAT_GOT_IP = got_ip
        WLAN.script = [progress, progress, failure]
        w = Wlan("home", "key")
        start = time.time()
        try:
            await w.connect()
        except OSError as e:
            assert str(failure) in str(e), e
        else:
            assert False
        assert time.time() - start < 0.5
        WLAN.script = [progress, progress, got_ip]
        await w.connect(quick=True)
        assert w.isconnected()
        assert ("config {'reconnects': 1}" in log) == (got_ip == 1010), log
    asyncio.run(go())
"""
    run(interpreter, tmp_path, body, got_ip, progress, failure)


@both
def test_a_link_that_somebody_else_made_is_left_alone(interpreter: str, tmp_path: Path) -> None:
    body = """
    async def go():
        WLAN.started = True
        WLAN.script = [3]
        w = Wlan("home", "key")
        await w.connect()
        w.drop()
        w.close()
        assert w.isconnected() and log == ["WLAN"], log
    asyncio.run(go())
"""
    run(interpreter, tmp_path, body)


@both
def test_without_ssid_the_stored_network_or_a_clear_error(interpreter: str, tmp_path: Path) -> None:
    body = """
    async def go():
        await Wlan().connect(quick=True)
        assert "connect ()" in log
        WLAN.started = WLAN.stored = False
        try:
            await Wlan().connect(quick=True)
        except ValueError as e:
            assert "ssid" in str(e)
        else:
            assert False
    asyncio.run(go())
"""
    run(interpreter, tmp_path, body)


@both
def test_time_limit_and_the_check_of_a_new_link(interpreter: str, tmp_path: Path) -> None:
    body = """
    from errno import ETIMEDOUT
    async def go():
        WLAN.script = [1]
        try:
            await Wlan("home", "key", timeout_s=0.3).connect()
        except OSError as e:
            assert e.args[0] == ETIMEDOUT
        else:
            assert False
        WLAN.script = [1, 3]
        WLAN.lost_after = 2
        try:
            await Wlan("home", "key").connect()
        except OSError as e:
            assert e.args == (ETIMEDOUT, "Wi-Fi status 3"), e  # gone again
        else:
            assert False
    asyncio.run(go())
"""
    run(interpreter, tmp_path, body)


@both
def test_a_cancelled_attempt_is_called_off_and_the_next_one_joins(interpreter: str, tmp_path: Path) -> None:
    body = """
    async def go():
        WLAN.script = [1]
        w = Wlan("home", "key")
        try:
            await asyncio.wait_for(w.connect(), 0.1)
        except asyncio.TimeoutError:
            pass
        else:
            assert False
        assert log[-1] == "disconnect" and not WLAN.started
        WLAN.script = [1, 3]
        await w.connect(quick=True)
        assert w.isconnected() and log[-1] == "connect ('home', 'key')"
    asyncio.run(go())
"""
    run(interpreter, tmp_path, body)


@both
def test_joins_where_the_driver_still_tries_for_somebody_else(interpreter: str, tmp_path: Path) -> None:
    # boot.py has begun to join, or the driver still tries after a soft reset: ESP32's connect() raises until disconnect() is
    # called (micropython#17661, micropython-mqtt#59).
    body = """
    class Busy(WLAN):
        busy = True

        def connect(self, *args):
            if self.busy:
                log.append("error")
                raise OSError("Wifi Internal Error")
            super().connect(*args)

        def disconnect(self):
            super().disconnect()
            self.busy = False

    async def go():
        network.WLAN = Busy
        w = Wlan("home", "key")
        await w.connect(quick=True)
        assert w.isconnected() and log[-3:] == ["error", "disconnect", "connect ('home', 'key')"], log
        w.sta.disconnect = lambda: None
        w.sta.busy = True
        Busy.started = False
        try:
            await w.connect(quick=True)
        except OSError as e:
            print(e)
    asyncio.run(go())
"""
    assert "Wifi Internal Error" in run(interpreter, tmp_path, body)


@both
def test_the_client_rejoins_after_the_network_was_lost(interpreter: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    body = """
    from kit import client, main, until
    states = []
    async def wifi(up):
        states.append(up)
    async def go():
        WLAN.script = [1, 3]
        c = client(ssid="home", wifi_pw="key", wifi_coro=wifi)
        await c.connect(quick=True)
        assert c.isconnected()
        WLAN.started = False
        assert not c.isconnected()  # noticed when asked, and a reconnection is under way
        WLAN.script = [1, 3]
        await until(c.isconnected, 14)
        await c.publish("a", "b", qos=1)
        await c.disconnect()
        assert WLAN.started  # leaving the broker is not leaving the network
        c.close()
        assert log[-1] == "active 0" and log.count("connect ('home', 'key')") == 2
        assert states == [True, False, True], states
    main(go, 20)
"""
    run(interpreter, tmp_path, body, mosquitto.host, mosquitto.port)
