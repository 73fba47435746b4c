"""A node gets exactly what it needs: its board, its sensors, its service, and nothing of the always-on client."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from dormouse import bundle, imports, mpy, names, settings
from dormouse.errors import DormouseError

# What only the always-on client, TLS or CPython loads (design: a node that only wakes, bursts and sleeps must not ship it).
NOT_FOR_A_SLEEPER = {
    "client", "connection", "keep", "queue", "session", "unsubscribe", "wan", "wlan", "tls", "cpython",
}  # fmt: skip
BURST = {"__init__", "burst", "errors", "packet", "parser", "transport"}
SENSORS = {"__init__", "battery", "feather_light", "sht4x"}  # those of config.py
PORTS = {"feather_s2": "on_esp32", "esp8266": "on_esp8266", "pyboard_d": "on_stm32"}


def made(root: Path, board: str | None = None, config: Path | None = None, source: bool = False) -> dict[str, bytes]:
    read = settings.load(root, config, board=board)
    return bundle.files(root, read, read.text(), b"WIFI = ()\n", source=source)


def shipped(files: dict[str, bytes], folder: str) -> set[str]:
    """The modules below a folder of the board, without their suffix."""
    return {name[len(folder) :].removesuffix(".mpy") for name in files if name.startswith(folder)}


@pytest.mark.parametrize("board", sorted(PORTS))
def test_exactly_these_files(root: Path, board: str) -> None:
    files = made(root, board)
    node = root / "src/node"
    services = {"services/__init__", "services/plain"}
    optional = {"pin", "changes", "secure", "lamp", "throttle", "discovery", "hearsay", "aio", "aioheard"}
    assert shipped(files, "/lib/node/") == {path.stem for path in node.glob("*.py")} - optional | services | {"names"}
    ports = ("_esp32", "_esp8266", "_stm32", "_rp2", "supply", "led")  # where a sensor has one; in test mode
    every_port = {path.stem for path in (root / "power").glob("*.py") if not path.stem.endswith(ports)}
    every_port = {name for name in every_port if not name.startswith(("on_", "radio_", "wake_"))}
    radio = PORTS[board].replace("on_", "radio_")
    assert shipped(files, "/power/") == every_port | {PORTS[board], radio}
    assert shipped(files, "/boards/") == {f"{board}/profile"}
    only_feather = {"feather_light"} if board != "feather_s2" else set()
    assert shipped(files, "/sensors/") == SENSORS - only_feather
    rest = {name for name in files if not name.startswith(("/lib/node/", "/lib/mqtt/", "/power/", "/boards/", "/sensors/"))}
    assert rest == {"/main.py", "/config.py", "/credentials.py"}


@pytest.mark.parametrize(
    ("service", "needed"),
    [
        ("plain", set()),
        ("ibm", {"services/ibm"}),
        ("homeassistant", {"services/homeassistant", "discovery"}),
        ("adafruit", {"services/adafruit", "throttle", "hearsay", "aio", "aioheard"}),
    ],
)
def test_only_the_service_in_use(root: Path, tmp_path: Path, service: str, needed: set[str]) -> None:
    config = tmp_path / "config.py"
    topic = {"ibm": "org/type", "adafruit": "{user}/groups/{name}"}.get(service, "a/{name}")
    config.write_text(settings.load(root).text(SERVICE=service, NAME="n", TOPIC=topic))
    mine = shipped(made(root, config=config), "/lib/node/")
    others = {f"services/{path.stem}" for path in (root / "src/node/services").glob("*.py")}
    others |= {"throttle", "discovery", "hearsay", "aio", "aioheard"}
    assert mine & others == {"services/__init__", "services/plain"} | needed


def test_nothing_of_the_always_on_client(root: Path) -> None:
    here = {path.stem for path in (root / "src/mqtt").glob("*.py")}
    assert here >= {"client", "cpython"}
    burst = shipped(made(root), "/lib/mqtt/")
    assert burst >= BURST
    assert burst & NOT_FOR_A_SLEEPER == set()


@pytest.mark.parametrize("board", sorted(PORTS))
def test_source_is_the_same_list_uncompiled(root: Path, board: str) -> None:
    files = made(root, board, source=True)
    assert set(files) == {name.replace(".mpy", ".py") for name in made(root, board) if name != names.PATH}
    assert files["/lib/node/cycle.py"] == (root / "src/node/cycle.py").read_bytes()


def test_compiled_with_line_numbers_for_every_port(root: Path) -> None:
    # MicroPython docs, "MicroPython .mpy files": byte 0 is "M", byte 1 the version, 6 since 1.19; byte 2 has the native
    # architecture in bits 2 to 7, 0 for bytecode alone.
    for name, data in made(root).items():
        if name.endswith(".mpy"):
            assert data[:2] == b"M\x06", name
            assert data[2] >> 2 == 0, name
    assert "-O2" in mpy.FLAGS


def test_only_the_sensors_in_use(root: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.py"
    config.write_text(settings.load(root).text(SENSORS={"air": {"driver": "sht4x"}}, BATTERY=None))
    sensors = {name for name in made(root, config=config) if name.startswith("/sensors/")}
    assert sensors == {"/sensors/__init__.mpy", "/sensors/sht4x.mpy"}


def test_config_is_the_effective_one(root: Path, tmp_path: Path) -> None:
    read = settings.load(root)
    files = bundle.files(root, read, read.text(BROKER="127.0.0.1:1234"), None)
    assert "/credentials.py" not in files
    config = tmp_path / "config.py"
    config.write_bytes(files["/config.py"])
    assert runpy.run_path(str(config))["BROKER"] == "127.0.0.1:1234"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A small template: main imports node.a, which imports what the tests write into it."""
    for name, text in {
        "main.py": "from node import a\n",
        "src/node/__init__.py": "",
        "src/node/a.py": "",
        "src/node/b.py": "import machine\n",
        "src/pack/__init__.py": "def __getattr__(name):\n    from . import big\n",
        "src/pack/big.py": "",
        "src/pack/small.py": "from .deep import thing\n",
        "src/pack/deep.py": "thing = 1\n",
        "src/pack/cpython.py": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("", []),
        ("import node.b\n", ["node.b"]),
        ("from node import b\n", ["node.b"]),
        ("from . import b\n", ["node.b"]),
        ("def f():\n    from node.b import machine\n", ["node.b"]),
        ("from pack import small\n", ["pack", "pack.deep", "pack.small"]),
        ("import pack\n", ["pack"]),
        ("x = __import__('node.b')\n", ["node.b"]),
        ("import asyncio, json\nfrom machine import Pin\n", []),
        ("try:\n    import micropython\nexcept ImportError:\n    from pack import cpython\n", ["pack"]),
        ("from pack.cpython import x\n", []),
    ],
)
def test_imports_are_followed(template: Path, text: str, needed: list[str]) -> None:
    (template / "src/node/a.py").write_text(text)
    assert sorted(imports.Modules(template).needed(["main"])) == sorted({"main", "node", "node.a", *needed})


def test_an_import_of_what_is_not_there_is_found_on_the_pc(template: Path) -> None:
    (template / "src/node/a.py").write_text("\nfrom pack import large\n")
    with pytest.raises(DormouseError, match=r"src/node/a\.py:2: pack has no large"):
        imports.Modules(template).needed(["main"])


def test_a_syntax_error_names_file_and_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    bad = tmp_path / "bad.py"
    bad.write_text("x = 1\ny = = 2\n")
    with pytest.raises(DormouseError, match=r"bad\.py:2: SyntaxError"):
        mpy.compile_module(bad, "bad.py")


def test_the_cache_gives_the_same_and_knows_a_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    source = tmp_path / "m.py"
    source.write_text("x = 1\n")
    first = mpy.compile_module(source, "m.py")
    assert len(list((tmp_path / "cache").rglob("*.mpy"))) == 1
    assert mpy.compile_module(source, "m.py") == first
    source.write_text("x = 1234\n")
    assert mpy.compile_module(source, "m.py") != first


def test_a_cache_that_cannot_be_written_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache").write_text("a file, not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    source = tmp_path / "m.py"
    source.write_text("x = 1\n")
    assert mpy.compile_module(source, "m.py")[:1] == b"M"
