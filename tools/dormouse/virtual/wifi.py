"""The radio of a virtual board: what the WLAN classes ask for, with each port's habits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .mesh import AccessPoint, Attempt, WifiMesh, routed
from .models import BoardModel
from .wifi_states import BAD_KEY, CODES, IDLE, JOINING, NO_AP, NO_IP, UP
from .wire import Refused
from .world import WifiWorld

_NO_ADDRESS = ["0.0.0.0", "0.0.0.0", "0.0.0.0", "0.0.0.0"]
_LEAVE_MS = 50  # until the ESP ports' drivers have ended an association under way
_DHCP_WAIT_MS = 10_000  # network_lwip.c: ifconfig("dhcp")

__all__ = ["AccessPoint", "Attempt", "Wifi", "WifiMesh"]


class Wifi:
    """The station. now_ms: the clock of its timing, in milliseconds. speed divides every modelled time."""

    def __init__(
        self, model: BoardModel, world: WifiWorld, now_ms: Callable[[], int], speed: int, kept: dict[str, Any]
    ) -> None:
        self._model = model
        self._world = world
        self._now = now_ms
        self._speed = speed
        self._radio = model.radio or model.port
        self._codes = CODES[self._radio]
        self._kept = kept  # what the ESP8266's SDK keeps in flash: ssid, key, access point, station mode
        self._ap: AccessPoint | None = None  # joined, or about to be
        self._channel = -1
        self._active = False
        self._steps: list[tuple[int, int]] = []  # (time, state) still to come
        self._state = IDLE
        self._ready = 0  # the radio's start is over
        self._ssid: str | None = None
        self._key: str | None = None
        self._bssid: bytes | None = None
        self._four: list[str] | None = None  # a static address
        self._failed = 0
        self._reason = IDLE  # of the last failure: ESP32 shows it until the next success
        self._leaving = 0  # an association under way is given up, but not yet by the driver
        self._reconnects = -1
        self._lost = False
        self._config: dict[str, Any] = {
            "txpower": 20,
            "pm": 1,
            "protocol": 7,
            "antenna": 0,
            "hidden": False,
            "security": 0,
        }
        self.flash_writes = 0
        if self._radio == "esp8266" and kept.get("station", True):
            # The SDK joins by itself at power-up, before any program runs, unless the station was switched off.
            self._active = True
            if kept.get("ssid"):
                bssid = kept.get("bssid")
                self._join(kept["ssid"], kept["key"], bytes(bssid) if bssid else None)

    def on(self) -> bool:
        """Whether the radio is on."""
        return self._active

    def _ms(self, ms: int) -> int:
        return ms // self._speed

    def connected(self) -> bool:
        """True while packets can flow."""
        self._advance()
        dead = self._world.dead if isinstance(self._world, WifiMesh) else ()
        return self._state == UP and self._address()[0] not in dead and routed(*self._address()[:3])

    def status(self) -> int:
        """What WLAN.status() gives."""
        self._advance()
        # network_wlan.c looks at the last reason before it looks at what is under way (micropython #17339).
        return self._codes[self._reason if self._reason and self._state != UP else self._state]

    def next_change(self) -> int | None:
        """When the state changes next, in the clock's milliseconds."""
        return self._steps[0][0] if self._steps else None

    def lose(self) -> None:
        """The access point goes away for the rest of this life."""
        self._lost = True
        if self._state != IDLE:
            self._plan(self._now(), None)

    def _access_points(self) -> list[AccessPoint]:
        world = self._world
        found = [AccessPoint(world.bssid, world.channel, world.rssi)] if world.ap_present else []
        return [] if self._lost else found + (world.others if isinstance(world, WifiMesh) else [])

    def _name(self, ap: AccessPoint) -> str:
        return self._world.ssid if ap.ssid is None else ap.ssid

    def _choose(self, bssid: bytes | None) -> AccessPoint | None:
        found = [ap for ap in self._access_points() if bssid in (None, ap.bssid) and self._name(ap) == self._ssid]
        if not found:
            return None
        if bssid and self._channel >= 0:
            return found[0] if found[0].channel == self._channel else None
        if self._radio in ("esp32", "nina"):
            return min(found, key=lambda ap: ap.channel)  # WIFI_FAST_SCAN: the first that it meets
        return max(found, key=lambda ap: ap.rssi)

    def _advance(self) -> None:
        while self._steps and self._steps[0][0] <= self._now():
            when, self._state = self._steps.pop(0)
            if self._state in (NO_AP, BAD_KEY):
                self._failed += 1
                if self._radio != "esp32":
                    continue
                if self._reconnects < 0 or self._failed <= self._reconnects:
                    # The port tries again by itself, and status() says "connecting" all the while.
                    self._plan(when, self._bssid)
                else:
                    self._reason = self._state
            elif self._state == UP:
                self._reason = IDLE
                if self._four is None and isinstance(self._world, WifiMesh):
                    self._world.leases += 1
                if self._world.drops_after_ms is None:
                    continue
                self._steps.append((when + self._ms(self._world.drops_after_ms), JOINING))

    def _plan(self, start: int, bssid: bytes | None) -> None:
        world, model = self._world, self._model
        self._state = JOINING
        self._ap = self._choose(bssid)
        if self._ap is None:
            self._steps = [(start + self._ms(model.scan_ms), NO_AP)]
            return
        if (self._key or "") != (world.password if self._ap.password is None else self._ap.password):
            self._steps = [(start + self._ms(model.auth_fail_ms), BAD_KEY)]
            return
        took = world.associate_ms
        if took is None:
            took = model.associate_bssid_ms if bssid else model.associate_ms
        joined = start + self._ms(took)
        self._steps = [(joined, NO_IP)]
        if self._four:
            self._steps = [(joined, UP)]
        else:
            self._lease(joined)

    def _join(self, ssid: str | None, key: str | None, bssid: bytes | None) -> None:
        self._ssid, self._key = ssid, key
        self._failed, self._bssid = 0, bssid
        if isinstance(self._world, WifiMesh):
            self._world.attempts.append(Attempt(self._now(), ssid, bssid, self._channel))
        self._plan(max(self._now(), self._ready), bssid)

    # What the board's network module calls, by name.

    def handle(self, op: str, args: dict[str, Any]) -> Any:
        """Answer a call of the board. Raises Refused for what the port refuses."""
        self._advance()
        return getattr(self, "_do_" + op)(**args)

    def _do_active(self, interface: int = 0, on: bool | None = None) -> bool | None:
        if interface:
            return False  # the access point of the board is not modelled
        if on is None:
            return self._active
        if on and not self._active:
            self._ready = self._now() + self._ms(self._model.radio_ms)
        if not on:
            self._steps, self._state = [], IDLE
            if self._radio == "nina":
                self._four = None  # the module is held in reset
        if self._radio == "esp8266" and self._kept.get("station", True) != on:
            self._kept["station"] = on
            self.flash_writes += 1
        self._active = on
        return on if self._radio == "esp32" else None

    def _do_deinit(self) -> None:
        self._do_active(on=False)
        self._four = None

    def _do_connect(self, ssid: str | None, key: str | None, bssid: list[int] | None = None, channel: int = -1) -> None:
        port = self._radio
        if not self._active:
            raise Refused("Wifi Not Started" if port == "esp32" else "Cannot connect to AP" if port == "esp8266" else 1)
        self._refuse_while_joining()
        if port == "esp8266":
            if ssid is None:
                ssid, key = self._kept.get("ssid"), self._kept.get("key")
            elif (self._kept.get("ssid"), self._kept.get("key"), self._kept.get("bssid")) != (ssid, key, bssid):
                self._kept.update(ssid=ssid, key=key, bssid=bssid)
                self.flash_writes += 1
        hint = bytes(bssid) if bssid else None
        self._channel = channel if hint else -1
        if port == "nina":
            hint = None  # connect() takes none
        if port == "cyw43" and channel < 0 and hint and any(ap.bssid == hint for ap in self._access_points()):
            hint = None  # without the channel it scans all the same
        self._join(ssid if ssid is not None else self._ssid, key if ssid is not None else self._key, hint)

    def _refuse_while_joining(self) -> None:
        # esp_wifi_set_config(), which connect() and every config(x=y) call, while the station connects.
        if self._radio == "esp32" and self._busy():
            raise Refused("Wifi Internal State Error")

    def _busy(self) -> bool:
        return self._state == JOINING or self._now() < self._leaving

    def _do_disconnect(self) -> None:
        if self._state == JOINING:
            self._leaving = self._now() + self._ms(_LEAVE_MS)
        self._steps, self._state, self._failed = [], IDLE, 0

    def _do_rssi(self) -> int:
        if self._state not in (UP, NO_IP):
            if self._radio == "esp32":
                raise Refused("Wifi Unknown Error 0x300f")  # ESP_ERR_WIFI_NOT_CONNECT
            return 31 if self._radio == "esp8266" else 0
        if self._radio == "nina":
            # It breaks the link (micropython-mqtt README).
            self._steps, self._state = [], IDLE
        return self._ap.rssi if self._ap else 0

    def _do_scan(self) -> int:
        """Milliseconds that it takes; -1: it does not happen."""
        if isinstance(self._world, WifiMesh):
            self._world.scans += 1
        if self._radio in ("esp32", "esp8266") and self._busy():
            if self._radio == "esp8266":
                raise Refused("scan failed")
            return -1  # esp_wifi_scan_start() refuses, and the port gives an empty list
        return self._ms(self._model.scan_ms)

    def _do_found(self) -> list[Any]:
        hidden = isinstance(self._world, WifiMesh) and self._world.hidden
        last = 1 if self._radio in ("cyw43", "nina") else False
        security = 5 if self._radio == "cyw43" else 3
        return [
            ["" if hidden and ap.ssid is None else self._name(ap), list(ap.bssid), ap.channel, ap.rssi, security, last]
            for ap in self._access_points()
        ]

    def _do_ifconfig(self, four: Any = None) -> list[str] | None:
        if four is None:
            return self._address()
        if four == "dhcp" and self._four and self._state == UP and self._radio != "cyw43":
            # A CYW43 keeps the old address until the new one comes, and counts as connected.
            self._state = NO_IP
            self._lease(self._now())
        self._four = None if four == "dhcp" else four
        if self._four and self._state == NO_IP:
            self._steps, self._state = [], UP
        elif self._four and self._state == JOINING and len(self._steps) > 1:
            self._steps = [(self._steps[0][0], UP)]
        return None

    def _address(self) -> list[str]:
        four = list(self._four or (self._world.address if self._state == UP else _NO_ADDRESS))
        # nina_wifi_drv.c, nina_ifconfig(): there is no command that gets the name server.
        return [*four[:3], four[2]] if self._radio == "nina" else four

    def _lease(self, start: int) -> None:
        if self._world.dhcp_answers:
            dhcp = self._model.dhcp_ms if self._world.dhcp_ms is None else self._world.dhcp_ms
            self._steps.append((start + self._ms(dhcp), UP))

    def _do_renew(self) -> tuple[bool, int]:
        """Whether the CYW43 port's ifconfig("dhcp") succeeds, and the milliseconds that it waits for it."""
        if self._state not in (UP, NO_IP) or not self._world.dhcp_answers:
            return False, self._ms(_DHCP_WAIT_MS)
        return True, self._ms(self._model.dhcp_ms if self._world.dhcp_ms is None else self._world.dhcp_ms)

    def _do_ready(self) -> int:
        """Milliseconds until the radio has started, for a port that waits for it."""
        return max(0, self._ready - self._now())

    def _do_dhcp(self) -> bool:
        return self._four is None

    def _do_config(self, get: str | None = None, put: str | None = None, to: Any = None) -> Any:
        if put is not None:
            self._refuse_while_joining()
            if put == "reconnects":
                self._reconnects = to
            self._config[put] = to
            return None
        if get == "mac":
            return [2, 0x0D, *self._model.unique_id[-4:]]
        if get in ("ssid", "essid"):
            return self._ssid or self._kept.get("ssid") or ""
        if get == "channel":
            return self._ap.channel if self._ap and self._state in (UP, NO_IP) else 1
        if get == "reconnects":
            return self._reconnects
        return self._config.get(str(get), 0)
