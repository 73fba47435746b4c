"""aedes, a broker on Node.js, from tests/support/aedes."""

from __future__ import annotations

import subprocess
from pathlib import Path

from brokers_served import PASSWORD, USER, Served, Unavailable
from programs import find_program

_FOLDER = Path(__file__).with_name("aedes")
_OLDEST_NODE = 20  # aedes 1.2.0's package.json, engines


class Aedes(Served):
    """aedes with its store in memory."""

    def prepare(self) -> None:
        self._node = find_program("node") or ""
        if not self._node or not (_FOLDER / "node_modules" / "aedes").is_dir():
            raise Unavailable("aedes is not installed: run tools/setup brokers")
        done = subprocess.run([self._node, "--version"], capture_output=True, text=True, check=True, timeout=10)
        if int(done.stdout.lstrip("v").split(".")[0]) < _OLDEST_NODE:
            raise Unavailable(f"aedes needs Node.js {_OLDEST_NODE}, here is {done.stdout.strip()}")

    def command(self) -> list[str]:
        return [self._node, str(_FOLDER / "serve.mjs"), str(self.port), USER, PASSWORD]
