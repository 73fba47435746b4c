"""The program that docs/tls.md begins with runs as it stands, and the commands there make what it needs."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from clientkit import ROOT, SCRIPTS, Program, both

from brokers import Mosquitto
from programs import find_program

_BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", (ROOT / "docs" / "tls.md").read_text(), re.MULTILINE | re.DOTALL)


@both
def test_the_manuals_first_program_runs_with_certificates_made_as_it_says(
    interpreter: str, mosquitto_factory: Callable[..., Mosquitto], tmp_path: Path
) -> None:
    assert find_program("openssl")
    convert, make = (text for kind, text in _BLOCKS if not kind)
    commands = make + "\n".join(line for line in convert.splitlines() if line.startswith("openssl"))
    subprocess.run(["sh", "-e", "-c", commands.replace("192.168.1.10", "127.0.0.1")], cwd=tmp_path, check=True, timeout=20)
    broker = mosquitto_factory(f"certfile {tmp_path / 'broker.pem'}", f"keyfile {tmp_path / 'broker.key'}")
    kind, program = _BLOCKS[0]
    assert kind == "python"
    # No name server knows the broker of the manual, and no board is here to join its network.
    program = program.replace('"broker.example",', f'"127.0.0.1", "port": {broker.port},')
    program = program.replace("client.connect()", "client.connect(quick=True)")  # without 5 s of waiting for a steady Wi-Fi
    files = {"network.py": (SCRIPTS / "fake_network.py").read_text()}
    Program(interpreter, tmp_path, program, files=files).finish()
    assert "'greeting'" in broker.log()
