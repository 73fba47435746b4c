"""`dormouse new` tries the broker before it writes: by options, by answers, and once on a real terminal."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import environment
from new_node import files, run, template, uncompiled
from test_new_trial import Authority, served

from brokers import Mosquitto, unused_port
from dormouse import constants, settings

WIFI = ("--ssid", "home", "--wifi-password", "12345678")
USER = ("--user", "garden", "--password", "right")
Factory = Callable[..., Mosquitto]


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "template"
    folder.mkdir()
    monkeypatch.chdir(template(folder))
    uncompiled(monkeypatch)
    return folder


def test_by_options_a_failure_writes_nothing(root: Path, mosquitto_factory: Factory) -> None:
    there = mosquitto_factory(users={"garden": "right"})
    broker = ("--broker", there.url)
    done = run("x", "--yes", *WIFI, *broker)
    assert done.status == 1 and f"{there.url} wants a user and a password; nothing was written" in done.err
    done = run("x", "--yes", *WIFI, *broker, "--user", "garden", "--password", "wrong")
    assert done.status == 1 and "wrong user or password; nothing was written (--no-try: do not connect)" in done.err
    assert files(root) == {}
    done = run("x", "--yes", *WIFI, *broker, *USER)
    assert done.status == 0 and f"connected to {there.url} as garden" in done.out
    assert f'BROKER = "{there.url}"' in files(root)["nodes/x.py"]
    # A second node: credentials.py is there and is what it is tried with.
    done = run("y", "--yes", *broker)
    assert done.status == 0 and "as garden" in done.out and "user garden" in done.out


def test_by_answers_a_failure_is_a_question(root: Path, mosquitto_factory: Factory) -> None:
    there, nobody = mosquitto_factory(users={"garden": "right"}), unused_port()
    rest = ("--board", "feather_s2", *WIFI, "--every", "15min", "--sensor", "none", "--battery", "none")
    # Nobody there; again: the right one, with a wrong password; again: the right one.
    answers = f"127.0.0.1:{nobody}\nn\n\nagain\n{there.url}\nn\ngarden\nwrong\n\n\nn\ngarden\nright\n"
    done = run("x", *rest, answers=answers)
    assert done.status == 0, done.out + done.err
    told = [
        f"127.0.0.1:{nobody} refuses: ",
        "refuses user 'garden': wrong user or password",
        f"connected to {there.url} as garden",
    ]
    places = [done.out.index(text) for text in told]
    assert places == sorted(places)
    assert constants.read(root / "credentials.py", "").constants["PASSWORD"].value == "right"
    before = files(root)
    refused = ("--broker", f"127.0.0.1:{nobody}", "--no-tls")
    done = run("y", *rest[:2], *rest[6:], *refused, answers="perhaps\nno\n")
    assert done.status == 1 and "'perhaps'; allowed: yes, no, again" in done.out and "nothing was written" in done.err
    assert files(root) == before
    done = run("y", *rest[:2], *rest[6:], *refused, answers="yes\n")
    assert done.status == 0 and "nodes/y.py" in files(root)


def test_tls_with_an_authority(root: Path, mosquitto_factory: Factory, tmp_path: Path) -> None:
    ours, other = Authority(tmp_path), Authority(tmp_path, "other")
    there = mosquitto_factory(*served(ours.sign("broker")))
    broker = ("--broker", there.url, "--tls")
    done = run("x", "--yes", *WIFI, *broker, "--ca", str(other.path))
    assert done.status == 1 and "is not of this CA" in done.err and files(root) == {}
    done = run("x", "--yes", *WIFI, "--broker", there.url)
    assert done.status == 1 and "speaks TLS only: it needs --tls" in done.err and files(root) == {}
    done = run("x", "--yes", *WIFI, *broker, "--ca", str(ours.path))
    assert done.status == 0 and "certificate in order" in done.out, done.err
    assert (root / "ca.der").read_bytes()[:1] == b"\x30"  # DER
    assert constants.read(root / "credentials.py", "").constants["CA"].value == "ca.der"
    read = settings.load(root, node="x")
    assert [it for it in settings.check_credentials(read, root / "credentials.py") if "CA" in it.text] == []
    # What is there is not overwritten unasked, and is enough for the next node.
    (root / "credentials.py").unlink()
    done = run("y", "--yes", "--no-try", *WIFI, *broker, "--ca", str(other.path))
    assert done.status == 1 and "ca.der: there already; nothing was written" in done.err
    done = run("y", "--yes", *WIFI, *broker, "--ca", "ca.der")
    assert done.status == 0 and "certificate in order" in done.out
    # An ESP8266 checks no certificate: neither a CA nor its check.
    done = run("z", "--yes", "--no-try", "--force", *WIFI, *broker, "--board", "esp8266", "--ca", "ca.der")
    assert done.status == 2 and "--ca is for TLS (--tls) on a board that checks certificates" in done.err


class Terminal:
    """`dormouse new WORDS...` on a terminal of its own."""

    def __init__(self, *words: str) -> None:
        import fcntl
        import pty
        import termios

        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dormouse", "new", *words],
            stdin=slave, stdout=slave, stderr=slave, env=environment(TERM="xterm"), start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
        )  # fmt: skip
        os.close(slave)
        self.screen = ""

    def answer(self, question: str, text: str) -> None:
        """Wait for a question, then type."""
        self._until(question)
        os.write(self._master, text.encode() + b"\n")

    def end(self) -> int:
        """Wait for its end."""
        self._until(None)
        os.close(self._master)
        return self._process.wait(20)

    def _until(self, question: str | None) -> None:
        # What comes after a question must not be taken for the next: each is looked for in what is new.
        seen, end = len(self.screen), time.monotonic() + 30
        while question is None or question not in self.screen[seen:]:
            if not select.select([self._master], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"no {question!r} in: {self.screen}")
            data = b""
            with contextlib.suppress(OSError):  # EIO: it has ended
                data = os.read(self._master, 10000)
            if not data:
                assert question is None, self.screen
                return
            self.screen += data.decode(errors="replace")


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are POSIX's")
def test_on_a_real_terminal(root: Path, mosquitto_factory: Factory) -> None:
    there = mosquitto_factory(users={"garden": "right"})
    terminal = Terminal("attic", "--every", "15min")
    # Unseen input: what is typed before the last space of the question is lost.
    for question, text in (
        ("Board [feather_s2]", "d1_mini"), ("Wi-Fi network", "home"), ("(Enter: none): ", "12345678"),
        ("once more: ", "12345678"),
        ("MQTT broker", there.url), ("TLS?", "n"), ("Broker's user", "garden"), ("not shown: ", "wrong"),
        ("Keep them?", "y"), ("Battery: ", "2xaa"), ("mAh", "2500"), ("Write it all the same?", "again"),
        ("MQTT broker", there.url), ("TLS?", ""), ("Broker's user", ""), ("as it is): ", "right"),
    ):  # fmt: skip
        terminal.answer(question, text)
    assert terminal.end() == 0, terminal.screen
    assert "12345678" not in terminal.screen and "right" not in terminal.screen
    assert f"trying {there.url}" in terminal.screen and f"connected to {there.url} as garden" in terminal.screen
    assert set(files(root)) == {"nodes/attic.py", "credentials.py"}


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are POSIX's")
def test_ctrl_c_on_a_real_terminal_leaves_nothing(root: Path) -> None:
    terminal = Terminal("attic")
    terminal.answer("Board [feather_s2]", "\x03")
    assert terminal.end() in (130, -signal.SIGINT)
    assert "Traceback" not in terminal.screen
    assert files(root) == {}
