"""`dormouse deploy --all`: every node of nodes/ to its board, whichever boards are connected, one after the other.

A board says which node it is: /dormouse.json, which the first deploy by name left there. So no list of boards is kept on the
PC, and one cable that goes from board to board does as well as a hub.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from serial.tools import list_ports

from dormouse import serial_ports
from dormouse.deploying import found as founds
from dormouse.deploying import job as jobs
from dormouse.deploying import plan
from dormouse.deploying.job import Job
from dormouse.deploying.link import Link, NoAnswer
from dormouse.deploying.reach import is_there
from dormouse.deploying.screen import Screen
from dormouse.errors import DormouseError
from dormouse.report import duration

_PAUSE_S = 0.3
_WHERE = 'print(os.getcwd().rstrip("/"))'


def deploy(
    fleet: Sequence[Job],
    port: str | None,
    wait_s: float,
    screen: Screen,
    dry_run: bool,
    may_knock: Callable[[], bool] = lambda: True,
) -> None:
    """Deploy to each board that comes within reach.

    Arguments: fleet, the nodes; port, the only port to look at, None for all that its boards may have; wait_s, seconds to wait
    for the next board; may_knock, asked again and again, see reach.reach().
    Raises DormouseError at the end: nodes whose board did not come, or failed.
    """
    left = {str(job.name): job for job in fleet}
    failed: dict[str, str] = {}
    seen: dict[str, str] = {}  # a port and its serial number to what became of it
    end = _wait(screen, left, wait_s)
    while left and time.monotonic() < end:
        ports = _ports(list(left.values()), port)
        for gone in set(seen) - set(ports):
            if not gone.partition(" ")[2]:  # a chip's own USB goes with every sleep, and is known by its number
                del seen[gone]
        fresh = [key for key in ports if key not in seen] if may_knock() else []
        for key in fresh:
            name = _visit(key.partition(" ")[0], left, failed, screen, dry_run)
            if name is None:
                continue
            seen[key] = name
            if name in left:
                del left[name]
                end = _wait(screen, left, wait_s)
        time.sleep(_PAUSE_S)
    wrong = [f"{name}: {why}" for name, why in failed.items()]
    if left:
        wrong.append(f"not reached: {', '.join(sorted(left))} (a board that no deploy has named yet: dormouse deploy NAME)")
    if wrong:
        raise DormouseError("; ".join(wrong))


def _wait(screen: Screen, left: dict[str, Job], wait_s: float) -> float:
    if left:
        names = ", ".join(sorted(left))
        within = duration(round(wait_s))
        screen.line(f"the next board of {names}: plug it in or press its button within {within}; Ctrl-C ends it")
    return time.monotonic() + wait_s


def _visit(port: str, left: dict[str, Job], failed: dict[str, str], screen: Screen, dry_run: bool) -> str | None:
    """Ask a board who it is, and deploy. Returns the node's name, "" for a board that is none of these, None: no answer."""
    try:
        link = Link(port)
    except NoAnswer:
        return None
    try:
        root = link.run(_WHERE).strip()
        names = link.run(f"print(os.listdir({root!r} or '/'))")
        manifest = link.read(root + founds.MANIFEST) if repr(founds.MANIFEST[1:]) in names else None
    except DormouseError:
        link.abandon()
        return None
    except BaseException:
        link.abandon()
        raise
    name = plan.node_of(manifest)
    if name not in left:
        screen.line(f"{port}: {name or 'a board that no deploy has named'}: not one of those; left as it is")
        link.restart()
        return ""
    screen.line(f"{name}:")
    try:
        jobs.run(link, left[name], screen, dry_run)
    except DormouseError as error:
        failed[name] = str(error)
        screen.line(f"  failed: {error}")
    return name


def _ports(fleet: Sequence[Job], port: str | None) -> list[str]:
    """Ports to look at: "device serial-number", the number only where it is the chip's own."""
    if port is not None:
        return [f"{port} "] if is_there(port) else []
    devices = {device for job in fleet for device in serial_ports.candidates(job.board)}
    native = any(job.board["usb"] == "native" for job in fleet)
    numbers = {it.device: it.serial_number or "" for it in list_ports.comports() if native and serial_ports.is_native(it.vid)}
    return sorted(f"{device} {numbers.get(device, '')}" for device in devices)
