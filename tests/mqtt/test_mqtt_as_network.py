"""The network as old programs handle it: wifi_connect overridden, `_sta_if` used or replaced, close(), the ESP8266's memory.

Oracle: mqtt_as 0.8.3's module; its issues 59 (overriding wifi_connect) and 122 (`_sta_if`); its README, section 3.1.
"""

from __future__ import annotations

from pathlib import Path

from clientkit import SCRIPTS, Program, both, run

from brokers import Mosquitto

_WIFI = """
    from mqtt_as import MQTTClient, config
    import asyncio, sys
    import network
    from network import WLAN, log
    config["server"], config["port"] = sys.argv[1], int(sys.argv[2])
    config["ssid"], config["wifi_pw"] = "home", "key"
"""


def _with_wifi(interpreter: str, folder: Path, code: str, mosquitto: Mosquitto) -> str:
    files = {"network.py": (SCRIPTS / "fake_network.py").read_text()}
    return Program(interpreter, folder, _WIFI + code, mosquitto.host, mosquitto.port, files=files).finish()


@both
def test_a_static_address_set_by_overriding_wifi_connect(interpreter: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    code = """
    class Client(MQTTClient):
        async def wifi_connect(self, quick=False):
            self._sta_if.ifconfig(("10.0.0.7", "255.0.0.0", "10.0.0.1", "10.0.0.1"))
            await super().wifi_connect(quick)

    async def go():
        c = Client(config)
        assert log == []
        await c.connect(quick=True)
        await c.publish("a", "b", qos=1)
        assert c._sta_if.isconnected() and isinstance(c._sta_if, WLAN)
        await c.disconnect()
        c.close()
        assert log.index("ifconfig 10.0.0.7") < log.index("connect ('home', 'key')")
        assert log[-1] == "active 0", log
    asyncio.run(go())
"""
    _with_wifi(interpreter, tmp_path, code, mosquitto)


@both
def test_wifi_connect_overridden_without_its_argument(interpreter: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    # As in mqtt_as's issue 59: its wifi_connect() had no argument then, and a link that is up is left alone.
    code = """
    class Client(MQTTClient):
        async def wifi_connect(self):
            log.append("asked")
            if not self._sta_if.isconnected():
                return await super().wifi_connect()

    async def go():
        WLAN.started = True  # boot.py has joined
        WLAN.script = [3]
        c = Client(config)
        await c.connect()
        await c.publish("a", "b", qos=1)
        await c.disconnect()
        assert log == ["WLAN", "asked"] or log == ["asked", "WLAN"], log
        c.close()
        assert log[-2:] == ["disconnect", "active 0"]
    asyncio.run(go())
"""
    _with_wifi(interpreter, tmp_path, code, mosquitto)


@both
def test_a_program_joins_by_itself_in_wifi_connect(interpreter: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    code = """
    class Client(MQTTClient):
        async def wifi_connect(self, quick=False):
            s = self._sta_if
            s.active(True)
            s.connect(self._ssid, self._wifi_pw)
            while s.status() != network.STAT_GOT_IP:
                await asyncio.sleep(0.01)

    async def go():
        c = Client(config)
        await c.connect(quick=True)
        assert c.isconnected() and c._isconnected
        await c.disconnect()
        c.close()
        assert log[-2:] == ["disconnect", "active 0"], log  # mqtt_as's close() turns Wi-Fi off, whoever turned it on
    asyncio.run(go())
"""
    _with_wifi(interpreter, tmp_path, code, mosquitto)


@both
def test_a_wired_interface_put_in_the_place_of_wifi(interpreter: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    code = """
    class LAN:  # as network.LAN: no disconnect()
        up = False

        def active(self, on):
            self.up = on

        def isconnected(self):
            return self.up

    class Client(MQTTClient):
        async def wifi_connect(self, quick=False):
            self._sta_if.active(True)

    async def go():
        c = Client(config)
        c._sta_if = lan = LAN()
        await c.connect(quick=True)
        await c.publish("a", "b", qos=1)
        assert c.isconnected() and lan.up
        await c.disconnect()
        c.close()
        assert not lan.up and log == []
    asyncio.run(go())
"""
    _with_wifi(interpreter, tmp_path, code, mosquitto)


@both
def test_an_esp8266_without_ssid_joins_the_network_that_it_has_stored(
    interpreter: str, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    code = """
    network.STAT_GOT_IP = 5  # ports/esp8266's
    WLAN.script = [1, 1, 5]
    config["ssid"] = config["wifi_pw"] = None

    async def go():
        c = MQTTClient(config)
        await c.connect(quick=True)
        assert "connect ()" in log and c.isconnected()
        await c.disconnect()
        c.close()
    asyncio.run(go())
"""
    _with_wifi(interpreter, tmp_path, code, mosquitto)


@both
def test_gateway_is_refused_when_the_client_is_made(interpreter: str, tmp_path: Path) -> None:
    code = """
        from mqtt_as import MQTTClient, config
        config["server"] = "broker"
        config["gateway"] = True
        try:
            MQTTClient(config)
        except ValueError as e:
            print(e)
    """
    assert run(interpreter, tmp_path, code).startswith("gateway: ")
