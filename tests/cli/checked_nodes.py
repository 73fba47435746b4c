"""A node with changed settings: what `dormouse check` says of it, and how it lives when nobody asks."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

from command_line import ROOT

from dormouse import bundle, settings
from dormouse.constants import Problem
from dormouse.settings import SettingsError
from dormouse.virtual.board import VirtualBoard, Wake, World

SECRETS = {"WIFI": (("dormouse", "sleep-tight"),), "USER": None, "PASSWORD": None}
_SPEED = 8


@cache
def base(board: str | None = None) -> settings.Settings:
    """The template's settings, read once; nobody may change them."""
    return settings.load(ROOT, board=board)


def secrets_text(changes: dict[str, Any]) -> str:
    """The text of a credentials.py. changes: of SECRETS; the value ... leaves a line out."""
    return "".join(f"{name} = {value!r}\n" for name, value in {**SECRETS, **changes}.items() if value is not ...)


def looked_at(
    folder: Path, board: str, changes: dict[str, Any], secrets: dict[str, Any] | None = None, root: Path = ROOT
) -> list[Problem]:
    """All problems of the template's settings for a board with these lines changed. folder: for the files."""
    config, credentials = folder / "config.py", folder / "credentials.py"
    values = {"BOARD": board, "SENSORS": {}, "BATTERY": None, **changes}
    config.write_text(base().base.replaced({name: repr(value) for name, value in values.items()}))
    credentials.write_text(secrets_text(secrets or {}))
    try:
        read = settings.load(root, config)
    except SettingsError as error:
        return [*error.problems, *error.warnings]
    return read.warnings + settings.check_credentials(read, credentials)


def lived(
    board: str,
    changes: dict[str, Any],
    broker: str,
    secrets: dict[str, Any] | None = None,
    wakes: int = 1,
    root: Path = ROOT,
    files: dict[str, bytes] | None = None,
) -> list[Wake]:
    """Wakes of the same node on its virtual board, whatever check says of it. broker: where BROKER is not among the changes."""
    values = {"SENSORS": {}, "BATTERY": None, "BROKER": broker, "MAX_AWAKE_S": 60, **changes}
    read = copy.copy(base(board))
    read.values = {**read.values, **values}
    there = bundle.files(root, read, read.text(**values), secrets_text(secrets or {}).encode())
    with VirtualBoard(board, {**there, **(files or {})}, world=World(), speed=_SPEED) as virtual:
        virtual.world.dns.table["localhost"] = "127.0.0.1"
        return [virtual.run_wake(60) for _ in range(wakes)]
