"""docs/recipes.md: each connection with a local broker that is set up alike."""

from __future__ import annotations

import json
import re
import socket
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest

from hosted import HOST, Front, chain
from nodes import ROOT, Listener, MakeNode

sys.path.insert(0, str(ROOT / "tests" / "mqtt"))
from tlskit import authority

DOCUMENT = ROOT / "docs" / "recipes.md"
FAST = {"speed": 4}
AIR = {"air": {"driver": "sht4x"}}
WATCHER = "user watcher\ntopic readwrite #\n"


def slept(node: Any) -> Any:
    wake = node.run_wake()
    assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
    return wake


def credentials(user: str | None, password: str | None, *more: str) -> bytes:
    lines = ['WIFI = (("dormouse", "sleep-tight"),)', f"USER = {user!r}", f"PASSWORD = {password!r}", *more]
    return "\n".join(lines).encode()


def device(make_node: MakeNode, broker: str, secret: bytes, files: dict[str, bytes], **changes: object) -> Any:
    wanted = {"BROKER": broker, "TLS": True, "NAME": "kitchen", "SENSORS": AIR, "WAKE_EVERY_S": 600, "MAX_AWAKE_S": 60}
    extra = {"/" + name: data for name, data in files.items()}
    node = make_node(options=FAST, credentials=secret, extra=extra, **(wanted | changes))
    node.world.dns.table[broker.partition(":")[0]] = "127.0.0.1"
    return node


def block(section: str, sign: str) -> str:
    """A block of a section of the document, the first that has the sign in it."""
    part = DOCUMENT.read_text("utf-8").partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return next(textwrap.dedent(found) for found in re.findall(r"```\w*\n(.*?)```", part, re.DOTALL) if sign in found)


@pytest.fixture
def listeners() -> Iterator[list[Listener]]:
    made: list[Listener] = []
    yield made
    for one in made:
        one.close()


def plain_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def watched(port: int, listeners: list[Listener]) -> Listener:
    end = time.monotonic() + 5
    while True:  # a second port comes after the first
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.05)
    listeners.append(Listener("127.0.0.1", port, "watcher", "eyes"))
    return listeners[-1]


def everything_in_its_rights(make_node: MakeNode, node: Any, seen: Listener, log: Any) -> None:
    """A reading, a command, its answer; and nothing that the broker denies."""
    assert "delivered 1" in slept(node).output
    seen.until(lambda: len(seen.on("readings")) == 1 and bool(seen.on("status")) and bool(seen.on("report")))
    seen.publish("dormouse/kitchen/set", {"id": 1, "wake_every_s": 120})
    seen.publish("dormouse/all/set", {"id": 2, "upload_every": 1})
    assert slept(node).sleep_ms < 200_000
    seen.until(lambda: len(seen.on("result")) == 2)
    assert {answer["ok"] for answer in seen.on("result")} == {True}
    assert "Denied" not in log()


def test_mosquitto_with_a_password_tls_and_rights_for_each_node(
    make_node: MakeNode, mosquitto_factory: Any, listeners: list[Listener]
) -> None:
    port = plain_port()
    rights = block("mosquitto", "pattern readwrite")
    broker = mosquitto_factory(
        *authority().broker(), f"listener {port} 127.0.0.1", acl=rights,
        users={"kitchen": "one", "shed": "two", "watcher": "eyes"},
    )  # fmt: skip
    seen = watched(port, listeners)
    files = {"ca.der": authority().data("ca.der")}
    node = device(make_node, f"localhost:{broker.port}", credentials("kitchen", "one", 'CA = "ca.der"'), files)
    everything_in_its_rights(make_node, node, seen, broker.log)
    # The login of another: let in, and its readings are not the kitchen's.
    thief = device(make_node, f"localhost:{broker.port}", credentials("shed", "two", 'CA = "ca.der"'), files)
    before = len(seen.records())
    slept(thief)
    assert "Denied PUBLISH" in broker.log() and len(seen.records()) == before


@pytest.fixture
def hosted(mosquitto_factory: Any, tmp_path: Path) -> Iterator[tuple[Front, Any]]:
    """A broker that is somebody else's: TLS in front, logins, and nobody without one."""
    broker = mosquitto_factory(users={"kitchen": "one", "watcher": "eyes"}, acl=WATCHER + "pattern readwrite dormouse/#\n")
    with Front(tmp_path, broker.port) as front:
        yield front, broker


def test_hivemq_cloud_takes_tls_with_the_host_s_name_and_a_long_root(
    make_node: MakeNode, hosted: tuple[Front, Any], listeners: list[Listener]
) -> None:
    front, broker = hosted
    secret = credentials("kitchen", "one", 'CA = "ca.der"')
    node = device(make_node, f"{HOST}:{front.port}", secret, {"ca.der": chain()[0]})
    everything_in_its_rights(make_node, node, watched(broker.port, listeners), broker.log)
    # The broker is called by its address, in the second wake without asking for it, and named all the same.
    assert front.names == [HOST, HOST]
    wrong = device(make_node, f"localhost:{front.port}", secret, {"ca.der": chain()[0]})
    output = slept(wrong).output
    assert "upload failed: TLSError" in output and front.names[-1] == "localhost" and len(front.sent) == 2


