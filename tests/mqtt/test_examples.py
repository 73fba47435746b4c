"""Every example, word for word, against mosquitto, with stand-ins for the board's `network` and `machine`.

Oracle: paho as the other end; the examples' own docstrings.
"""

from __future__ import annotations

import ast
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from clientkit import ROOT, SCRIPTS, Program, both, command
from paho.mqtt.enums import CallbackAPIVersion

from brokers import Mosquitto

EXAMPLES = ROOT / "examples"


class Example(Program):
    """An example in a folder of its own, its settings edited as a user edits them."""

    def __init__(
        self, interpreter: str, folder: Path, name: str, port: int, board: bool = True, code: str = "", **settings: object
    ) -> None:
        text = (EXAMPLES / "broker_settings.py").read_text()
        edits = {
            '"192.168.1.10"': f'"{settings.pop("server", "127.0.0.1")}"',
            '"port": 0': f'"port": {port}',
            "EVERY_S = 5": "EVERY_S = 0.1",
        }
        edits.update({f"{key} = None": f"{key} = {value!r}" for key, value in settings.items()})
        for old, new in edits.items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        files = {"broker_settings.py": text}
        if board:
            files |= {path.name: path.read_text() for path in (SCRIPTS / "board").glob("*.py")}
        super().__init__(interpreter, folder, code or (EXAMPLES / name).read_text(), files=files)

    def interrupt(self) -> str:
        """Press Ctrl-C; return the output, which must show nothing worse."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(10)
        self._thread.join(5)
        assert self.lines[-1].startswith("KeyboardInterrupt"), self.output
        return self.output


class Link:
    """A network between client and broker that can be cut: neither is told, nobody gets through until it is mended."""

    def __init__(self, port: int) -> None:
        self._broker = port
        self._ends: list[socket.socket] = []
        self._listener = self._listen(0)
        self.port = self._listener.getsockname()[1]

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port), reuse_port=False)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            broker = socket.create_connection(("127.0.0.1", self._broker))
            self._ends += [client, broker]
            for a, b in ((client, broker), (broker, client)):
                threading.Thread(target=self._forward, args=(a, b), daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(4096):
                target.sendall(data)
        except OSError:
            pass
        self._close(source, target)

    @staticmethod
    def _close(*ends: socket.socket) -> None:
        for end in ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()

    def cut(self) -> None:
        self._close(self._listener, *self._ends)
        self._ends.clear()

    def mend(self) -> None:
        self._listener = self._listen(self.port)


@pytest.fixture
def link(mosquitto: Mosquitto) -> Iterator[Link]:
    """A link to the test's broker."""
    link = Link(mosquitto.port)
    yield link
    link.cut()


@pytest.fixture
def other(mosquitto: Mosquitto) -> Iterator[paho.Client]:
    """Another client of the broker; `user_data_get()` is the list of (topic, payload) that it has received below examples/."""
    client = paho.Client(CallbackAPIVersion.VERSION2, userdata=[])
    client.on_message = lambda _client, seen, message: seen.append((message.topic, message.payload.decode()))
    client.connect(mosquitto.host, mosquitto.port)
    client.loop_start()
    subscribed = threading.Event()
    client.on_subscribe = lambda *_: subscribed.set()
    client.subscribe("examples/#", 1)
    assert subscribed.wait(5)
    yield client
    client.disconnect()
    client.loop_stop()


def send(client: paho.Client, payload: str, topic: str = "examples/in") -> None:
    """Publish with QoS 1; return once the broker has it."""
    client.publish(topic, payload, 1).wait_for_publish(5)


@pytest.mark.parametrize("board", [True, False], ids=["board", "pc"])
@both
def test_hello(interpreter: str, board: bool, mosquitto: Mosquitto, tmp_path: Path) -> None:
    output = Example(interpreter, tmp_path, "hello.py", mosquitto.port, board).finish()
    lines = [line for line in output.splitlines() if not line.startswith("radio")]
    assert lines == ["examples/hello Good morning False"]
    assert output.splitlines()[-1] == "radio off" or not board


