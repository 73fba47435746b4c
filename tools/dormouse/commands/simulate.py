"""``dormouse simulate``: the node on a virtual board, publishing to a real broker."""

from __future__ import annotations

import json
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from dormouse import bundle, settings
from dormouse.broker import EmbeddedBroker
from dormouse.checking import report as checks
from dormouse.constants import ConstantsFile
from dormouse.errors import DormouseError, UsageError
from dormouse.project import find_root
from dormouse.report import Report, command_name
from dormouse.settings import Settings
from dormouse.simulation import Access, Options, Simulation, Topics, need_interpreter
from dormouse.virtual.world import World

_DEFAULT_PORT = 1883
_CREDENTIALS = "WIFI = (({ssid!r}, {password!r}),)\nUSER = None\nPASSWORD = None\n"

_BOARD = typer.Option(help="Board to be, instead of config.py's: a folder of boards/.", metavar="NAME")
_BROKER = typer.Option(help="Broker to publish to. Without it one is started for this run.", metavar="HOST[:PORT]")
_WAKES = typer.Option(min=1, max=1_000_000, help="How many wakes to run.")
_CONFIG = typer.Option(help="Settings to use instead of config.py.", metavar="FILE")
_NAME = typer.Argument(help="The node: nodes/NAME.py over config.py. Without it: config.py alone.", metavar="NAME")
_NODE = typer.Option(help="As NAME.", metavar="NAME", hidden=True)
_STATE = typer.Option(
    help="Keep the board's flash and retained memory in this folder between runs. Without it: a new board.", metavar="DIR"
)
_HEAP = typer.Option(help="Heap of the firmware, such as 48K; the virtual board's own shims are added.", metavar="SIZE")
_TRACE = typer.Option(help="Write phases and wakes to this file, as JSON lines.", metavar="FILE")
_SPEED = typer.Option(min=1, max=1000, help="Divide modelled times and awake budgets by this.")
_REALTIME = typer.Option("--realtime", help="Sleep for as long as the node asks for, instead of skipping it.")
_SOURCE = typer.Option("--source", help="Run the .py files instead of the compiled ones that a deploy ships.")
_SEND = typer.Option(help="Send the node this command while it sleeps after its first wake. Repeatable.", metavar="JSON")
_CREDS = typer.Option(help="Use this credentials.py; the virtual access point takes its first network.", metavar="FILE")


def simulate(
    name: Annotated[str | None, _NAME] = None,
    board: Annotated[str | None, _BOARD] = None,
    broker: Annotated[str | None, _BROKER] = None,
    wakes: Annotated[int, _WAKES] = 3,
    config: Annotated[Path | None, _CONFIG] = None,
    node: Annotated[str | None, _NODE] = None,
    state: Annotated[Path | None, _STATE] = None,
    heap: Annotated[str | None, _HEAP] = None,
    trace: Annotated[Path | None, _TRACE] = None,
    speed: Annotated[int, _SPEED] = 1,
    realtime: Annotated[bool, _REALTIME] = False,
    source: Annotated[bool, _SOURCE] = False,
    send: Annotated[list[str] | None, _SEND] = None,
    credentials: Annotated[Path | None, _CREDS] = None,
) -> None:
    """Run the node on a virtual board and print what a subscriber receives.

    The real main.py, compiled as a deploy ships it, runs on the real MicroPython interpreter and publishes to a real
    broker. Exit status 0: every wake published (or, by UPLOAD_EVERY, kept its reading) and put itself to sleep. For example:
    dormouse simulate greenhouse --wakes 4
    """
    root = find_root()
    read = settings.load(root, config, name or node, board)
    warned = read.warnings
    sends = [_command(text) for text in send or ()]
    world = World()
    if credentials is not None:
        warned = warned + settings.refuse(settings.check_credentials(read, credentials))
    checks.warn(warned)
    secrets = _secrets(credentials, world)
    report = Report()
    need_interpreter()
    with ExitStack() as stack:
        access = _access(broker, secrets, root, world) or _embedded(stack, bool(sends), wakes)
        server = f"{access.host}:{access.port}"
        simulation = Simulation(
            root=root,
            settings=read,
            files=bundle.files(root, read, read.text(BROKER=server), secrets.source.encode(), source=source),
            access=access,
            world=world,
            options=Options(wakes, sends, state, heap, trace, speed, realtime),
            report=report,
            user=_text(secrets, "USER"),
        )
        good = simulation.run()
    bad = sum(outcome not in ("published", "kept", "slept_on") for outcome in simulation.outcomes)
    if not good:
        report.end(_verdict(bad, wakes), good=False)
        raise typer.Exit(1)
    report.end(f"{wakes} wake{'s' if wakes > 1 else ''}: every one did its work and put itself to sleep.", good=True)
    _next_steps(report, root, read)


