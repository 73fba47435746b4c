"""``dormouse watch``: a live table of the nodes, or what they say line by line."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dormouse.commands._login import BROKER, CA, CERT, KEY, PASSWORD, TLS, TOPIC, USER
from dormouse.errors import UsageError
from dormouse.project import find_root
from dormouse.watching import access, broker_stats, ibm, scene, shared
from dormouse.watching.access import Access, Wanted
from dormouse.watching.client import Link
from dormouse.watching.nodes import Fleet
from dormouse.watching.sheet import Sheet
from dormouse.watching.topics import COUNTED, SERVICES, STATE, Topics
from dormouse.watching.watch import FleetModel, IbmModel, Watch

_NAMES = typer.Argument(help="Nodes to watch. Without them: all. With --ibm: TYPE/ID or app/APPID.", metavar="NAME")
_JSON = typer.Option("--json", help="A line of JSON per event instead of the table.")
_CSV = typer.Option("--csv", help="Append readings to this file too.", metavar="FILE")
_GROUP = typer.Option(help="Share the readings with every other instance of this group (MQTT 5).", metavar="NAME")
_INSTANCE = typer.Option(help="With --group and --keep: this instance's own name, the same after a restart.", metavar="NAME")
_KEEP = typer.Option(min=0, max=30 * 86400, help="With --instance: seconds that the broker keeps its session while it is away.")
_CLIENT = typer.Option(help="The MQTT client id; A:ORG:APP shares as IBM's platform does.", metavar="ID")
_IBM = typer.Option("--ibm", help="Read IBM IoT platform's monitoring messages: who is connected, why connections end.")
_STATS = typer.Option("--broker-stats", help="Show what the broker says about itself on $SYS.")
_FOR = typer.Option("--for", min=0, help="End after so many seconds. Without it: Ctrl-C.", metavar="SECONDS")
_COUNT = typer.Option(min=1, help="End after so many readings.", metavar="N")
_SCREEN = typer.Option(hidden=True, help="Write the picture of the documentation.", metavar="FILE")


def watch(
    names: Annotated[list[str] | None, _NAMES] = None,
    broker: Annotated[str | None, BROKER] = None,
    user: Annotated[str | None, USER] = None,
    password: Annotated[str | None, PASSWORD] = None,
    tls: Annotated[bool, TLS] = False,
    ca: Annotated[Path | None, CA] = None,
    cert: Annotated[Path | None, CERT] = None,
    key: Annotated[Path | None, KEY] = None,
    topic: Annotated[str | None, TOPIC] = None,
    as_json: Annotated[bool, _JSON] = False,
    csv: Annotated[Path | None, _CSV] = None,
    group: Annotated[str | None, _GROUP] = None,
    instance: Annotated[str | None, _INSTANCE] = None,
    keep: Annotated[int, _KEEP] = 0,
    client_id: Annotated[str | None, _CLIENT] = None,
    as_ibm: Annotated[bool, _IBM] = False,
    stats: Annotated[bool, _STATS] = False,
    seconds: Annotated[float | None, _FOR] = None,
    count: Annotated[int | None, _COUNT] = None,
    picture: Annotated[Path | None, _SCREEN] = None,
) -> None:
    """Watch the nodes: a live table on a terminal, lines elsewhere, until Ctrl-C.

    Last reading, battery, signal, when each was seen and is due, uploads missed and failed, readings lost. For example:
    dormouse watch kitchen --csv kitchen.csv
    """
    if picture is not None:
        try:
            picture.parent.mkdir(parents=True, exist_ok=True)
            picture.write_text(scene.svg(), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"--picture: cannot write {picture}: {(error.strerror or str(error)).lower()}") from error
        return
    session = shared.plan(group, instance, keep, client_id)
    chosen = tuple(names or ())
    if as_ibm and csv is not None:
        raise UsageError("--csv is for readings, of which --ibm has none")
    if as_ibm and group is not None:
        raise UsageError("--ibm and --group: a shared subscription brings nothing retained, which is how states are known")
    wanted = Wanted(broker, user, password, tls, ca, cert, key, topic)
    found = access.find(find_root(), wanted, chosen[0] if len(chosen) == 1 else None)
    on_screen = sys.stdout.isatty() and not as_json
    if as_ibm:
        _quickstart(client_id, chosen, found)
        filters = [[session.filter(text) for text in texts] for texts in ibm.filters(chosen)]
        model: FleetModel | IbmModel = IbmModel(ibm.Monitor(chosen), f"IBM monitoring at {found.where}")
    else:
        model, filters = _nodes(found, chosen, session, as_json, topic is not None)
    if stats:
        filters.append([broker_stats.FILTER])
    with ExitStack() as stack:
        sheet = stack.enter_context(Sheet(csv)) if csv else None
        link = stack.enter_context(Link(found, filters, session))
        run = Watch(
            link, model, None if on_screen else _print, as_json, Console() if on_screen else None, sheet,
            broker_stats.BrokerStats() if stats else None,
        )  # fmt: skip
        if not on_screen:
            print(f"watching {found.where}; Ctrl-C ends it.", file=sys.stderr, flush=True)
        try:
            run.run(seconds, count)
        except KeyboardInterrupt:
            pass
        finally:
            _sum(run, model)


def _nodes(
    found: Access, names: tuple[str, ...], session: shared.Session, as_json: bool, told: bool
) -> tuple[FleetModel, list[list[str]]]:
    if found.service not in SERVICES and not told:
        raise UsageError(
            f"SERVICE is {found.service!r}, which publishes on topics of its own; this reads {' and '.join(SERVICES)} "
            "(--topic reads them anyway; --ibm reads IBM's monitoring messages)"
        )
    topics = Topics(found.topic, found.name or (names[0] if len(names) == 1 else None), found.user)
    chosen = (found.name or names[0],) if len(names) == 1 else names
    # In a group a reading goes to one of the instances. What nodes are doing every table has to know; lines, only once.
    counted = topics.filters((*COUNTED, *STATE) if as_json or not session.group else COUNTED, chosen)
    filters = [[session.filter(text) for text in texts] for texts in counted]
    if session.group and not as_json:
        filters += topics.filters(STATE, chosen)
    title = f"{topics.template} at {found.where}" + (f", a share of group {session.group}" if session.group else "")
    return FleetModel(Fleet(topics, chosen), title, session.shares), filters


def _quickstart(client_id: str | None, names: tuple[str, ...], found: Access) -> None:
    # IBM's page, "Quickstart restrictions".
    if client_id is not None and client_id.split(":")[1:2] == ["quickstart"]:
        if not names:
            raise UsageError("quickstart allows no + in its topics: name the devices, TYPE/ID")
        if found.tls is not None:
            raise UsageError("quickstart has no TLS")


def _print(text: str) -> None:
    print(text, flush=True)


def _sum(run: Watch, model: FleetModel | IbmModel) -> None:
    if isinstance(model, FleetModel):
        fleet = model.fleet
        heard = sum(node.seen is not None for node in fleet.nodes.values())
        text = f"{fleet.readings} readings of {heard} nodes, {fleet.twice} came twice"
        text += "" if model.shared else f", {fleet.gaps} lost"
    else:
        text = f"{model.count()} messages of {len(model.monitor.clients)} clients"
    if run.draws:
        text += f"; {run.draws} tables, the slowest in {run.slowest_s * 1000:.0f} ms"
        text += f", news shown within {run.slowest_news_s * 1000:.0f} ms"
    print(text + ".", file=sys.stderr)
