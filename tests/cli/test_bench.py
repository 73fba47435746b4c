"""`dormouse bench`, with stand-in peers: checkouts whose clients are sockets that write what the test says, where it says so.

What a peer must come out with follows from TCP: a handshake is a round trip, and so is each write that waits for its answer.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import ROOT, Run, environment

from dormouse.errors import DormouseError
from dormouse.rtt.link import Link

_BEGIN, _END = "<!-- dormouse bench: begin -->", "<!-- dormouse bench: end -->"

# A packet a write, each answered before the next. MQTT 3.1.1: CONNECT 3.1, SUBSCRIBE 3.8, PUBLISH 3.3, DISCONNECT 3.14.
_UMQTT = """\
import socket

class MQTTClient:
    def __init__(self, client_id, server, port=0, keepalive=0):
        self.address = socket.getaddrinfo(server, port)[0][-1]

    def set_callback(self, function):
        pass

    def exchange(self, packet, size):
        self.sock.write(packet)
        assert len(self.sock.read(size)) == size

    def connect(self):
        self.sock = socket.socket()
        self.sock.connect(self.address)
        self.exchange(b"\\x10\\x0d\\0\\4MQTT\\4\\2\\0\\x3c\\0\\1u", 4)

    def subscribe(self, topic, qos):
        self.exchange(bytes((0x82, 5 + len(topic), 0, 1, 0, len(topic))) + topic + bytes((qos,)), 5)

    def publish(self, topic, message, qos):
        self.exchange(bytes((0x32, 4 + len(topic) + len(message), 0, len(topic))) + topic + b"\\0\\2" + message, 4)

    def disconnect(self):
        self.sock.write(b"\\xe0\\0")
        self.sock.close()
"""

# Joins Wi-Fi and reads the chip's id as the real one does, so that the stand-ins are used.
_MQTT_AS = """\
import network
from machine import unique_id
from umqtt_like import MQTTClient as Simple

VERSION = (9, 8, 7)
config = {"client_id": unique_id()}

class MQTTClient:
    def __init__(self, config):
        self.sta = network.WLAN(network.STA_IF)
        self.sta.active(True)
        self.simple = Simple(config["client_id"], config["server"], config["port"])

    async def connect(self, quick=False):
        self.sta.connect("ssid", "password")
        assert quick and self.sta.isconnected()
        self.simple.connect()

    async def subscribe(self, topic, qos):
        self.simple.subscribe(topic.encode(), qos)

    async def publish(self, topic, message, qos):
        self.simple.publish(topic.encode(), message.encode(), qos)

    async def disconnect(self):
        self.simple.disconnect()
"""


@pytest.fixture(scope="module")
def _root() -> None:
    try:
        Link().close()
    except DormouseError as error:
        pytest.skip(str(error))
    if shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin") is None:
        pytest.skip("mosquitto is not installed")


@pytest.fixture
def lib(tmp_path: Path) -> Path:
    """A checkout like micropython-lib's."""
    package = tmp_path / "lib" / "micropython" / "umqtt.simple"
    (package / "umqtt").mkdir(parents=True)
    (package / "umqtt" / "simple.py").write_text(_UMQTT)
    (package / "manifest.py").write_text('metadata(description="Not the real one", version="1.2.3")\n')
    return tmp_path / "lib"


@pytest.fixture
def mqtt(tmp_path: Path) -> Path:
    """A checkout like micropython-mqtt's."""
    package = tmp_path / "mqtt" / "mqtt_as"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(_MQTT_AS)
    (package.parent / "umqtt_like.py").write_text(_UMQTT)
    return tmp_path / "mqtt"


@pytest.mark.usefixtures("_root")
def test_every_client_in_json(dormouse: Run, lib: Path, mqtt: Path) -> None:
    words = ("--peer", f"umqtt={lib}", "--peer", f"mqtt_as={mqtt}", "--rtt", "60", "--runs", "2", "--json")
    done = dormouse("bench", *words)
    assert (done.returncode, done.stderr) == (0, "")
    rows = json.loads(done.stdout)
    clients = ["Dormouse, burst", "Dormouse, always-on", "umqtt 1.2.3", "mqtt_as 9.8.7"]
    assert [(row["client"], row["set_tcp_nodelay"]) for row in rows] == [(name, on) for name in clients for on in (True, False)]
    trips = {"Dormouse, burst": 2, "Dormouse, always-on": 4, "umqtt 1.2.3": 4, "mqtt_as 9.8.7": 4}
    segments = {"Dormouse, burst": 2, "Dormouse, always-on": 4, "umqtt 1.2.3": 4, "mqtt_as 9.8.7": 4}
    for row in rows:
        assert row["data_segments"] == [segments[row["client"]]] * 2
        least = trips[row["client"]] + (row["client"] == "Dormouse, burst" and not row["set_tcp_nodelay"])
        fastest = min(run["ms"] for run in row["runs"])
        assert least * 60 <= fastest < (least + 1) * 60
        waits = row["client"] == "Dormouse, always-on"  # for the broker to close first
        assert waits * 60 <= min(run["closed_ms"] - run["ms"] for run in row["runs"]) < (waits + 0.5) * 60
        assert [run["connections"] for run in row["runs"]] == [1, 1]


