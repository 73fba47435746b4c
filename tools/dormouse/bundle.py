"""The files of a node: what a deploy copies to a board, and what the virtual board runs.

Only what this node needs: the modules that main.py imports, the one board's profile, the sensors and the service in
use. Compiled, except for main.py, config.py and credentials.py, which a user may want to read on the board.
"""

from __future__ import annotations

from pathlib import Path

from dormouse import mpy, names, shorten
from dormouse.errors import DormouseError
from dormouse.homeassistant import discovery
from dormouse.imports import Modules
from dormouse.project import shown
from dormouse.settings import Settings

_AS_SOURCE = ("main",)
_DEVICE = ("src", "power", "sensors", "boards")
_NEVER = ["mqtt.waiting"]  # a node has no event loop: mqtt.blocking takes its place
# Module to the setting that makes a node load it.
ONLY_WITH = {
    "mqtt.tls": "TLS",
    "node.secure": "TLS",
    "mqtt.v5": "MQTT5",
    "mqtt.properties": "MQTT5",
    "mqtt.reasons5": "MQTT5",
    "node.pin": "WAKE_PIN",
    "power.wake_esp32": "WAKE_PIN",
    "power.wake_stm32": "WAKE_PIN",
    "node.changes": "UPLOAD_IF",
    "node.lamp": "TEST_MODE",
    "power.led": "TEST_MODE",
}
# Module to the options of which a sensor must have one.
ONLY_WITH_OPTION: dict[str, tuple[str, ...]] = {
    "node.tune": ("offset", "scale", "points", "samples", "range"),
    "power.supply": ("supply",),
}


def modules(root: Path, settings: Settings) -> dict[str, Path]:
    """The device modules of a node: dotted name to source file.

    Arguments: root, the template; settings, the node's.
    Raises DormouseError when a file does not parse, or main.py imports the settings' board or drivers in vain.
    """
    drivers = [options["driver"] for options in settings["SENSORS"].values()]
    if settings["BATTERY"] is not None:
        drivers.append("battery")
    # What main.py imports by a name from config.py, no tool can follow.
    starts = [
        "main",
        f"boards.{settings['BOARD']}.profile",
        f"node.services.{settings['SERVICE']}",
        *(f"sensors.{driver}" for driver in drivers),
    ]
    found = Modules(root)
    for name in starts:
        if found.find(name) is None:
            raise DormouseError(f"no module {name} in {shown(root)}")
    try:
        options = {option for sensor in settings["SENSORS"].values() for option in sensor}
        without = _NEVER + [module for module, setting in ONLY_WITH.items() if not settings[setting]]
        without += [module for module, some in ONLY_WITH_OPTION.items() if not options.intersection(some)]
        return found.needed(starts, "sensors", without)
    except SyntaxError as error:
        raise DormouseError(f"{shown(Path(error.filename or '?'))}:{error.lineno}: {error.msg}") from error


def board_path(root: Path, source: Path) -> str:
    """Where a source file of the template is on the board: src/* is in /lib, the rest as it is here."""
    parts = source.relative_to(root).parts
    return "/" + "/".join(("lib", *parts[1:]) if parts[0] == "src" else parts)


def files(root: Path, settings: Settings, config: str, credentials: bytes | None, *, source: bool = False) -> dict[str, bytes]:
    """The node's files: path on the board to content, main.py first.

    Arguments: root, the template; settings, the node's; config and credentials, the texts of config.py and
    credentials.py (None: none is copied); source, True for .py everywhere instead of .mpy.
    Raises DormouseError when a module does not compile, or the service needs a NAME.
    """
    result: dict[str, bytes] = {}
    needed = modules(root, settings)
    everywhere = [root / "main.py", *(path for folder in _DEVICE for path in sorted((root / folder).rglob("*.py")))]
    try:
        texts = {} if source else shorten.sources(needed, everywhere)
    except SyntaxError as error:
        raise DormouseError(f"{shown(Path(error.filename or '?'))}:{error.lineno}: {error.msg}") from error
    for name, path in sorted(needed.items(), key=lambda item: (item[0] != "main", item[0])):
        target = board_path(root, path)
        if source or name in _AS_SOURCE:
            result[target] = path.read_bytes()
        else:
            # Tracebacks name the module, not its file: that name is in the board's memory already, and 25 bytes more
            # for each file are not.
            result[target[: -len(".py")] + ".mpy"] = mpy.compile_module(path, name, texts[name])
    if not source:
        result[names.PATH] = names.module(result)
    result["/config.py"] = config.encode()
    if credentials is not None:
        result["/credentials.py"] = credentials
    if settings["SERVICE"] == discovery.SERVICE:
        result[discovery.PATH] = discovery.text(root, settings)
    return result
