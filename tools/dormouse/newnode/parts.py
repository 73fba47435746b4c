"""The questions of `dormouse new` on board, network, broker, interval and battery; sensors: dormouse.newnode.sensing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dormouse import boards as facts
from dormouse import settings
from dormouse.battery import cells
from dormouse.errors import UsageError
from dormouse.newnode import secret, wifi, words
from dormouse.newnode.ask import Asker
from dormouse.newnode.draft import Draft
from dormouse.newnode.secret import Secrets

_TLS_PORT = "8883"
_NONE = "none"
_CHECKS_NOTHING = ("esp8266",)  # axTLS: micropython docs/esp8266/general.rst
_STRETCH_PERCENT, _STOP_PERCENT = 10, 2  # of the charge left: where config.py's own volts are, for a lipo
_STEP_MV = 50


@dataclass(frozen=True)
class Given:
    """What the options say; None: nothing, so that it is asked."""

    board: str | None = None
    ssid: str | None = None
    wifi_password: str | None = None
    broker: str | None = None
    tls: bool | None = None
    ca: Path | None = None
    user: str | None = None
    password: str | None = None
    every: str | None = None
    sensors: tuple[str, ...] = ()
    area: str | None = None
    battery: str | None = None
    mah: str | None = None


def board(draft: Draft, given: Given, ask: Asker) -> None:
    """BOARD; sensors that it has not are left out."""
    shown = [at for at, head in enumerate(facts.HEAD) if head in ("board", "what", "asleep", "batteries")]
    if given.board is None:
        rows = [[facts.row(known)[at] for at in shown] for known in facts.every(draft.root)]
        ask.table([facts.HEAD[at] for at in shown], rows)
    ask.value("--board", given.board, "Board", lambda text: draft.put("BOARD", text), draft["BOARD"])
    why = facts.read(draft.root, draft["BOARD"]).get("not_for_batteries")
    if why:
        ask.note(f"{draft['BOARD']} is not for batteries: {why}", "yellow")
    if unfit := draft.unfit():
        draft.changes["SENSORS"] = {name: options for name, options in draft["SENSORS"].items() if name not in unfit}
        for name, text in unfit.items():
            ask.note(f"without config.py's sensor {name!r}: it {text}")
    for text in draft.settle():
        ask.note(text)


def network(draft: Draft, secrets: Secrets, given: Given, ask: Asker) -> None:
    """Wi-Fi's name and password."""
    ask.note("Wi-Fi: 2.4 GHz. It cannot be tried from this PC: the board is the first to join it.")
    known = (secrets.values.get("WIFI") or ((None, None),))[0]
    default = known[0]
    if given.ssid is None and default is None:
        default = wifi.ssid()
        if default is not None:
            ask.note(f"This PC is in {default!r}.")
    others, rough = secrets.values.get("WIFI"), draft.rough()

    def put(name: str, key: str) -> tuple[str, str]:
        secrets.put(rough, WIFI=secret.networks((name, key), others))
        return name, key

    name = ask.value("--ssid", given.ssid, "Wi-Fi network", lambda text: put(text, "")[0], default)
    # Enter at an unseen question may be a slip, --yes is none: so only a question takes it for "no password".
    empty = known[1] if known[0] == name else None
    default = empty if ask.yes or empty else ""
    question = f"Its password, not shown (Enter: {'as it is' if empty else 'none'})"
    ask.value("--wifi-password", given.wifi_password, question, lambda text: put(name, text), default, hidden=True, twice=True)


def broker(draft: Draft, secrets: Secrets, given: Given, ask: Asker, renew: bool) -> None:
    """BROKER and TLS; with renew the user, the password and the CA too, which are in credentials.py."""
    question = "MQTT broker, host or host:port"
    address = ask.value("--broker", given.broker, question, lambda text: draft.put("BROKER", text), draft["BROKER"])
    usual = draft["TLS"] or address.endswith(f":{_TLS_PORT}")
    draft.put("TLS", given.tls if given.tls is not None else ask.sure("TLS?", usual, "--tls or --no-tls"))
    if draft["TLS"] and not checks(draft):
        ask.note(f"{draft['BOARD']} encrypts and checks no certificate (docs/tls.md)", "yellow")
    if not renew:
        return
    secrets.ca = None
    if draft["TLS"] and checks(draft):
        _authority(draft, secrets, given, ask)
    elif given.ca is not None:
        raise UsageError("--ca is for TLS (--tls) on a board that checks certificates")
    known = secrets.values.get("USER")
    user = ask.value("--user", given.user, "Broker's user (Enter: none)" if not known else "Broker's user", str, known or "")
    password = None
    if user:
        kept = secrets.values.get("PASSWORD") if user == known else None
        question = "Its password, not shown" + (" (Enter: as it is)" if kept else "")
        password = ask.value("--password", given.password, question, _some, kept, hidden=True)
    elif given.password is not None:
        raise UsageError("--password without --user")
    secrets.put(draft.rough(), USER=user or None, PASSWORD=password)


