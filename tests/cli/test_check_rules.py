"""Each rule of dormouse/checking, both ways: what check says, with the line, and what the node does when nobody refuses it.

A row that says how the node fails is lived through on the virtual board. A warning's node works, so its row says in words what
there is to regret. Several sensors that fail share a wake: one's failure is never another's.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from check_rows import BASICS, CREDENTIALS, NODES, ROWS, SENSORS, Row
from checked_nodes import lived, looked_at
from command_line import ROOT
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from dormouse import checking, settings
from dormouse.broker import EmbeddedBroker
from dormouse.checking import FLEET, NODE, report
from dormouse.constants import ERROR, WARNING

_DAY = dt.timedelta(days=1)


ELSEWHERE = {"record-long"}  # needs a driver that no template has: below
SERVICES = {"adafruit", "ibm", "homeassistant"}  # whose rules have tests beside their own: tests/services


def certificate(
    begins: int, ends: int, ca: bool, key: ec.EllipticCurvePrivateKey | None = None, name: x509.Name | None = None
) -> x509.Certificate:
    """A self-signed certificate. begins, ends: days from now."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    name = name or x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "dormouse")])
    now = dt.datetime.now(dt.timezone.utc)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
    made = made.not_valid_before(now + begins * _DAY).not_valid_after(now + ends * _DAY)
    return made.add_extension(x509.BasicConstraints(ca, None), True).sign(key, hashes.SHA256())


def with_files(secrets: dict[str, Any]) -> dict[str, Any]:
    """The secrets with certificates in place of their names."""
    made = {
        "PEM": lambda: certificate(-1, 9, True).public_bytes(Encoding.PEM).decode(),
        "CERT": lambda: certificate(-1, 9, True).public_bytes(Encoding.DER),
        "LEAF": lambda: certificate(-1, 9, False).public_bytes(Encoding.DER),
        "EXPIRED": lambda: certificate(-9, -1, True).public_bytes(Encoding.DER),
        "EARLY": lambda: certificate(2, 9, True).public_bytes(Encoding.DER),
    }
    return {name: made[value]() if isinstance(value, str) and value in made else value for name, value in secrets.items()}


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    """A broker for every node of this module: host:port."""
    with EmbeddedBroker() as started:
        yield f"{started.host}:{started.port}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.kind}-{row.board}")
def test_check_names_it_with_its_line(row: Row, tmp_path: Path) -> None:
    found = looked_at(tmp_path, row.board, row.changes, with_files(row.secrets))
    mine = [problem for problem in found if problem.kind == row.kind]
    assert [row.words in problem.text for problem in mine] == [True], found
    of = "" if row.kind == "setting" else checking.rules()[row.kind].of
    level = ERROR if row.kind == "setting" else checking.rules()[row.kind].level
    assert mine[0].level == level and (level == ERROR or not [it for it in found if it.level == ERROR]), found
    assert level == WARNING or row.does is not None or row.why
    name = "credentials.py" if of == checking.SECRETS else "config.py"
    lines = (tmp_path / name).read_text().splitlines()
    assert mine[0].file == str(tmp_path / name)
    begins = next((number for number, line in enumerate(lines, 1) if row.at and line.startswith(f"{row.at} = ")), 0)
    assert mine[0].line == begins


def test_every_rule_of_a_node_and_its_credentials_has_a_row() -> None:
    mine = (it for it in checking.rules().values() if it.find.__module__.rpartition(".")[2] not in SERVICES)
    assert {row.kind for row in ROWS} - {"setting"} | ELSEWHERE == {it.kind for it in mine if it.of != FLEET}


@pytest.mark.parametrize("board", sorted({row.board for row in SENSORS}))
def test_the_sensors_that_check_refuses_fail_on_the_board(board: str, broker: str) -> None:
    rows = [row for row in SENSORS if row.board == board]
    (wake,) = lived(board, {"SENSORS": {row.kind: row.changes["SENSORS"][row.kind] for row in rows}}, broker)
    assert wake.ended == "deepsleep" and "delivered 1" in wake.output, wake.output
    failed = re.findall(r"^sensor (\S+) failed", wake.output, re.MULTILINE)
    assert sorted(failed) == sorted({row.kind for row in rows}), wake.output


@pytest.mark.parametrize(
    "row", [row for row in [*BASICS, *NODES, *CREDENTIALS] if row.does is not None], ids=lambda row: f"{row.kind}-{row.board}"
)
def test_the_node_that_check_refuses_fails_on_the_board(row: Row, broker: str) -> None:
    does = f"sensor {row.kind} failed" if row.does == "fails" else row.does
    (wake,) = lived(row.board, row.changes, broker, with_files(row.secrets))
    assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
    assert does is not None and does in wake.output, wake.output
    assert ("delivered" in wake.output) == (" failed" in does and does.startswith("sensor ")), wake.output


