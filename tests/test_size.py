"""`dormouse size`: what its check lets through, and the search for the smallest heap."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest

from dormouse import footprint
from dormouse.commands import size
from dormouse.errors import DormouseError
from dormouse.footprint import KIB, Footprint

_FOUND = Footprint(
    modules={"src/mqtt/packet.py": 900, "power/sleep.py": 400, "sensors/soil.py": 500},
    sums={"burst": 5 * KIB, "always_on": 12 * KIB, "burst_5": 9 * KIB, "always_on_5": 18 * KIB},
    boards={"feather_s2": 30000},
    heaps={"burst": 20 * KIB, "wake": 48 * KIB, "always_on": 30 * KIB, "burst_5": 25 * KIB, "always_on_5": 60 * KIB},
    drivers={"soil": 900},
)
_PARTS = ("modules", "sums", "boards", "heaps", "drivers")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "docs").mkdir()
    monkeypatch.setattr(size, "find_root", lambda: tmp_path)
    return tmp_path / "docs" / "size.md"


def _measured(monkeypatch: pytest.MonkeyPatch, **changes: dict[str, int]) -> None:
    parts = {name: {**getattr(_FOUND, name), **changes.get(name, {})} for name in _PARTS}
    monkeypatch.setattr(footprint, "measure", lambda root: Footprint(**parts))


def test_a_fresh_table_passes(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _measured(monkeypatch)
    size.size(check=False)
    size.size(check=True)
    assert "| src/mqtt/packet.py | 900 |" in project.read_text()


def test_heaps_have_a_tolerance_and_sizes_none(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _measured(monkeypatch)
    size.size(check=False)
    _measured(monkeypatch, heaps={"burst": 20 * KIB + 512})
    size.size(check=True)
    _measured(monkeypatch, drivers={"soil": 1100})
    size.size(check=True)
    _measured(monkeypatch, drivers={"soil": 1200})
    with pytest.raises(DormouseError, match=r"stale(.|\n)*now \| soil \| 500 \| 1024 \| 1200"):
        size.size(check=True)
    _measured(monkeypatch, heaps={"burst": 18 * KIB - 1})
    with pytest.raises(DormouseError, match="stale"):
        size.size(check=True)
    _measured(monkeypatch, modules={"power/sleep.py": 401})
    with pytest.raises(DormouseError, match=r"stale(.|\n)*was \| power/sleep.py \| 400(.|\n)*now \| power/sleep.py \| 401"):
        size.size(check=True)


def test_a_missing_table_is_stale(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _measured(monkeypatch)
    with pytest.raises(DormouseError, match="stale"):
        size.size(check=True)
    assert not project.exists()


@pytest.mark.parametrize(
    "changes", [{"sums": {"burst": 5 * KIB + 1}}, {"heaps": {"wake": 48 * KIB + 1}}, {"modules": {"sensors/soil.py": KIB + 1}}]
)
def test_a_broken_budget_fails_though_the_table_is_fresh(
    project: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, dict[str, int]]
) -> None:
    _measured(monkeypatch, **changes)
    with pytest.raises(DormouseError, match="over budget"):
        size.size(check=False)
    with pytest.raises(DormouseError, match="over budget"):
        size.size(check=True)


def test_smallest_finds_the_boundary() -> None:
    assert footprint.smallest(lambda heap: heap >= 23_000) == 23_040
    with pytest.raises(DormouseError):
        footprint.smallest(lambda heap: False)


def test_the_interpreter_really_gets_the_heap_it_is_asked_to_do_with(micropython: str) -> None:
    # An array of n bytes needs n bytes of heap: struct says how many, the interpreter must agree.
    program = f"b = bytearray({struct.calcsize('1024Q')})"

    def fits(heap: int) -> bool:
        done = subprocess.run([micropython, "-X", f"heapsize={heap}", "-c", program], capture_output=True, timeout=20)
        return done.returncode == 0

    found = footprint.smallest(fits)
    assert 8 * KIB < found < 8 * KIB + 6 * KIB
