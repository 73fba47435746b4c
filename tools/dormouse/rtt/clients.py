"""The clients that are measured: Dormouse's two, and peers out of the user's own checkouts."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from dormouse.errors import DormouseError, UsageError
from dormouse.rtt import programs
from dormouse.virtual.interpreter import NoInterpreter, command


@dataclass(frozen=True)
class Client:
    """A client and its program. name: as the table calls it; path: where its modules lie; stand_ins: it imports a board's."""

    name: str
    program: str
    path: Path
    stand_ins: bool = False

    def command(self, folder: Path, host: str, port: int) -> tuple[list[str], dict[str, str]]:
        """The command and the environment that run its program once. folder: an empty one, for the program's files."""
        script = folder / "measured.py"
        script.write_text(self.program, encoding="utf-8")
        if self.stand_ins:
            for name, text in programs.STAND_INS.items():
                (folder / name).write_text(text, encoding="utf-8")
        environment = {**os.environ, "MICROPYPATH": os.pathsep.join(map(str, (folder, self.path, ".frozen")))}
        return [*interpreter(), str(script), host, str(port)], environment


@dataclass(frozen=True)
class _Peer:
    program: str
    modules: tuple[str, ...]  # one of them marks the folder that the interpreter looks in
    version: str  # a pattern
    version_files: tuple[str, ...]  # beside the module or above it
    source: str


_PEERS = {
    "mqtt_as": _Peer(
        programs.MQTT_AS,
        ("mqtt_as/__init__.py", "mqtt_as.py"),
        r"^VERSION = \((\d+), (\d+), (\d+)\)",
        ("__init__.py", "mqtt_as.py"),
        "a checkout of micropython-mqtt",
    ),
    "umqtt": _Peer(
        programs.UMQTT,
        ("umqtt/simple.py",),
        r"version=\"(\d+)\.(\d+)\.(\d+)\"",
        ("../manifest.py",),
        "a checkout of micropython-lib",
    ),
}
PEERS = tuple(_PEERS)


def interpreter() -> list[str]:
    """The command that starts MicroPython. Raises DormouseError without one."""
    try:
        return command()
    except NoInterpreter as error:
        raise DormouseError(str(error)) from error


def own(root: Path) -> list[Client]:
    """Dormouse's clients, from their sources in the template."""
    path = root / "src"
    return [Client("Dormouse, burst", programs.BURST, path), Client("Dormouse, always-on", programs.ALWAYS_ON, path)]


def peer(text: str) -> Client:
    """A peer as the user names it, NAME=PATH. Raises UsageError when it is unknown, or its module is not below PATH."""
    name, equals, where = text.partition("=")
    if name not in _PEERS or not equals:
        raise UsageError(f"--peer {text!r}: give NAME=PATH, with one of the names {', '.join(PEERS)}")
    known = _PEERS[name]
    folder = Path(where).expanduser()
    module = _find(folder, known.modules)
    if module is None:
        problem = "no such folder" if not folder.is_dir() else f"no {' or '.join(known.modules)} in it"
        raise UsageError(f"--peer {name}: {where}: {problem} ({known.source} has one)")
    marker = next(marker for marker in known.modules if module.as_posix().endswith(marker))
    path = module.parents[marker.count("/")].resolve()
    return Client(name + _version(module, known), known.program, path, stand_ins=True)


def _find(folder: Path, modules: tuple[str, ...]) -> Path | None:
    """The first of the modules, the one nearest to the top of the folder; the folder may be the package itself."""
    inside = [folder.parent / module for module in modules if module.startswith(f"{folder.resolve().name}/")]
    found = [path for path in inside if path.is_file()]
    for module in modules:
        found += sorted(folder.glob(f"**/{module}"), key=lambda path: (len(path.parts), path))
    return found[0] if found else None


def _version(module: Path, known: _Peer) -> str:
    for name in known.version_files:
        file = module.parent / name
        found = re.search(known.version, file.read_text(encoding="utf-8"), re.MULTILINE) if file.is_file() else None
        if found:
            return " " + ".".join(found.groups())
    return ""
