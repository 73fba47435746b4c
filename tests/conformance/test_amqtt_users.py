"""amqtt without anonymous clients: what the table's note on its sessions says."""

from __future__ import annotations

import time
from pathlib import Path

import paho.mqtt.client as paho
from abilities import SLEEP_S
from burstkit import burst

from brokers_amqtt import AmqttOfUsers
from brokers_served import PASSWORD, USER


def test_a_named_user_gets_what_waited_but_flagged_as_retained(tmp_path: Path) -> None:
    folder = tmp_path / "amqtt"
    folder.mkdir()
    broker = AmqttOfUsers(folder)
    broker.start()
    try:
        options = {"client_id": "node", "user": USER, "password": PASSWORD, "subscribe": [("set", 1)]}
        assert burst("micropython", tmp_path, broker.port, **options).result == (False, b"\1", 0, True)
        time.sleep(SLEEP_S["amqtt"])
        client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        client.username_pw_set(USER, PASSWORD)
        client.connect(broker.host, broker.port)
        client.loop_start()
        client.publish("set", "one", 1).wait_for_publish(5)
        client.disconnect()
        client.loop_stop()
        done = burst("micropython", tmp_path, broker.port, **options)
        # 3.3.1-9: to an existing subscription the retain flag should be 0
        assert done.messages == [(b"set", b"one", True, False)]
        assert done.result == (True, b"\1", 1, True)
    finally:
        broker.stop()
