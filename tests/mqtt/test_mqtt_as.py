"""mqtt_as's API: its documentation's programs word for word, every name, key and default.

Oracle: mqtt_as's README, sections 2.3, 2.4 and 3.
"""

from __future__ import annotations

import signal
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from clientkit import SCRIPTS, FakeBroker, Peer, Program, both, run
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
        for key, value in [("keepalive", 65536), ("gateway", True), ("mqttv5", True), ("ssl", True)] + wills:
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
def test_w16_text_is_measured_in_bytes(interpreter: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    code = """
        import asyncio
        from kit import client, main, until

        async def go():
            c = client(queue_len=9, client_id="garten-ö", will=("ende-ü", "tschüß", False, 0))
            await c.connect(quick=True)
            await c.subscribe("grad/°C", 1)
            await c.publish("grad/°C", "21.5 °C")
            await c.publish("grad/°C", b"next", qos=1)
            await until(lambda: c.queue._n == 2)
            for text in ("21.5 °C", "next"):
                topic, msg, _ = await c.queue.__anext__()
                assert (topic.decode(), msg.decode()) == ("grad/°C", text)
            assert c.isconnected()
            await c.disconnect()
        main(go)
    """
    run(interpreter, tmp_path, code, mosquitto.host, mosquitto.port)


@both
def test_w17_what_a_broker_would_hang_up_for_raises_before_it_is_sent(interpreter: str, tmp_path: Path) -> None:
    sent: list[bytes] = []

    def listens(peer: Peer) -> None:
        peer.accept()
        sent.extend(peer.until_closed())

    code = """
        from kit import client, main

        async def go():
            c = client()
            await c.connect(quick=True)
            calls = [lambda t=t: c.publish(t, "x", qos=1) for t in ("", "a/+", "#", "x" * 70000, "a\\0b", b"\\xff")]
            calls += [lambda m=m: c.publish("a", m, qos=1) for m in (None, 5, {})]
            calls += [lambda: c.publish("a", "b", qos=2), lambda: c.publish("a", "b", properties={1: 1})]
            calls += [lambda t=t: c.subscribe(t) for t in ("", "a/#/b", "a+")]
            calls += [lambda: c.subscribe("a", 2), lambda: c.subscribe("a", properties={1: 1}), lambda: c.unsubscribe("")]
            for n, call in enumerate(calls):
                try:
                    await call()
                except (ValueError, TypeError):
                    continue
                assert False, n
            assert c.isconnected() and not c._session.requests
            c.close()
        main(go)
    """
    with FakeBroker(listens) as broker:
        run(interpreter, tmp_path, code, "127.0.0.1", broker.port)
    assert sent == []


@both
def test_w19_user_password_and_will_arrive(interpreter: str, tmp_path: Path) -> None:
    hellos: list[bytes] = []

    def listens(peer: Peer) -> None:
        hellos.append(peer.accept())

    code = """
        from kit import client, main

        async def go():
            with_will = {"will": ("t", "m", True, 1), "keepalive": 300}
            for settings in ({}, {"user": "u"}, {"user": "u", "password": "p"}, with_will):
                c = client(client_id=b"id", **settings)
                await c.connect(quick=True)
                c.close()
        main(go)
    """
    with FakeBroker(listens) as broker:
        run(interpreter, tmp_path, code, "127.0.0.1", broker.port)
    start = b"\x10\x00\x04MQTT\x04"
    assert hellos == [
        start + b"\x02\x00\x3c\x00\x02id",
        start + b"\x82\x00\x3c\x00\x02id\x00\x01u",
        start + b"\xc2\x00\x3c\x00\x02id\x00\x01u\x00\x01p",
        start + b"\x2e\x01\x2c\x00\x02id\x00\x01t\x00\x01m",
    ]


@both
def test_user_and_password_and_a_published_will_at_mosquitto(interpreter: str, mosquitto_factory, tmp_path: Path) -> None:
    broker = mosquitto_factory(users={"node": "secret"})
    code = """
        import asyncio
        from kit import client, main

        async def go():
            try:
                await client(client_id=b"x", user="node", password="wrong").connect(quick=True)
            except OSError as e:
                print("refused", e.args, e.retry)
            watcher = client(client_id=b"watcher", user="node", password="secret", queue_len=5)
            await watcher.connect(quick=True)
            await watcher.subscribe("last", 1)
            for polite in (True, False):
                c = client(client_id=b"node", user="node", password="secret", will=("last", "words", False, 1))
                await c.connect(quick=True)
                if polite:
                    await c.disconnect()
                else:
                    c.close()
                await asyncio.sleep(0.3)
                print("wills", watcher.queue._n)
            await watcher.disconnect()
        main(go)
    """
    output = run(interpreter, tmp_path, code, broker.host, broker.port)
    assert f"refused ({0x2002}, 5) False" in output
    assert "wills 0\nwills 1" in output


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
