"""RabbitMQ with its MQTT plugin, from Debian's packages, as this user and with an epmd of its own."""

from __future__ import annotations

from pathlib import Path

from brokers import unused_port
from brokers_served import PASSWORD, USER, Served, Unavailable
from programs import find_program

_CONFIG = """\
listeners.tcp = none
mqtt.listeners.tcp.1 = 127.0.0.1:{port}
mqtt.allow_anonymous = true
mqtt.default_user = {user}
mqtt.default_pass = {password}
default_user = {user}
default_pass = {password}
log.console = true
log.console.level = warning
log.file = false
"""
_RUN = '"$EPMD" -port "$ERL_EPMD_PORT" -address 127.0.0.1 & exec "$SERVER"'


class Rabbitmq(Served):
    """rabbitmq-server; anonymous clients are its default user, which is USER."""

    start_s = 60.0

    def prepare(self) -> None:
        # Debian's rabbitmq-server on the path only runs as root or as its own user.
        self._server = next(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"), None)
        self._epmd = find_program("epmd") or ""
        if not self._server or not self._epmd:
            raise Unavailable("rabbitmq-server is not installed: run tools/setup brokers")
        self._epmd_port, self._dist_port = unused_port(), unused_port()
        (self.folder / "rabbitmq.conf").write_text(_CONFIG.format(port=self.port, user=USER, password=PASSWORD))
        (self.folder / "plugins").write_text("[rabbitmq_mqtt].\n")

    def command(self) -> list[str]:
        return ["/bin/sh", "-c", _RUN]

    def environment(self) -> dict[str, str]:
        return {
            "SERVER": str(self._server),
            "EPMD": self._epmd,
            "HOME": str(self.folder),  # Erlang writes its cookie there
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_ALLOW_INPUT": "yes",  # else a shell script stays between, which ends it slowly
            "RABBITMQ_NODENAME": f"dormouse{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(self._dist_port),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-noinput -kernel inet_dist_use_interface {127,0,0,1}",
        }
