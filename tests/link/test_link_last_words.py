"""The radio goes off before the last words are on air: the broker's side of it, and that nothing is lost by it.

The claims are MQTT 3.1.1's: a session kept is taken over by the next connection (3.1.4-2), what was not acknowledged is sent
again (4.4.0-1), with DUP (3.3.1-1), and only a clean DISCONNECT discards the will (3.1.2-8).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from linkkit import WAYS, burst, send

from dormouse.rtt.far_broker import FarBroker
from dormouse.rtt.link import Link

RECORD = ("node/readings", b"21.4", False, 1, 7, False)
DISCONNECT = b"\xe0\0"
PUBACK_OF_THE_FIRST = b"\x40\2\0\1"  # mosquitto counts a session's packet identifiers from 1
ways = pytest.mark.parametrize("way", WAYS)


@pytest.fixture
def lossy(link: Link) -> Iterator[Link]:
    """The link, its radio on again when the test is over."""
    link.set_rtt(20)
    yield link
    link.radio_off(b"")


@ways
def test_without_disconnect_the_next_wake_takes_over_and_gets_every_command(
    lossy: Link, quick: FarBroker, tmp_path: Path, way: str
) -> None:
    topic = f"last/{way}"
    options = {"publish": [RECORD], "subscribe": [(topic, 1)], "client_id": f"last-{way}"}
    lossy.radio_off(DISCONNECT)
    seen = burst(lossy, quick, way, tmp_path, **options)
    assert seen.said["acked"] == [1]
    assert not any(segment.payload.endswith(DISCONNECT) for segment in seen.all)
    send(lossy, quick, topic, ["1", "2"])  # to a node that the broker still takes for connected
    lossy.radio_off(b"")
    woken = burst(lossy, quick, way, tmp_path, **options)
    assert woken.said["result"][0] is True
    assert woken.said["got"] == [b"1", b"2"]
    assert burst(lossy, quick, way, tmp_path, **options).said["got"] == []


@ways
def test_a_command_whose_acknowledgement_is_lost_comes_again(lossy: Link, quick: FarBroker, tmp_path: Path, way: str) -> None:
    topic = f"again/{way}"
    options = {"publish": [RECORD], "subscribe": [(topic, 1)], "client_id": f"again-{way}"}
    burst(lossy, quick, way, tmp_path, **options)
    send(lossy, quick, topic, ["1"])
    lossy.radio_off(PUBACK_OF_THE_FIRST)
    assert burst(lossy, quick, way, tmp_path, **options).said["got"] == [b"1"]
    lossy.radio_off(b"")
    assert burst(lossy, quick, way, tmp_path, **options).said["got"] == [b"1"]
    assert burst(lossy, quick, way, tmp_path, **options).said["got"] == []


def test_without_disconnect_a_will_is_published(lossy: Link, quick: FarBroker, tmp_path: Path) -> None:
    options = {"publish": [RECORD], "client_id": "will", "clean": True, "will": ("node/gone", "gone", False, 1)}
    heard: list[bytes] = []

    def listen() -> paho.Client:
        client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="listener", clean_session=False)
        client.on_message = lambda _client, _data, message: heard.append(message.payload)
        client.connect(quick.host, quick.port)
        return client

    def hear() -> list[bytes]:
        heard.clear()
        client = lossy.far.call(listen)
        client.subscribe("node/gone", 1)
        for _ in range(20):
            client.loop(0.01)
        client.disconnect()
        client.loop(0.01)
        return list(heard)

    hear()
    burst(lossy, quick, "blocking", tmp_path, **options)
    assert hear() == []
    lossy.radio_off(DISCONNECT)
    burst(lossy, quick, "blocking", tmp_path, **options)
    lossy.radio_off(b"")
    burst(lossy, quick, "blocking", tmp_path, **options)  # takes over
    assert hear() == [b"gone"]
