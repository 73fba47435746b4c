"""What holds for every file: device code compiles on both sides and is short, and no file names a private place."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import device
from dormouse import mpy

_MOST_LINES = 300
_HOSTS = ("py" + "pi.org", "python" + "hosted.org", "deb." + "debian.org", "security." + "debian.org", "registry." + "npmjs")
_PRIVATE = re.compile(r"(?<![\w.}/])/(?:tm" + "p|wor" + r"k|root)/[\w.]|" + "|".join(map(re.escape, _HOSTS)))


def _tracked() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=device.ROOT, capture_output=True, text=True, timeout=30)
    if listing.returncode:
        pytest.skip("not a git checkout")
    return [path for name in listing.stdout.split("\0") if name and (path := device.ROOT / name).is_file()]


def _private(text: str) -> list[str]:
    return [f"{number}: {line.strip()}" for number, line in enumerate(text.splitlines(), 1) if _PRIVATE.search(line)]


@pytest.mark.parametrize("path", device.files(), ids=device.name)
def test_device_file_compiles(path: Path) -> None:
    compile(path.read_text(), str(path), "exec")
    assert mpy.compile_module(path, device.name(path))[:1] == b"M"  # the .mpy format's first byte


@pytest.mark.parametrize("path", device.files(), ids=device.name)
def test_device_file_is_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= _MOST_LINES


def test_no_private_place_is_named() -> None:
    found = []
    for path in _tracked():
        try:
            found += [f"{device.name(path)}:{hit}" for hit in _private(path.read_text())]
        except UnicodeDecodeError:
            continue
    assert found == []


def test_a_private_place_would_be_seen() -> None:
    places = ("/tm" + "p/x", 'open("/wor' + 'k/main")', "http://" + _HOSTS[0] + "/simple")
    assert all(_private(place) for place in places)
    assert not _private("https://example.com/work/main /network/x dormouse/tmp")