def test_a_reading_that_is_longer_than_a_record_is_never_stored(tmp_path: Path, broker: str) -> None:
    root = tmp_path / "template"
    root.mkdir()
    for name in ("src", "boards", "power", "main.py", "config.py"):
        (root / name).symlink_to(ROOT / name)
    (root / "sensors").mkdir()
    for path in (ROOT / "sensors").glob("*.py"):
        (root / "sensors" / path.name).symlink_to(path)
    fields = ", ".join(f'("a_field_of_its_own_{i}", 2)' for i in range(40))
    wide = f'"""Wide: forty fields."""\n\nFIELDS = ({fields})\n\n\ndef start(board, options):\n    return 0, None\n'
    (root / "sensors" / "wide.py").write_text(wide + "\n\ndef read(handle):\n    return (0,) * 40\n")
    changes = {"SENSORS": {"w": {"driver": "wide"}}}
    (found,) = [it for it in looked_at(tmp_path, "feather_s2", changes, root=root) if it.level == ERROR]
    assert found.kind == "record-long"
    assert re.search(r"SENSORS make readings of 1\d\d\d bytes or more; allowed: 1024 bytes of JSON", found.text)
    (wake,) = lived("feather_s2", changes, broker, root=root)
    assert re.search(r"ValueError: record: 1\d\d\d bytes, at most 1024", wake.output) and "delivered" not in wake.output


@pytest.mark.parametrize(("begins", "ends", "good"), [(-9, -1, False), (2, 9, False), (-1, 9, True)])
def test_an_authority_whose_dates_are_wrong_is_refused_by_the_node(
    begins: int, ends: int, good: bool, mosquitto_factory: Callable[..., Any], tmp_path: Path
) -> None:
    key, ca = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("broker", "authority")]
    root = certificate(begins, ends, True, ca, names[1])
    now = dt.datetime.now(dt.timezone.utc)
    made = x509.CertificateBuilder().subject_name(names[0]).issuer_name(names[1]).public_key(key.public_key()).serial_number(8)
    made = made.not_valid_before(now - _DAY).not_valid_after(now + 9 * _DAY)
    leaf = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False).sign(ca, hashes.SHA256())
    (tmp_path / "broker.pem").write_bytes(leaf.public_bytes(Encoding.PEM))
    (tmp_path / "broker.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    broker = mosquitto_factory(f"certfile {tmp_path / 'broker.pem'}", f"keyfile {tmp_path / 'broker.key'}")
    secrets = {"CA": root.public_bytes(Encoding.DER)}
    (wake,) = lived("feather_s2", {"TLS": True}, f"localhost:{broker.port}", secrets)
    assert (("upload failed: TLSError" in wake.output), ("delivered 1" in wake.output)) == (not good, good), wake.output


def test_a_fleets_clashes_name_both_files(tmp_path: Path) -> None:
    nodes = {
        "a": {"NAME": "hen", "STATIC_IP": ("192.168.1.50/24", "192.168.1.1")},
        "b": {"NAME": "hen", "TOPIC": "yard"},
        "c": {"NAME": "cock", "TOPIC": "yard", "STATIC_IP": ("192.168.1.50/24", "192.168.1.1")},
        "d": {"BROKER": "192.168.1.50"},
    }
    (tmp_path / "nodes").mkdir()
    for name in ("src", "boards", "power", "sensors", "main.py", "config.py"):
        (tmp_path / name).symlink_to(ROOT / name)
    for name, values in nodes.items():
        (tmp_path / "nodes" / f"{name}.py").write_text("".join(f"{key} = {value!r}\n" for key, value in values.items()))
    found = checking.of_fleet([settings.load(tmp_path, node=name).node for name in nodes])
    said = {(node.name, problem.kind, problem.text) for node, problem in found}
    assert said == {
        ("b", "fleet-name", "NAME is 'hen', as in nodes/a.py"),
        ("c", "fleet-topic", "TOPIC is 'yard', as in nodes/b.py; allowed: one with {name} in it"),
        ("c", "fleet-address", "STATIC_IP has 192.168.1.50, as in nodes/a.py"),
        ("d", "fleet-broker", "BROKER is '192.168.1.50', the STATIC_IP of nodes/c.py"),
        ("d", "fleet-unnamed", "NAME is None in nodes/d.py: name it, to tell it from the others"),
    }
    mine = (it for it in checking.rules().values() if it.find.__module__.rpartition(".")[2] not in SERVICES)
    assert {problem.kind for _, problem in found} == {it.kind for it in mine if it.of == FLEET}
    assert all(
        problem.file.endswith(f"nodes/{node.name}.py") and problem.line for node, problem in found if problem.level == ERROR
    )


def test_the_document_has_every_rule() -> None:
    text = (ROOT / "docs" / "check.md").read_text("utf-8")
    table = text.partition("<!-- dormouse check: begin -->\n")[2].partition("<!-- dormouse check: end -->")[0]
    assert table == report.markdown(), "run dormouse check --write"
    assert len(table.splitlines()) == len(checking.rules()) + 2


def test_a_rule_must_be_new_and_of_a_known_level() -> None:
    make: Callable[..., Any] = checking.rule
    for kind, level in (("test-mode", WARNING), ("brand-new", "hint")):
        with pytest.raises(ValueError, match=kind):
            make(kind, level, "x", "y", NODE)