def _verdict(bad: int, wakes: int) -> str:
    if not bad:
        return f"None of {wakes} wakes published."
    return f"{bad} of {wakes} wakes did not publish, or did not put the node to sleep."


def _next_steps(report: Report, root: Path, read: Settings) -> None:
    name = command_name()
    base = read["TOPIC"].replace("{name}", "+").replace("{user}", "+")
    topic = Topics(base, Topics.of(root, read, b"").own)["#"]
    report.gap()
    report.fact("next", f"change {read.base.file} (sensors, WAKE_EVERY_S) and run it again: {name} simulate")
    report.fact("", f"your own broker: {name} simulate --broker HOST, and mosquitto_sub -h HOST -v -t '{topic}'")
    report.fact("", f"another board, less memory, a trace: {name} simulate --help; a real board: README.md")


def _command(text: str) -> str:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise UsageError(f"--send {text!r} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise UsageError(f'--send {text!r} is not a JSON object, such as {{"id": 1, "wake_every_s": 600}}')
    return text


def _secrets(path: Path | None, world: World) -> ConstantsFile:
    """The node's credentials.py; the access point of the virtual world is made to fit."""
    if path is None:
        wifi = world.wifi
        return ConstantsFile("credentials.py", _CREDENTIALS.format(ssid=wifi.ssid, password=wifi.password))
    found = settings.load_credentials(path)
    wifi = found.constants.get("WIFI")
    try:
        world.wifi.ssid, world.wifi.password = wifi.value[0]  # type: ignore[union-attr,index]
    except (AttributeError, TypeError, ValueError, IndexError, KeyError) as error:
        line = wifi.line if wifi else 1
        text = 'WIFI must be like (("your network", "its password"),)'
        raise DormouseError(f"{found.file}:{line}: {text}") from error
    return found


def _access(broker: str | None, secrets: ConstantsFile, root: Path, world: World) -> Access | None:
    if broker is None:
        return None
    row = next(row for row in settings.load_schema(root).SETTINGS if row[0] == "BROKER")
    problem = settings.load_schema(root).problem(row, broker)
    if problem:
        raise UsageError(f"--broker {problem}")
    host, _, port = broker.partition(":")
    try:
        # The virtual board has no name server of its own: it is told what this computer knows.
        world.dns.table[host] = socket.gethostbyname(host)
    except OSError as error:
        raise DormouseError(f"--broker: no address for {host}: {error.strerror or error}") from error
    user, password = _text(secrets, "USER"), _text(secrets, "PASSWORD")
    return Access(host, int(port or _DEFAULT_PORT), "somebody's broker", user, password)


def _text(secrets: ConstantsFile, name: str) -> str | None:
    value = secrets.constants[name].value if name in secrets.constants else None
    return value if isinstance(value, str) else None


def _embedded(stack: ExitStack, sends: bool, wakes: int) -> Access:
    if sends and wakes < 2:
        raise UsageError("--send needs --wakes 2 or more: the command is applied by the wake after it is sent")
    started = stack.enter_context(EmbeddedBroker())
    return Access(
        started.host, started.port, f"{started.name}, started for this run,", keeps_for_sleepers=started.keeps_for_sleepers
    )
