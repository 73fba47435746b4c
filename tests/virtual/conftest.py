"""Boards that are not there, for the tests of them."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dormouse.virtual import interpreter
from dormouse.virtual.board import VirtualBoard

BOARDS = ("feather_s2", "esp8266", "pyboard_d")


@pytest.fixture(params=BOARDS)
def board(request: pytest.FixtureRequest) -> str:
    """Each board's name in turn."""
    return str(request.param)


@pytest.fixture
def make() -> Iterator[Callable[..., VirtualBoard]]:
    """Makes a board from the text of its main.py, with the arguments of VirtualBoard; all are closed at the end."""
    try:
        interpreter.command()
    except interpreter.NoInterpreter as missing:
        pytest.skip(str(missing))
    made: list[VirtualBoard] = []

    def one(name: str, main: str, **options: Any) -> VirtualBoard:
        files = {"main.py": textwrap.dedent(main).encode(), **options.pop("files", {})}
        made.append(VirtualBoard(name, files, **options))
        return made[-1]

    yield one
    for each in made:
        each.close()