def test_emqx_serverless_ends_the_session_of_a_long_sleep_and_a_retained_command_outlives_it(
    make_node: MakeNode, hosted: tuple[Front, Any], listeners: list[Listener]
) -> None:
    front, broker = hosted
    seen = watched(broker.port, listeners)
    node = device(make_node, f"{HOST}:{front.port}", credentials("kitchen", "one", 'CA = "ca.der"'), {"ca.der": chain()[0]})
    slept(node)
    seen.publish("dormouse/kitchen/set", {"id": 1, "wake_every_s": 120})
    # After two hours: what ends a session at once is its client's clean one.
    client = re.findall(r"as (kitchen-\w+)", broker.log())[0]
    other = paho.Client(paho.CallbackAPIVersion.VERSION2, client, clean_session=True)
    other.username_pw_set("kitchen", "one")
    joined: list[int] = []
    other.on_connect = lambda *_: joined.append(1)
    other.connect("127.0.0.1", broker.port)
    other.loop_start()
    seen.until(lambda: bool(joined))
    other.disconnect()
    other.loop_stop()
    assert slept(node).sleep_ms > 200_000 and seen.on("result") == []
    seen.publish("dormouse/kitchen/set", {"id": 2, "wake_every_s": 120}, retain=True)
    assert slept(node).sleep_ms < 200_000
    seen.until(lambda: seen.on("result") == [{"id": 2, "ok": True}])
    # Its quotas: subscriptions of a client, levels of a topic, a client id.
    assert all(topic.count("/") < 10 for topic, _ in seen.messages) and len(client) <= 1024
    assert len(set(re.findall(r"kitchen-\w+ 1 (\S+)", broker.log()))) <= 10


def test_aws_iot_takes_a_certificate_for_a_login_and_little_at_once(
    make_node: MakeNode, mosquitto_factory: Any, listeners: list[Listener]
) -> None:
    port = plain_port()
    authority().certify("kitchen", "DNS:kitchen")
    own = f"cafile {authority().path('ca.pem')}", "require_certificate true", "use_identity_as_username true"
    broker = mosquitto_factory(
        *authority().broker(), *own, f"listener {port} 127.0.0.1", users={"watcher": "eyes"},
        acl=WATCHER + "pattern readwrite dormouse/%u/#\npattern read dormouse/all/set\n",
    )  # fmt: skip
    seen = watched(port, listeners)
    files = {name: authority().data(name) for name in ("ca.der", "kitchen.der", "kitchen.key.der")}
    lines = 'CA = "ca.der"', 'CERT = "kitchen.der"', 'KEY = "kitchen.key.der"'
    node = device(make_node, f"localhost:{broker.port}", credentials(None, None, *lines), files)
    everything_in_its_rights(make_node, node, seen, broker.log)
    log = broker.log()
    client, keepalive = re.findall(r"as (kitchen-\w+) \(p2, c0, k(\d+), u'kitchen'\)", log)[0]
    # AWS IoT Core, quotas: client id, keepalive, slashes, filters in a SUBSCRIBE, bytes of a message.
    assert len(client) <= 128 and 30 <= int(keepalive) <= 1200
    assert all(topic.count("/") <= 7 and len(json.dumps(payload)) < 131072 for topic, payload in seen.messages)
    subscribes = log.split(f"Received SUBSCRIBE from {client}")[1:]
    assert len(subscribes) == 2 and all(part.count("(QoS 1)") <= 8 for part in subscribes)
    # The policy of the document allows what the node does, and names it.
    policy = json.loads(block("AWS IoT", '"Statement"'))
    actions = {action for row in policy["Statement"] for action in row["Action"]}
    assert actions == {f"iot:{name}" for name in ("Connect", "Publish", "RetainPublish", "Subscribe", "Receive")}
    resources = " ".join(text for row in policy["Statement"] for text in row["Resource"])
    names = ("client/kitchen-*", "topic/dormouse/kitchen/*", "topicfilter/dormouse/kitchen/set", "topicfilter/dormouse/all/set")
    assert all(name in resources for name in names)
    # Nobody comes in without one.
    stranger = device(make_node, f"localhost:{broker.port}", credentials(None, None, lines[0]), files)
    assert "upload failed" in slept(stranger).output


@pytest.mark.parametrize("section", ["mosquitto", "HiveMQ Cloud", "EMQX Serverless", "AWS IoT"])
def test_what_the_document_tells_to_put_in_is_right(tmp_path: Path, section: str) -> None:
    from dormouse import settings

    (tmp_path / "config.py").write_text(settings.load(ROOT).text())
    changes: dict[str, Any] = {}
    exec(block(section, "BROKER ="), {}, changes)
    exec(block(section, "CA ="), {}, changes)
    secrets = {name: changes.pop(name) for name in ("USER", "PASSWORD", "CA", "CERT", "KEY") if name in changes}
    (tmp_path / "config.py").write_text(settings.load(ROOT, tmp_path / "config.py").text(**changes))
    read = settings.load(ROOT, tmp_path / "config.py")
    assert read["TLS"] is True
    text = "WIFI = (('a', '12345678'),)\n" + "".join(f"{name} = {value!r}\n" for name, value in secrets.items())
    (tmp_path / "credentials.py").write_text(text)
    for name in ("ca.der", "kitchen.der"):
        (tmp_path / name).write_bytes(authority().data("ca.der" if name == "ca.der" else "client.der"))
    (tmp_path / "kitchen.key.der").write_bytes(authority().data("client.key.der"))
    found = [problem for problem in settings.check_credentials(read, tmp_path / "credentials.py") if problem.level == "error"]
    assert found == []
