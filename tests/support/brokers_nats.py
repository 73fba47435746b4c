"""nats-server with JetStream, which its MQTT needs."""

from __future__ import annotations

from brokers import unused_port
from brokers_served import PASSWORD, USER, Served, Unavailable
from programs import find_program

# Clients that give no user belong to `anyone`. 2.x tests the user before it looks for no_auth_user.
_CONFIG = """\
server_name: test
listen: "127.0.0.1:{nats}"
jetstream {{ store_dir: "{store}" }}
accounts {{
  nodes {{ jetstream: enabled, users: [{{user: anyone, password: anyone}}, {{user: {user}, password: {password}}}] }}
}}
mqtt {{ listen: "127.0.0.1:{mqtt}", no_auth_user: anyone }}
"""


class Nats(Served):
    """nats-server, its streams in the test's folder: they survive stop()."""

    def prepare(self) -> None:
        self._program = find_program("nats-server") or ""
        if not self._program:
            raise Unavailable("nats-server is not installed: run tools/setup brokers")
        names = {"nats": unused_port(), "mqtt": self.port, "store": self.folder / "store", "user": USER, "password": PASSWORD}
        (self.folder / "nats.conf").write_text(_CONFIG.format(**names))

    def command(self) -> list[str]:
        return [self._program, "--config", str(self.folder / "nats.conf")]
