"""Imports go down only, and only the hardware layer knows the hardware.

The layers: 3 the story of a wake, 2 services, 1 hardware, 0 pure (bytes in, bytes and events out).
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import device

_STORY = {"main.py", "src/node/cycle.py"}
_HARDWARE = {"src/node/link.py", "src/node/search.py", "src/mqtt/wlan.py"}  # besides all of power, sensors and boards
_PURE = {
    "config.py",
    "credentials.example.py",
    "power/battery.py",
    "power/lease.py",
    "power/retained.py",
    "power/whole.py",
    "src/mqtt/errors.py",
    "src/mqtt/packet.py",
    "src/mqtt/parser.py",
    "src/mqtt/properties.py",
    "src/mqtt/reasons.py",
    "src/mqtt/reasons5.py",
    "src/mqtt/session.py",
    "src/mqtt/skip.py",
    "src/mqtt/unsubscribe.py",
    "src/mqtt/v5.py",
    "src/node/backoff.py",
    "src/node/fields.py",
    "src/node/record.py",
    "src/node/schedule.py",
    "src/node/schema.py",
    "src/node/sntp.py",
    "src/node/state.py",
}
_PURE_BUILTINS = {"struct", "micropython", "hashlib", "uctypes"}  # hashlib: for the checks of what is kept
_ALLOWED = {
    ("main.py", "machine"): "the last guard: it sleeps although whatever is below may be broken",
    ("src/mqtt_as.py", "machine"): "the old programs' default client id is the chip's",
}
_FILES = device.files()


def layer(path: Path) -> int:
    """The layer of a device file, 0 to 3."""
    name = device.name(path)
    if name in _STORY:
        return 3
    if name in _PURE:
        return 0
    return 1 if name in _HARDWARE or name.startswith(("power/", "sensors/", "boards/")) else 2


def is_hardware(module: str) -> bool:
    """Whether a module of the firmware is the hardware's: machine, network, pyb, esp and its kin."""
    top = module.partition(".")[0]
    return top in ("machine", "umachine", "network", "unetwork", "pyb", "stm") or (
        top.startswith(("esp", "_esp")) and device.module_file(top) is None
    )


def upward(path: Path) -> list[str]:
    """The imports of a file that go up, or that its layer may not have."""
    found = []
    own = layer(path)
    for line, module in device.imports(path):
        where = f"{device.name(path)}:{line}: layer {own} imports {module}"
        target = device.module_file(module)
        if module.endswith("*"):
            package = module.rstrip("*").rstrip(".")
            targets = [file for file in _FILES if device.name(file).removeprefix("src/").startswith(package.replace(".", "/"))]
            assert targets, f"{where}: no such modules"
            found += [f"{where}, {device.name(file)} of layer {layer(file)}" for file in targets if layer(file) > own]
        elif is_hardware(module):
            if own != 1 and (device.name(path), module) not in _ALLOWED:
                found.append(f"{where}: only layer 1 may")
        elif target is not None and target.name != "__init__.py" and layer(target) > own:
            found.append(f"{where} of layer {layer(target)}")
        elif target is None and own == 0 and module not in _PURE_BUILTINS:
            found.append(f"{where}: only {', '.join(sorted(_PURE_BUILTINS))}")
    return found


def broad(path: Path) -> list[str]:
    """The lines of a file that catch everything."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ExceptHandler):
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            if any(kind is None or ast.unparse(kind) in ("Exception", "BaseException") for kind in caught):
                found.append(f"{device.name(path)}:{node.lineno}")
    return found


def platform_tests(path: Path) -> list[str]:
    """The lines of a file that ask which port it runs on."""
    return [
        f"{device.name(path)}:{node.lineno}"
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.platform", "os.uname"))
        or (isinstance(node, ast.ImportFrom) and node.module == "sys" and any(n.name == "platform" for n in node.names))
    ]


@pytest.mark.parametrize("path", _FILES, ids=device.name)
def test_imports_go_down(path: Path) -> None:
    assert upward(path) == []


@pytest.mark.parametrize("path", [path for path in _FILES if layer(path) != 3], ids=device.name)
def test_only_the_story_catches_everything(path: Path) -> None:
    assert broad(path) == []


# The compatibility face offers names that old programs import, ESP32 and so on.
@pytest.mark.parametrize("path", [path for path in _FILES if path.name != "mqtt_as.py"], ids=device.name)
def test_the_profile_says_what_the_board_is(path: Path) -> None:
    assert platform_tests(path) == []


def test_every_file_named_here_exists() -> None:
    named = _STORY | _HARDWARE | _PURE | {file for file, _ in _ALLOWED}
    assert named <= {device.name(path) for path in _FILES}


def test_the_checks_see_what_they_look_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "ROOT", tmp_path)
    bad = tmp_path / "src" / "node" / "schema.py"
    bad.parent.mkdir(parents=True)
    (bad.parent / "cycle.py").touch()
    bad.write_text(
        "import machine\nimport asyncio\nfrom esp32 import NVS\nfrom . import cycle\ndef f():\n  from node import cycle\n"
        "try:\n  pass\nexcept (OSError, Exception):\n  pass\nexcept:\n  pass\nimport sys\nif sys.platform: pass\n"
    )
    assert [text.split(": ")[0].rsplit(":")[-1] for text in upward(bad)] == ["1", "2", "3", "4", "13", "6"]
    assert len(broad(bad)) == 2 and len(platform_tests(bad)) == 1