def test_hello_is_started_as_its_docstring_says(mosquitto: Mosquitto, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    (tmp_path / "src").symlink_to(ROOT / "src")
    settings = tmp_path / "examples" / "broker_settings.py"
    text = settings.read_text().replace("192.168.1.10", mosquitto.host).replace('"port": 0', f'"port": {mosquitto.port}')
    settings.write_text(text)
    docstring = ast.get_docstring(ast.parse((EXAMPLES / "hello.py").read_text())) or ""
    lines = [line.removeprefix("PC:").strip() for line in docstring.splitlines() if line.endswith("examples/hello.py")][1:]
    assert len(lines) == 2
    for line, interpreter in zip(lines, ("micropython", "cpython")):
        argv, _ = command(interpreter)
        environment = {**os.environ, "PATH": f"{Path(argv[0]).parent}{os.pathsep}{os.environ['PATH']}"}
        environment.pop("PYTHONPATH", None)
        done = subprocess.run(line, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=30)
        assert done.stdout == "examples/hello Good morning False\n", done.stderr


@both
def test_clean_session_loses_what_came_during_the_outage(
    interpreter: str, link: Link, other: paho.Client, tmp_path: Path
) -> None:
    example = Example(interpreter, tmp_path, "clean_session.py", link.port, board=False)
    example.wait_line("published 2")
    send(other, "before")
    example.wait_line("message: examples/in before")
    link.cut()
    example.wait_line("disconnected")
    send(other, "meanwhile")
    link.mend()
    example.wait_line("connected", 15, count=3)  # "disconnected" is one of them
    published = len([line for line in example.lines if line.startswith("published")])
    example.wait_line("published", 5, count=published + 2)
    send(other, "after")
    example.wait_line("message: examples/in after")
    assert "meanwhile" not in example.interrupt()
    counted = [int(payload) for topic, payload in other.user_data_get() if topic == "examples/out"]
    assert sorted(set(counted)) == list(range(max(counted) + 1))  # nothing of its own is lost


@both
def test_unclean_session_gets_what_came_during_the_outage(
    interpreter: str, link: Link, other: paho.Client, tmp_path: Path
) -> None:
    example = Example(interpreter, tmp_path, "unclean_session.py", link.port, board=False)
    example.wait_line("connected, session present: False")
    example.wait_line("published 2")
    link.cut()
    for n in range(3):
        send(other, f"meanwhile {n}")
    link.mend()
    example.wait_line("connected, session present: True", 15)
    example.wait_line("message: examples/in meanwhile 2")
    send(other, "after")
    example.wait_line("message: examples/in after")
    output = example.interrupt()
    messages = [line for line in output.splitlines() if line.startswith("message")]
    assert messages == [f"message: examples/in {text}" for text in ("meanwhile 0", "meanwhile 1", "meanwhile 2", "after")]


def test_range_test_through_a_wifi_outage(mosquitto: Mosquitto, other: paho.Client, tmp_path: Path) -> None:
    # About 8 s: the client looks at the interface once a second, and watches a link made anew for 5 s.
    example = Example("micropython", tmp_path, "range_test.py", mosquitto.port, LED_PIN=13)
    example.wait_line("published 0")
    (tmp_path / "outage").touch()
    example.wait_line("disconnected")
    (tmp_path / "outage").unlink()
    example.wait_line("connected", 20, count=3)
    example.wait_line("outages: 1")
    output = example.interrupt()
    assert [line for line in output.splitlines() if line.startswith("led")][:3] == ["led 13 0", "led 13 1", "led 13 0"]
    assert output.count("rssi: -57 free: ") > 1
    heard = [payload for topic, payload in other.user_data_get() if topic == "examples/range"]
    assert heard[0].startswith("0 outages: 0 again: 0 rssi: -57") and any("outages: 1" in payload for payload in heard)
    assert "gone" in heard  # the will


@both
def test_range_test_leaves_the_signal_alone_on_the_nano_rp2040(interpreter: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    # Oracle: mqtt_as's README, 1.7: reading RSSI breaks the link there.
    code = (EXAMPLES / "range_test.py").read_text()
    machine = 'getattr(sys.implementation, "_machine", "")'
    assert code.count(machine) == 1
    nano = code.replace(machine, '"Arduino Nano RP2040 Connect with RP2040"')
    example = Example(interpreter, tmp_path, "range_test.py", mosquitto.port, code=nano)
    example.wait_line("published 1", 10)
    output = example.interrupt()
    assert "rssi: None" in output and "rssi: -57" not in output  # the stand-in tells -57 when asked


def test_the_sleeper_is_25_lines_and_takes_commands_sent_while_it_slept(
    mosquitto: Mosquitto, other: paho.Client, tmp_path: Path
) -> None:
    tree = ast.parse((EXAMPLES / "sleeper.py").read_text())
    lines = (EXAMPLES / "sleeper.py").read_text().splitlines()[tree.body[0].end_lineno :]
    assert len([line for line in lines if line]) <= 25

    first = Example("micropython", tmp_path, "sleeper.py", mosquitto.port).finish()
    assert first.splitlines()[-2:] == ["radio off", "deepsleep 900000"] and "failed" not in first
    send(other, "water the roses", "examples/sleeper/set")
    second = Example("micropython", tmp_path, "sleeper.py", mosquitto.port).finish()
    assert "command: water the roses" in second and second.endswith("deepsleep 900000")
    assert len([topic for topic, _ in other.user_data_get() if topic == "examples/sleeper/uptime_ms"]) == 2


def test_the_sleeper_sleeps_again_without_a_broker(tmp_path: Path) -> None:
    output = Example("micropython", tmp_path, "sleeper.py", 1).finish()
    assert "failed:" in output and output.endswith("radio off\ndeepsleep 900000")


@both
def test_tls_client(interpreter: str, mosquitto_factory: Callable[..., Mosquitto], tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"]
    made += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate]
    subprocess.run([openssl, *made], check=True, capture_output=True, timeout=30)
    der = ["x509", "-in", certificate, "-outform", "DER", "-out", tmp_path / "ca.der"]
    subprocess.run([openssl, *der], check=True, timeout=30)
    broker = mosquitto_factory(f"cafile {certificate}", f"certfile {certificate}", f"keyfile {key}")
    output = Example(interpreter, tmp_path, "tls_client.py", broker.port, board=False, server="localhost").finish()
    assert output == "examples/tls in private"
    wrong = Example(interpreter, tmp_path, "tls_client.py", broker.port, board=False)  # 127.0.0.1 is not in the certificate
    assert wrong.process.wait(10) != 0


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_each_example_says_what_it_shows_and_how_to_run_it(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text())) or ""
    assert docstring.splitlines()[0].endswith(".")
    if path.name != "broker_settings.py":
        assert "Board" in docstring and "PC" in docstring
        assert f'"{path.name}"' in Path(__file__).read_text()  # and it is run above
