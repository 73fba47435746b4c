"""Fixtures for every test: the MicroPython interpreter, free ports, and mosquitto started by the test itself."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import ticks
from brokers import Mosquitto, unused_port
from programs import find_micropython, find_program

ticks.install()


@pytest.fixture(scope="session")
def micropython() -> str:
    """Path of the MicroPython interpreter."""
    found = find_micropython()
    if found is None:
        pytest.skip("no MicroPython interpreter: install the project, or set $MICROPYTHON")
    return found


@pytest.fixture
def free_port() -> int:
    """A TCP port that nobody listens on."""
    return unused_port()


@pytest.fixture
def mosquitto_factory(tmp_path: Path) -> Iterator[Callable[..., Mosquitto]]:
    """Make and start brokers: mosquitto_factory("max_inflight_messages 1", users={"node": "secret"}, acl="...").

    The lines go into mosquitto.conf after the listener's own, so that cafile, certfile... belong to it.
    users and acl (the text of an acl_file) switch anonymous clients off.
    """
    program = find_program("mosquitto")
    if program is None:
        pytest.skip("mosquitto is not installed")
    started: list[Mosquitto] = []

    def make(*lines: str, users: dict[str, str] | None = None, acl: str | None = None) -> Mosquitto:
        folder = tmp_path / f"mosquitto{len(started)}"
        folder.mkdir()
        extra = list(lines)
        if users is not None:
            passwords = folder / "passwords"
            passwords.write_text("".join(f"{user}:{password}\n" for user, password in users.items()))
            hasher = find_program("mosquitto_passwd")
            assert hasher is not None
            subprocess.run([hasher, "-U", str(passwords)], check=True, timeout=10)
            extra.append(f"password_file {passwords}")
        if acl is not None:
            (folder / "acl").write_text(acl)
            extra.append(f"acl_file {folder / 'acl'}")
        broker = Mosquitto(program, folder, tuple(extra), anonymous=users is None and acl is None)
        started.append(broker)
        return broker.start()

    yield make
    for broker in started:
        broker.stop()


@pytest.fixture
def mosquitto(mosquitto_factory: Callable[..., Mosquitto]) -> Mosquitto:
    """A running mosquitto that lets anybody in."""
    return mosquitto_factory()
