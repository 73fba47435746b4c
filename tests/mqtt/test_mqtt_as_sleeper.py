"""An old program for a board that deep-sleeps, in the pattern of mqtt_as's README 5.1: connect, publish, look, disconnect.

Oracle: that section (messages published during deep sleep are received at the next wake, the will only after a failure).
"""

from __future__ import annotations

import threading
from pathlib import Path

import paho.mqtt.client as paho
from clientkit import SCRIPTS, Program
from paho.mqtt.enums import CallbackAPIVersion

from brokers import Mosquitto

PROGRAM = """
import sys
from mqtt_as import MQTTClient, config
import uasyncio as asyncio
from machine import deepsleep

config['server'], config['port'] = sys.argv[1], int(sys.argv[2])
config['ssid'], config['wifi_pw'] = 'home', 'key'

def sub_cb(topic, msg, retained):
    print(topic.decode(), msg.decode(), retained)

async def run_task(client):
    await asyncio.wait_for(client.connect(quick=True), 20)
    await client.subscribe("foo_topic", qos=1)
    await client.publish("shed", "light 5", qos=1)
    await asyncio.sleep(0.2)
    await client.disconnect()

async def main(client):
    try:
        await run_task(client)
    except (asyncio.TimeoutError, OSError):
        return False
    return True

config["subs_cb"] = sub_cb
config["will"] = ("shed", "Goodbye cruel world!", False, 0)
config["clean"] = False
config["clean_init"] = False
client = MQTTClient(config)
ok = asyncio.run(main(client))
client.close()
deepsleep(60000 if ok else 61000)
"""


def test_messages_sent_during_deep_sleep_arrive_at_the_next_wake(mosquitto: Mosquitto, tmp_path: Path) -> None:
    heard: list[str] = []
    subscribed = threading.Event()
    other = paho.Client(CallbackAPIVersion.VERSION2)
    other.on_message = lambda _client, _data, message: heard.append(message.payload.decode())
    other.on_subscribe = lambda *_: subscribed.set()
    other.connect(mosquitto.host, mosquitto.port)
    other.loop_start()
    other.subscribe("shed", 1)
    assert subscribed.wait(5)
    board = {path.name: path.read_text() for path in (SCRIPTS / "board").glob("*.py")}
    outputs = []
    for command in ("first", "second"):
        outputs.append(Program("micropython", tmp_path, PROGRAM, mosquitto.host, mosquitto.port, files=board).finish())
        other.publish("foo_topic", command, 1).wait_for_publish(5)
    mosquitto.stop()
    outputs.append(Program("micropython", tmp_path, PROGRAM, mosquitto.host, mosquitto.port, files=board).finish())
    other.disconnect()
    other.loop_stop()
    assert outputs[0] == "radio on\nradio off\nradio off\ndeepsleep 60000"
    assert outputs[1] == "radio on\nfoo_topic first False\nradio off\nradio off\ndeepsleep 60000"
    assert outputs[2].endswith("deepsleep 61000")  # no broker: it sleeps all the same
    assert heard == ["light 5", "light 5"]
