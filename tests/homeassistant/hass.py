"""Home Assistant as its users run it, without the first steps that a person clicks through: users and the MQTT integration are
put where it keeps them (DIR/.storage), and it is asked over its REST API (developers.home-assistant.io, REST API).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from brokers import unused_port

_START_S, _STOP_S, _WAIT_S = 240.0, 30.0, 30.0
_NO_PORT = "Failed to create HTTP server"
_NOW = "2024-01-01T00:00:00+00:00"
_CONFIGURATION = """\
homeassistant:
  name: Test
  unit_system: metric
  time_zone: UTC
http:
  server_host: 127.0.0.1
  server_port: {port}
api:
logger:
  default: warning
"""


class HomeAssistant:
    """One Home Assistant in a folder of its own, connected to a broker. Arguments: folder; hass, the program; broker_port.

    log(): all that it has logged, warnings and worse.
    """

    def __init__(self, folder: Path, hass: str, broker_port: int) -> None:
        self.folder, self._hass, self.port = folder, hass, 0
        self._process: subprocess.Popen[bytes] | None = None
        self._token_id, self._key = secrets.token_hex(16), secrets.token_hex(64)
        self.logged = ""
        (folder / ".storage").mkdir(parents=True)
        self._store("auth", self._users())
        self._store("core.config_entries", {"entries": [_mqtt(broker_port)]})
        self._store("onboarding", {"done": ["user", "core_config", "analytics", "integration"]}, 4)

    def start(self) -> HomeAssistant:
        """Start it (again) and return when it runs."""
        end = time.monotonic() + _START_S
        while time.monotonic() < end:
            # It takes the port some ten seconds later only: others may have it by then.
            self.port = unused_port()
            (self.folder / "configuration.yaml").write_text(_CONFIGURATION.format(port=self.port))
            with (self.folder / "output").open("ab") as output:
                self._process = subprocess.Popen([self._hass, "-c", str(self.folder)], stdout=output, stderr=output)
            while time.monotonic() < end and self._process.poll() is None and _NO_PORT not in self._file():
                try:
                    if self.get("config")["state"] == "RUNNING":
                        return self
                except OSError:
                    pass
                time.sleep(0.5)
            taken = _NO_PORT in self._file()
            self.stop()
            if not taken:
                break
            self.logged = ""
        raise RuntimeError(f"Home Assistant does not run:\n{(self.folder / 'output').read_text(errors='replace')[-3000:]}")

    def stop(self) -> None:
        """End it as a user's system does; what it remembers is on the disk then."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
            self.logged += self._file()

    def log(self) -> str:
        """What it has logged in all its lives."""
        return self.logged + (self._file() if self._process else "")

    def _file(self) -> str:
        path = self.folder / "home-assistant.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def get(self, path: str, body: object = None) -> Any:
        """Ask the API. Arguments: path, below /api/; body, for a POST. Raises OSError (urllib.error.HTTPError)."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._token()}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/api/{path}", data, headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read().decode()
        return json.loads(text) if answer.headers.get_content_type() == "application/json" else text

    def call(self, service: str, **data: object) -> None:
        """Call a service: call("number.set_value", entity_id=..., value=300)."""
        self.get(f"services/{service.replace('.', '/')}", data)

    def template(self, text: str) -> str:
        """What a template comes to."""
        return str(self.get("template", {"template": text}))

    def states(self) -> dict[str, dict[str, Any]]:
        """Every entity with its state and attributes."""
        return {state["entity_id"]: state for state in self.get("states")}

    def state(self, entity: str) -> str | None:
        """An entity's state, None when there is no such entity."""
        try:
            return str(self.get(f"states/{entity}")["state"])
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            return None

    def until(self, true: Callable[[], bool], seconds: float = _WAIT_S) -> None:
        """Wait for something; an AssertionError when it does not come."""
        end = time.monotonic() + seconds
        while not true():
            shown = {entity: state["state"] for entity, state in self.states().items()}
            assert time.monotonic() < end, f"not within {seconds} s: {shown}\n{self.log()}"
            time.sleep(0.1)

    def _store(self, name: str, data: object, version: int = 1) -> None:
        text = json.dumps({"version": version, "minor_version": 1, "key": name, "data": data})
        (self.folder / ".storage" / name).write_text(text)

    def _users(self) -> dict[str, Any]:
        user = {
            "id": secrets.token_hex(16), "group_ids": ["system-admin"], "is_owner": True, "is_active": True, "name": "test",
            "system_generated": False, "local_only": False,
        }  # fmt: skip
        token = {
            "id": self._token_id, "user_id": user["id"], "client_id": None, "client_name": "test", "client_icon": None,
            "token_type": "long_lived_access_token", "created_at": _NOW, "access_token_expiration": 315360000.0,
            "token": secrets.token_hex(64), "jwt_key": self._key, "last_used_at": None, "last_used_ip": None,
            "expire_at": None, "credential_id": None, "version": "2024.3.3",
        }  # fmt: skip
        groups = [{"id": f"system-{name}", "name": name} for name in ("admin", "users", "read-only")]
        return {"users": [user], "groups": groups, "credentials": [], "refresh_tokens": [token]}

    def _token(self) -> str:
        """A long-lived access token, as homeassistant/auth makes it: a JSON web token (RFC 7519), HS256."""
        now = int(time.time())
        claims = {"iss": self._token_id, "iat": now, "exp": now + 3600}
        head = ".".join(_base64(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
        return f"{head}.{_base64(hmac.digest(self._key.encode(), head.encode(), hashlib.sha256))}"


def program() -> str | None:
    """The Home Assistant that run_ha.py installed."""
    return os.environ.get("HASS")


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _mqtt(port: int) -> dict[str, Any]:
    return {
        "entry_id": secrets.token_hex(16), "version": 1, "minor_version": 1, "domain": "mqtt", "title": "broker",
        "data": {"broker": "127.0.0.1", "port": port, "discovery": True, "discovery_prefix": "homeassistant"}, "options": {},
        "pref_disable_new_entities": False, "pref_disable_polling": False, "source": "user", "unique_id": None,
        "disabled_by": None,
    }  # fmt: skip
