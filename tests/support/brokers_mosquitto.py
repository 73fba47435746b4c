"""mosquitto for the conformance suite. The other tests have theirs from the fixtures of tests/conftest.py."""

from __future__ import annotations

import os
import subprocess

from brokers_served import PASSWORD, USER, Served, Unavailable
from programs import find_program

_CONFIG = """\
listener {port} 127.0.0.1
allow_anonymous true
password_file {passwords}
persistence false
set_tcp_nodelay true
log_dest stderr
"""


class Mosquitto(Served):
    """mosquitto with its sessions in memory."""

    def prepare(self) -> None:
        self._program = find_program("mosquitto") or ""
        hasher = find_program("mosquitto_passwd")
        if not self._program or not hasher:
            raise Unavailable("mosquitto is not installed: run tools/setup test")
        passwords = self.folder / "passwords"
        passwords.write_text(f"{USER}:{PASSWORD}\n")
        subprocess.run([hasher, "-U", str(passwords)], check=True, timeout=10)
        own = "user root\n" if os.geteuid() == 0 else ""  # else it drops its rights and cannot read the file
        (self.folder / "mosquitto.conf").write_text(own + _CONFIG.format(port=self.port, passwords=passwords))

    def command(self) -> list[str]:
        return [self._program, "-c", str(self.folder / "mosquitto.conf")]
