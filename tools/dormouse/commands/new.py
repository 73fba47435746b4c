"""``dormouse new``: a node's file, from questions or options, tried before it is written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dormouse.errors import UsageError
from dormouse.newnode import final, parts, saving, secret, sensing, trying, words
from dormouse.newnode.ask import Asker
from dormouse.newnode.draft import Draft
from dormouse.newnode.parts import Given
from dormouse.newnode.secret import Secrets
from dormouse.project import find_root, shown
from dormouse.upgrading import shipped

_FLEET = (
    "config.py is as it came. It is what all your nodes have in common; nodes/NAME.py has only the lines in which one\n"
    "differs, and the commands take NAME. What all of them need, such as BROKER, is best written into config.py."
)

_NAME = typer.Argument(help="The node's name: a-z 0-9 -, at most 32. It is in its topics.", metavar="NAME")
_BOARD = typer.Option(help="Its board: a folder of boards/.", metavar="BOARD")
_SSID = typer.Option(help="Wi-Fi network (2.4 GHz).", metavar="NAME")
_WIFI = typer.Option(help="Its password; '' for none.", envvar="DORMOUSE_WIFI_PASSWORD", metavar="TEXT")
_BROKER = typer.Option(help="MQTT broker.", metavar="HOST[:PORT]")
_TLS = typer.Option("--tls/--no-tls", help="Encrypt; the broker's port is 8883 then.")
_CA = typer.Option(help="With TLS: the certificate of the broker's authority, PEM or DER.", metavar="FILE")
_USER = typer.Option(help="User at the broker.", metavar="NAME")
_PASSWORD = typer.Option(help="The user's password.", envvar="DORMOUSE_PASSWORD", metavar="TEXT")
_EVERY = typer.Option(help="From one wake to the next: 90s, 15min, 2h.", metavar="TIME")
_SENSOR = typer.Option(
    help="A sensor, such as air=sht4x or bed=soil,pin=6,dry_mv=2400,wet_mv=1100; none for no sensor. Repeatable.",
    metavar="NAME=DRIVER[,...]",
)
_AREA = typer.Option(help="Its room, shown in Home Assistant.", metavar="TEXT")
_BATTERY = typer.Option(help="Its type, such as lipo or 2xaa; none: on mains.", metavar="TYPE")
_MAH = typer.Option(help="The battery's capacity, mAh.", metavar="MAH")
_YES = typer.Option("--yes", "-y", help="Ask nothing: options, and config.py's values for the rest.")
_FORCE = typer.Option("--force", help="Make a node that is there, and credentials.py, anew, after showing what changes.")
_NO_TRY = typer.Option("--no-try", help="Do not connect to the broker.")


def new(
    name: Annotated[str, _NAME],
    board: Annotated[str | None, _BOARD] = None,
    ssid: Annotated[str | None, _SSID] = None,
    wifi_password: Annotated[str | None, _WIFI] = None,
    broker: Annotated[str | None, _BROKER] = None,
    tls: Annotated[bool | None, _TLS] = None,
    ca: Annotated[Path | None, _CA] = None,
    user: Annotated[str | None, _USER] = None,
    password: Annotated[str | None, _PASSWORD] = None,
    every: Annotated[str | None, _EVERY] = None,
    sensor: Annotated[list[str] | None, _SENSOR] = None,
    area: Annotated[str | None, _AREA] = None,
    battery: Annotated[str | None, _BATTERY] = None,
    mah: Annotated[str | None, _MAH] = None,
    yes: Annotated[bool, _YES] = False,
    force: Annotated[bool, _FORCE] = False,
    no_try: Annotated[bool, _NO_TRY] = False,
) -> None:
    """Make a node: ask for what it needs, try the broker, write nodes/NAME.py and credentials.py.

    Each answer is checked as `dormouse check` does it. Nothing is written before all is in order, and nothing that is there
    is overwritten unasked. For example: dormouse new greenhouse --board esp8266 --sensor air=sht4x
    """
    root = find_root()
    console = Console(highlight=False, soft_wrap=True)
    ask = Asker(yes, console)
    path = _path(root, name, force)
    draft, secrets = Draft(root, name, path.exists()), secret.read(root)
    renew = force or not secrets.there
    given = Given(board, ssid, wifi_password, broker, tls, ca, user, password, every, tuple(sensor or ()), area, battery, mah)
    if not renew:
        _keep(secrets, given, ask)
    if draft.untouched():
        ask.note(_FLEET)
    try:
        parts.board(draft, given, ask)
        if renew:
            parts.network(draft, secrets, given, ask)
        parts.broker(draft, secrets, given, ask, renew)
        parts.interval(draft, given, ask)
        sensing.sensors(draft, given.sensors, ask)
        parts.area(draft, given, ask)
        parts.battery(draft, given, ask)
    except ValueError as error:  # of a value that no question stands for
        raise UsageError(str(error)) from None
    for text in draft.settle():
        ask.note(text)
    unwise = final.look(draft, secrets, renew)
    if not no_try:
        trying.until_it_answers(draft, secrets, ask, renew, console)
        unwise = final.look(draft, secrets, renew)
    for text in unwise:
        ask.note(f"warning: {text}", "yellow")
    shipped.note(root)
    saving.save(path, draft, secrets, renew, force, ask, console)
    saving.told(path, draft, secrets, renew, console)


def _path(root: Path, name: str, force: bool) -> Path:
    try:
        words.node_name(root, name)
    except ValueError as error:
        raise UsageError(str(error)) from None
    path = root / "nodes" / f"{name}.py"
    if path.exists() and not force:
        raise UsageError(f"{shown(path)} is there already: another NAME, or --force to make it anew")
    if where := words.taken(root, name):
        raise UsageError(f"{where}: another node has NAME {name!r}")
    return path


def _keep(secrets: Secrets, given: Given, ask: Asker) -> None:
    """credentials.py stays as it is; options that say otherwise are a mistake."""
    of = {"--ssid": given.ssid, "--wifi-password": given.wifi_password, "--user": given.user, "--password": given.password}
    of["--ca"] = None if given.ca is None else str(given.ca)
    if unlike := secret.unlike(secrets, of):
        more = f"leave {unlike[0]} out; or --force, which makes it anew"
        raise UsageError(f"{shown(secrets.path)} is there, says otherwise and is for all nodes: {more}")
    user = secrets.values.get("USER") or "none"
    names = ", ".join(str(pair[0]) for pair in secrets.values["WIFI"] or ())
    ask.note(f"{shown(secrets.path)} stays as it is: Wi-Fi {names or 'none'}; the broker's user {user}. --force: anew.")
