"""Installing the client with MicroPython's own `mip`, and a program that has nothing but what was installed.

Oracle: the interpreter's frozen mip (micropython-lib), the real mosquitto.
"""

from __future__ import annotations

import functools
import http.server
import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from clientkit import ROOT

from brokers import Mosquitto
from dormouse.virtual import interpreter
from dormouse.virtual.board import VirtualBoard
from dormouse.virtual.world import WifiWorld
from programs import find_micropython, find_program

PROGRAM = """
import asyncio
import sys
from mqtt import MQTTClient
from mqtt.burst import exchange
from mqtt_as import config

PORT = int(sys.argv[1])

async def main():
    client = MQTTClient({"client_id": "mip", "server": "127.0.0.1", "port": PORT, "queue_len": 4})
    await client.connect(quick=True)
    await client.subscribe("mip/a", 1)
    await client.publish("mip/a", "hello", qos=1)
    async for message in client.queue:
        print(message)
        break
    await client.disconnect()
    print(await exchange("127.0.0.1", "mip2", PORT, publish=(("mip/a", "b", False, 1, 0, False),), clean=True))
    for name in sys.argv[2:]:
        __import__(name)
    assert config["keepalive"] == 60

asyncio.run(main())
"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def index() -> Iterator[str]:
    """The repository over HTTP, as a package host serves it."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(ROOT)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_a_program_runs_from_what_mip_installed(index: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    micropython = find_micropython()
    if micropython is None:
        pytest.skip("no MicroPython interpreter: install the project, or set $MICROPYTHON")
    target = tmp_path / "lib"
    mip = [micropython, "-m", "mip", "install", "--target", str(target), f"{index}/package.json"]
    done = subprocess.run(mip, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "Done" in done.stdout, done.stdout + done.stderr
    listed = [name for name, _ in json.loads((ROOT / "package.json").read_text())["urls"]]
    assert sorted(path.relative_to(target).as_posix() for path in target.rglob("*.py")) == sorted(listed)

    (tmp_path / "program.py").write_text(PROGRAM)
    modules = [name[:-3].replace("/__init__", "").replace("/", ".") for name in listed]
    ran = subprocess.run(
        [micropython, "program.py", str(mosquitto.port), *modules],
        cwd=tmp_path,
        env={**os.environ, "MICROPYPATH": f"{target}{os.pathsep}.frozen"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.splitlines() == ["(b'mip/a', b'hello', False)", "(False, b'', 0, True)"]


def test_mpremote_installs_it_on_a_board_as_the_manual_says(mosquitto: Mosquitto, tmp_path: Path) -> None:
    # Oracle: the real mpremote. The board is the virtual one: its serial port, file system, Wi-Fi and heap.
    mpremote = find_program("mpremote")
    if mpremote is None:
        pytest.skip("mpremote is not installed")
    try:
        interpreter.command()
    except interpreter.NoInterpreter as missing:
        pytest.skip(str(missing))
    settings = (ROOT / "examples" / "broker_settings.py").read_text()
    for old, new in {
        "192.168.1.10": mosquitto.host,
        '"port": 0': f'"port": {mosquitto.port}',
        "my network": WifiWorld().ssid,
        "my password": WifiWorld().password,
    }.items():
        assert settings.count(old) == 1, old
        settings = settings.replace(old, new)
    (tmp_path / "broker_settings.py").write_text(settings)
    board = VirtualBoard("feather_s2", {"main.py": b"import time\nwhile True:\n    time.sleep(0.05)\n"}, serial=True)
    living = threading.Thread(target=board.run_wake, args=(60,), daemon=True)
    living.start()
    words = re.search(r"`mpremote (mip install \S+)`", (ROOT / "docs" / "mqtt.md").read_text())
    assert words is not None
    try:

        def run(*arguments: str) -> str:
            command = [mpremote, "connect", str(board.serial_path), *arguments]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        assert "Done" in run(*words[1].split())
        run("cp", str(tmp_path / "broker_settings.py"), ":")
        assert "examples/hello Good morning False" in run("run", "examples/hello.py")
        run("reset")
        living.join(30)
    finally:
        board.close()
