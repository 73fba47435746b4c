"""The client and a broker's unwelcome answers, which are no reason to hang up: mqtt_as's weaknesses W6 and W7."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from clientkit import FakeBroker, Peer, both, run

from brokers import Mosquitto


@both
def test_w06_a_refused_subscription_is_the_callers_error_and_no_reconnect(interpreter: str, tmp_path: Path) -> None:
    def refuse(peer: Peer) -> None:
        peer.accept()
        while True:
            packet = peer.packet()
            if packet[0] == 0x82:
                peer.send(b"\x90\x03" + packet[1:3] + (b"\x80" if b"secret" in packet else b"\x00"))
            elif packet[0] == 0xE0:
                return

    code = """
        from mqtt_as import MQTTException
        from kit import client, main

        async def go():
            c = client()
            await c.connect(quick=True)
            try:
                await c.subscribe("secret", 1)
            except MQTTException as e:
                print("code", e.code, isinstance(e, OSError))
            print("granted", await c.subscribe("open", 1), c.isconnected())
            await c.disconnect()
        main(go)
    """
    with FakeBroker(refuse) as broker:
        output = run(interpreter, tmp_path, code, "127.0.0.1", broker.port)
    assert "code 128 True" in output
    assert "granted 0 True" in output  # less than was asked for, and said so
    assert broker.connections == 1


@both
def test_w06_mosquitto_refuses_a_subscription_and_the_link_stays(
    interpreter: str, mosquitto_factory: Callable[..., Mosquitto], tmp_path: Path
) -> None:
    # An acl_file does not make mosquitto 2.0 refuse a SUBSCRIBE; its own plugin does.
    plugin = next(Path("/usr").glob("lib*/**/mosquitto_dynamic_security.so"), None)
    if plugin is None:
        pytest.skip("mosquitto's dynamic security plugin is not installed")
    access = {"publishClientSend": True, "publishClientReceive": True, "subscribe": False, "unsubscribe": True}
    role = {"rolename": "some", "acls": [{"acltype": "subscribePattern", "topic": "open/#", "allow": True}]}
    rules = tmp_path / "rules.json"
    rules.write_text(
        json.dumps(
            {
                "defaultACLAccess": access,
                "roles": [role],
                "groups": [{"groupname": "all", "roles": [{"rolename": "some"}]}],
                "anonymousGroup": "all",
            }
        )
    )
    broker = mosquitto_factory(f"plugin {plugin}", f"plugin_opt_config_file {rules}")
    code = """
        from kit import client, main
        from mqtt_as import MQTTException

        async def go():
            c = client(queue_len=3)
            await c.connect(quick=True)
            try:
                await c.subscribe("secret/#", 1)
            except MQTTException as e:
                print("refused", e.code)
            await c.subscribe("open/a", 1)
            await c.publish("open/a", "x", qos=1)
            print(await c.queue.__anext__(), c.isconnected())
            await c.disconnect()
        main(go)
    """
    output = run(interpreter, tmp_path, code, broker.host, broker.port)
    assert "refused 128" in output
    assert "(b'open/a', b'x', False) True" in output
    assert broker.log().count("New client connected") == 1


@both
def test_w07_late_and_repeated_pubacks_are_harmless(interpreter: str, tmp_path: Path) -> None:
    seen: list[bytes] = []

    def slow(peer: Peer) -> None:
        peer.accept()
        seen.append(peer.expect(0x30))
        seen.append(peer.expect(0x30))  # again, marked DUP
        peer.send((b"\x40\x02" + seen[0][4:6]) * 2)
        peer.send(b"\x40\x02\x7f\x7f" + b"\xb0\x02\x7f\x7f" + b"\x90\x03\x7f\x7f\x00")  # never asked for
        peer.expect(0x30)
        assert peer.packet() == b"\xe0"

    code = """
        from kit import client, main

        async def go():
            c = client(response_time=0.3)
            await c.connect(quick=True)
            await c.publish("a", "b", qos=1)
            await c.publish("c", "d")
            print("repubs", c.REPUB_COUNT, c.isconnected())
            await c.disconnect()
        main(go)
    """
    with FakeBroker(slow) as broker:
        assert "repubs 1 True" in run(interpreter, tmp_path, code, "127.0.0.1", broker.port)
    assert broker.connections == 1
    assert seen[0][0] == 0x32
    assert seen[1] == bytes((0x3A,)) + seen[0][1:]
