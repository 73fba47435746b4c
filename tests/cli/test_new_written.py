"""What `dormouse new` stands on: files that appear together or not at all, and the network that this computer is in."""

from __future__ import annotations

from pathlib import Path

import pytest

from dormouse.newnode import wifi
from dormouse.newnode.written import PRIVATE, Files


def test_files_appear_together_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    (folder / "a").write_text("old")
    real = Path.replace
    for stop in range(3):
        steps = iter(range(3))

        def cut(path: Path, target: Path, steps: object = steps, stop: int = stop) -> Path:
            if next(steps) == stop:  # type: ignore[call-overload]
                raise KeyboardInterrupt
            return real(path, target)

        monkeypatch.setattr(Path, "replace", cut)
        with pytest.raises(KeyboardInterrupt), Files() as made:
            made.add(folder / "a", b"new")
            made.add(folder / "b", b"new", PRIVATE)
            made.add(folder / "c", b"new")
            made.commit()
        assert {path.name: path.read_text() for path in folder.iterdir()} == {"a": "old"}
    monkeypatch.setattr(Path, "replace", real)
    with Files() as made:
        made.add(folder / "b", b"new")
    assert not (folder / "b").exists()


@pytest.mark.parametrize(
    ("program", "out", "name"),
    [
        ("nmcli", " :other\n*:my\\:home\n", "my:home"),
        ("nmcli", " :other\n", None),
        ("iwgetid", "home\n", "home"),
        ("netsh", "    Name  : Wi-Fi\n    SSID                   : home net\n    BSSID                  : 00:11\n", "home net"),
        ("none", "", None),
    ],
)
def test_this_computers_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, out: str, name: str | None
) -> None:
    script = tmp_path / "bin" / program
    script.parent.mkdir()
    (tmp_path / "out").write_text(out)
    script.write_text(f"#!/bin/sh\nwhile read -r line; do :; done\n/bin/cat '{tmp_path / 'out'}'\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(script.parent))
    assert wifi.ssid() == name