@pytest.mark.usefixtures("_root")
def test_the_table_goes_to_the_screen_and_into_a_file(dormouse: Run, tmp_path: Path, lib: Path) -> None:
    file = tmp_path / "bench.md"
    file.write_text(f"before\n{_BEGIN}\nold\n{_END}\nafter\n")
    words = ("--peer", f"umqtt={lib}", "--rtt", "5", "--runs", "1", "--write", str(file))
    done = dormouse("bench", *words)
    assert (done.returncode, done.stderr) == (0, f"wrote {file}\n")
    assert re.search(r"Dormouse, burst +nodelay +5 +\d+ +\d+\.\d +\d+ +2\b", done.stdout)
    text = file.read_text()
    assert text.startswith(f"before\n{_BEGIN}\nOne run on one machine: ") and text.endswith(f"\n{_END}\nafter\n")
    assert "`dormouse bench --rtt 5 --peer umqtt=PATH --runs 1`" in text and str(lib) not in text
    assert text.count("\n| ") == 1 + 6 and "| umqtt 1.2.3 | default | 5 |" in text and "old" not in text


@pytest.mark.usefixtures("_root")
def test_a_peer_that_fails_is_named_with_its_last_words(dormouse: Run, lib: Path) -> None:
    module = next(lib.rglob("simple.py"))
    module.write_text(module.read_text().replace("def connect(self):", "def connect(self):\n        raise OSError(113)"))
    done = dormouse("bench", "--peer", f"umqtt={lib}", "--rtt", "5", "--runs", "1")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "dormouse: umqtt 1.2.3 fails: OSError: [Errno 113] EHOSTUNREACH\n"


def test_without_micropython(dormouse: Run) -> None:
    done = dormouse("bench", MICROPYTHON="no-such-program")
    assert done.returncode == 1
    assert done.stderr.startswith("dormouse: no MicroPython interpreter") and len(done.stderr.splitlines()) == 1


@pytest.mark.usefixtures("_root")
def test_without_mosquitto(dormouse: Run) -> None:
    done = dormouse("bench", MOSQUITTO="")
    assert done.returncode == 1
    assert done.stderr.startswith("dormouse: mosquitto is not installed")


def test_without_root_it_says_how(tmp_path: Path) -> None:
    setpriv = shutil.which("setpriv")
    if os.geteuid() == 0 and setpriv is None:
        pytest.skip("no setpriv (util-linux), with which root can do without its rights")
    drop = [str(setpriv), "--bounding-set", "-sys_admin"] if os.geteuid() == 0 else []
    command = [*drop, sys.executable, "-m", "dormouse", "bench"]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (1, "")
    assert "needs root" in done.stderr and "sudo" in done.stderr and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--peer", "paho=."), "mqtt_as, umqtt"),
        (("--peer", "umqtt"), "NAME=PATH"),
        (("--peer", "umqtt=no/such"), "no such folder"),
        (("--peer", "umqtt=docs"), "no umqtt/simple.py in it (a checkout of micropython-lib has one)"),
        (("--peer", "mqtt_as=docs"), "no mqtt_as/__init__.py or mqtt_as.py in it"),
        (("--rtt", "0"), "--rtt"),
        (("--runs", "0"), "--runs"),
        (("--write", "no/such.md"), "no/such.md: No such file"),
        (("--write", "README.md"), _BEGIN),
    ],
)
def test_wrong_usage(dormouse: Run, words: tuple[str, ...], told: str) -> None:
    done = dormouse("bench", *words)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert done.stderr.startswith("dormouse: ") and told in done.stderr


@pytest.mark.parametrize("inside", ["", "micropython", "micropython/umqtt.simple", "micropython/umqtt.simple/umqtt"])
def test_a_module_is_found_from_every_folder_above_it(lib: Path, inside: str, tmp_path: Path) -> None:
    from dormouse.rtt import clients

    found = clients.peer(f"umqtt={lib / inside}")
    assert (found.name, found.path) == ("umqtt 1.2.3", (lib / "micropython" / "umqtt.simple").resolve())
    (tmp_path / "mqtt_as.py").write_text("VERSION = (0, 7, 2)\n")
    assert clients.peer(f"mqtt_as={tmp_path}").name == "mqtt_as 0.7.2"


def test_the_documents_table_is_one_that_the_command_writes() -> None:
    text = (ROOT / "docs" / "bench.md").read_text()
    inside = text.partition(_BEGIN)[2].partition(_END)[0]
    assert "\nOne run on one machine: " in inside and "| Dormouse, burst | nodelay | 100 |" in inside