def checks(draft: Draft) -> bool:
    """Whether the board checks certificates."""
    return facts.read(draft.root, draft["BOARD"])["port"] not in _CHECKS_NOTHING


def _authority(draft: Draft, secrets: Secrets, given: Given, ask: Asker) -> None:
    known = secrets.values.get("CA")

    def put(text: str) -> None:
        secrets.ca = secret.authority(Path(text).expanduser()) if text and text != known else None
        secrets.put(draft.rough(), CA=secret.CA_FILE if secrets.ca else known)

    question = "CA, the authority's certificate: a file, PEM or DER (Enter: none)"
    ask.value("--ca", None if given.ca is None else str(given.ca), question, put, known or "")


def _some(text: str) -> str:
    if not text:
        raise ValueError("a user has a password; allowed: at least one character")
    return text


def interval(draft: Draft, given: Given, ask: Asker) -> None:
    """WAKE_EVERY_S."""
    default = words.time(draft["WAKE_EVERY_S"])

    def put(text: str) -> Any:
        return draft.put("WAKE_EVERY_S", words.seconds(text))

    ask.value("--every", given.every, "Wake every (90s, 15min, 2h)", put, default)


def area(draft: Draft, given: Given, ask: Asker) -> None:
    """AREA: asked where Home Assistant shows it."""
    if given.area is None and draft["SERVICE"] != "homeassistant":
        return

    def put(text: str) -> Any:
        return draft.put("AREA", text or None)

    ask.value("--area", given.area, "Its room in Home Assistant (Enter: none)", put, draft["AREA"] or "")


def battery(draft: Draft, given: Given, ask: Asker) -> None:
    """BATTERY: type and capacity; below which volts it wakes less is what the type suggests."""
    rows = {row[0]: row for row in settings.load_schema(draft.root).SETTINGS}
    kinds = (*rows["BATTERY.type"][6], _NONE)
    before = draft["BATTERY"] or {}
    default = before.get("type", _NONE)
    if facts.read(draft.root, draft["BOARD"]).get("not_for_batteries"):
        default = _NONE

    def kind(text: str) -> dict[str, Any] | None:
        if text == _NONE:
            return None
        return _block(draft.root, before, text) if text in kinds else draft.put("BATTERY", {**before, "type": text})

    if given.mah is not None and given.battery == _NONE:
        raise UsageError("--mah without a battery")
    block = ask.value("--battery", given.battery, f"Battery: {', '.join(kinds)}", kind, default)
    if block is None:
        draft.put("BATTERY", None)
        return

    def capacity(text: str) -> Any:
        return draft.put("BATTERY", {**block, "mah": int(text) if text.strip().isdigit() else text})

    ask.value("--mah", given.mah, "Its capacity, mAh", capacity, str(block["mah"]))


def _block(root: Path, before: dict[str, Any], kind: str) -> dict[str, Any]:
    """BATTERY for a type of battery; config.py's own, when it is of that type."""
    if before.get("type") == kind:
        return before
    volts = {"stretch_below_v": _volts(root, kind, _STRETCH_PERCENT), "stop_below_v": _volts(root, kind, _STOP_PERCENT)}
    block = {"type": kind, "mah": before.get("mah", 1000), **volts}
    return {**block, **({"want_months": before["want_months"]} if "want_months" in before else {})}


def _volts(root: Path, kind: str, percent: int) -> float:
    """The voltage at which so much charge is left, by the node's own curve."""
    steps = (mv / 1000 for mv in range(1000, 6000, _STEP_MV))
    return next(volts for volts in steps if cells.left(root, kind, volts) >= percent / 100)
