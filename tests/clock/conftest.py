"""The fixtures of the clock's tests; what they are made of is in timekit.py."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from timekit import Chrony, Reply, TimeServer

from programs import find_program

sys.path.append(str(Path(__file__).resolve().parents[1] / "wakes"))

from nodes import listener, make_node

__all__ = ["listener", "make_node"]


@pytest.fixture
def chrony(tmp_path: Path) -> Iterator[Callable[..., Chrony]]:
    """chrony("local stratum 8") starts chronyd; the lines are more of its configuration."""
    program = find_program("chronyd")
    if program is None:
        pytest.skip("chronyd is not installed")
    started: list[Chrony] = []

    def start(*lines: str) -> Chrony:
        folder = tmp_path / f"chrony{len(started)}"
        folder.mkdir(mode=0o750)
        started.append(Chrony(program, folder, *lines))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def time_server() -> Iterator[Callable[[Reply], TimeServer]]:
    """time_server(reply) starts a scripted server."""
    started: list[TimeServer] = []

    def start(reply: Reply) -> TimeServer:
        started.append(TimeServer(reply))
        return started[-1]

    yield start
    for server in started:
        server.stop()
