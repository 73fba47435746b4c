"""mqtt_as's API: its documentation's programs word for word, every name, key and default.

Oracle: mqtt_as's README, sections 2.3, 2.4 and 3.
"""

from __future__ import annotations

import signal
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from clientkit import SCRIPTS, Program, both, run
from paho.mqtt.enums import CallbackAPIVersion

from brokers import Mosquitto


@both
@pytest.mark.parametrize("example", ["events", "callbacks"])
def test_documented_programs_run_word_for_word(interpreter: str, example: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    results: list[bytes] = []
    other = paho.Client(CallbackAPIVersion.VERSION2)
    other.on_message = lambda _client, _data, message: results.append(message.payload)
    other.connect(mosquitto.host, mosquitto.port)
    other.subscribe("result", 1)
    other.loop_start()
    code = (SCRIPTS / "as_documented.py").read_text()
    program = Program(interpreter, tmp_path, code, mosquitto.host, mosquitto.port, SCRIPTS / "examples" / f"{example}.txt")
    try:
        program.wait_line("publish 0", 15)
        for text in ("one", "two"):
            other.publish("foo_topic", text, 1).wait_for_publish(5)
        program.wait_line("(b'foo_topic', b'two', False)", 5)
        program.wait_line("publish 1", 15)
    finally:
        program.process.send_signal(signal.SIGINT)
        program.process.wait(5)
        other.loop_stop()
    assert "(b'foo_topic', b'one', False)" in program.output
    assert results[0] == b"0"
    assert "KeyboardInterrupt" in program.output  # and nothing worse


DEFAULTS = {
    "server": None,
    "port": 0,
    "user": "",
    "password": "",
    "keepalive": 60,
    "ping_interval": 0,
    "ssl": False,
    "ssl_params": {},
    "response_time": 10,
    "clean_init": True,
    "clean": True,
    "max_repubs": 4,
    "will": None,
    "ssid": None,
    "wifi_pw": None,
    "queue_len": 0,
    "gateway": False,
    "mqttv5": False,
    "mqttv5_con_props": None,
}


@both
def test_names_keys_and_defaults(interpreter: str, tmp_path: Path) -> None:
    code = f"""
        import mqtt_as
        from mqtt_as import VERSION, ESP32, ESP8266, RP2, PYBOARD, MsgQueue, MQTTClient, MQTTException, config, eliza
        for key, value in {DEFAULTS!r}.items():
            assert config[key] == value, key
        assert isinstance(config["client_id"], bytes) and config["client_id"]
        assert config["subs_cb"](b"", b"", False) is None
        assert config["wifi_coro"] is eliza and config["connect_coro"] is eliza
        assert len(VERSION) == 3 and (ESP32, ESP8266, RP2, PYBOARD) == (False,) * 4
        assert issubclass(MQTTException, OSError)
        assert MQTTClient.DEBUG is False and MQTTClient.REPUB_COUNT == 0
        for server, error in ((None, "no server specified."),):
            try:
                MQTTClient(config)
            except ValueError as e:
                assert str(e) == error
            else:
                assert False
        config["server"] = "broker"
        c = MQTTClient(config)
        assert c.port == 1883 and c.server == "broker" and not c.isconnected()
        wills = [("will", ("", "x", False, 0)), ("will", ("a", "x", False, 2))]
        for key, value in [("keepalive", 65536), ("gateway", True)] + wills:
            bad = dict(config)
            bad[key] = value
            try:
                MQTTClient(bad)
            except ValueError:
                pass
            else:
                assert False, key
        print("all there")
    """
    assert "all there" in run(interpreter, tmp_path, code)


@both
def test_importing_and_constructing_touch_no_radio(interpreter: str, tmp_path: Path) -> None:
    network = "class WLAN:\n    def __init__(self, *a): raise RuntimeError('the radio')\n"
    code = """
        from mqtt_as import MQTTClient, config
        config["server"] = "broker"
        MQTTClient(config)
        print("silent")
    """
    program = Program(interpreter, tmp_path, code, files={"network.py": network})
    assert "silent" in program.finish()


@both
def test_old_programs_private_habits(interpreter: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    # Subclassing as mqtt_as_timeout.py does, dprint and wifi_connect overridden, two programs' ways of printing.
    code = """
        import asyncio
        from kit import client, main
        from mqtt_as import MQTTClient

        class Old(MQTTClient):
            joined = 0
            said = []

            async def _connection(self):
                while not self._isconnected:
                    await asyncio.sleep(0.05)

            def dprint(self, *args):
                self.said.append(args)

            async def wifi_connect(self, quick=False):
                self.joined += 1

            async def late(self, topic):
                await self._connection()
                async with self.lock:
                    return self._isconnected

        async def go():
            c = client(Old)
            asyncio.create_task(c.connect(quick=True))
            assert await c.late("a")
            assert c.joined == 1 and c._sta_if is None
            c._lost("a test")
            assert c.said == [("link lost: %s", "a test")]
            await asyncio.wait_for(c.late("a"), 5)
            await c.publish("a", "b", qos=1)
            assert c.joined == 2
            await c.disconnect()
            MQTTClient.DEBUG = True
            MQTTClient.dprint(c, "50%")
            MQTTClient.dprint(c, "%s is %d", "a", 5)
            MQTTClient.dprint(c, "as print:", 1, 2)
        main(go)
    """
    output = run(interpreter, tmp_path, code, mosquitto.host, mosquitto.port)
    assert "50%\na is 5\nas print: 1 2" in output


@both
def test_broker_up_and_wan_ok(interpreter: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    code = """
        import asyncio, socket
        from kit import client, main
        from mqtt.wan import dns_ok

        async def go():
            c = client(response_time=1)
            assert not await c.broker_up() and not await c.wan_ok()
            await c.connect(quick=True)
            assert await c.broker_up()  # heard from it just now
            await asyncio.sleep(1.1)
            assert await c.broker_up()  # a ping
            await c.disconnect()
            assert not await c.broker_up()
            assert not await dns_ok(server="127.0.0.1", port=1, timeout_ms=100)
        main(go)
    """
    run(interpreter, tmp_path, code, mosquitto.host, mosquitto.port)


@both
def test_mqtt5_as_old_programs_use_it(interpreter: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    # mqtt_as 0.8's README: mqttv5, mqttv5_con_props, the argument properties, and messages of four items.
    code = """
        import asyncio
        from kit import client, main, until

        async def go():
            got = []
            c = client(
                mqttv5=True, mqttv5_con_props={0x11: 60, 0x27: 2000}, subs_cb=lambda *v: got.append(v), client_id=b"five"
            )
            assert c.mqttv5 and c.mqttv5_con_props[0x11] == 60 and c.topic_alias_maximum == 0
            await c.connect(quick=True)
            assert c.topic_alias_maximum == 10  # mosquitto's default
            await c.subscribe("a", 1, {0x26: {"subscribed": "so"}})
            await c.publish("a", "b", False, 1, {0x03: "text/plain", 0x26: {"k": "v"}, 0x01: b"\\1"})
            await c.publish("a", "plain", qos=1)
            await until(lambda: len(got) == 2)
            topic, msg, retained, properties = got[0]
            assert (topic, msg, retained) == (b"a", b"b", False)
            assert properties == {0x03: "text/plain", 0x26: {"k": "v"}, 0x01: 1}, properties
            assert not got[1][3]
            await c.unsubscribe("a", {0x26: {"k": "v"}})
            await c.disconnect()
        main(go)
    """
    run(interpreter, tmp_path, code, mosquitto.host, mosquitto.port)
