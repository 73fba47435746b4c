"""tools/freeze/manifest.py, run by the rules of MicroPython's own tools/manifestfile.py, which is not on PyPI.

Those rules, read there: paths are relative to the manifest's folder; package(path, files) takes base_path/path/file and stores
it as path/file, without files everything below that ends in .py; module(path) takes base_path/path; a file that is not there is
an error.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import ROOT

from dormouse import bundle, drivers, mpy, settings
from dormouse.deploying import plan
from dormouse.deploying.found import Found

MANIFEST = ROOT / "tools/freeze/manifest.py"


def run(manifest: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Path], list[str], set[object]]:
    """What it freezes, by the name in the firmware; what it includes; the options of mpy-cross."""
    frozen: dict[str, Path] = {}
    included: list[str] = []
    levels: set[object] = set()

    def add(base: str, names: list[str], opt: object) -> None:
        for name in names:
            path = Path(base, name).resolve()
            assert path.is_file(), path
            assert name not in frozen
            frozen[name] = path
            levels.add(opt)

    def package(path: str, files: list[str] | None = None, base_path: str = ".", opt: object = None) -> None:
        below = sorted(str(file.relative_to(base_path)) for file in Path(base_path, path).rglob("*.py"))
        add(base_path, below if files is None else [f"{path}/{name}" for name in files], opt)

    def module(path: str, base_path: str = ".", opt: object = None) -> None:
        add(base_path, [path], opt)

    monkeypatch.chdir(manifest.parent)
    exec(manifest.read_text("utf-8"), {"package": package, "module": module, "include": included.append})
    monkeypatch.chdir(ROOT)
    return frozen, included, levels


@pytest.mark.parametrize("board", ["esp8266", "d1_mini"])
def test_it_has_all_that_any_node_on_that_board_needs(board: str, monkeypatch: pytest.MonkeyPatch) -> None:
    frozen, included, levels = run(MANIFEST, monkeypatch)
    assert included == ["$(PORT_DIR)/boards/manifest.py"]
    assert levels == {2}
    read = settings.load(ROOT, board=board)
    read.values.update(TEST_MODE=True, UPLOAD_IF={"air.temperature_c": {"change": 1}})
    fit = [name for name in drivers.names(ROOT) if name != "battery" and not drivers.unfit(ROOT, board, {"driver": name})]
    assert "sht4x" in fit
    read.values["SENSORS"] = {name: {"driver": name, "offset": {}, "supply": 5} for name in fit}
    needed = {name.replace(".", "/") for name in bundle.modules(ROOT, read)} - {"config", "credentials"}
    names = {name.removesuffix(".py").removesuffix("/__init__") for name in frozen}
    assert needed <= {*names, *(name.removesuffix(".py") for name in frozen)}, needed - names


def test_it_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    frozen, _, _ = run(MANIFEST, monkeypatch)
    for name, path in frozen.items():
        assert mpy.compile_module(path, name.removesuffix(".py").replace("/", "."))[:2] == b"M\x06"
    # Only this chip's.
    assert {"power/on_esp8266.py", "power/radio_esp8266.py"} <= set(frozen)
    assert not [name for name in frozen if "esp32" in name or "stm32" in name or "rp2" in name]


def test_a_deploy_to_it_copies_only_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    frozen, _, _ = run(MANIFEST, monkeypatch)
    read = settings.load(ROOT, board="esp8266")
    wanted = bundle.files(ROOT, read, read.text(), b"WIFI = ()\n")
    # help("modules") shows them without the last three letters: py/builtinhelp.c.
    todo = plan.make(wanted, Found(), None, (), {name[:-3] for name in frozen})
    assert todo.changed == ["/config.py", "/credentials.py"]
