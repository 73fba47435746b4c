"""The module of names: it holds what the others need, and only what an ordinary wake needs."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from dormouse import bundle, mpy, names, settings
from nodes import BOARDS, ROOT, MakeNode


def names_known(micropython: str, folder: Path, *modules: bytes) -> set[str]:
    """The names that the interpreter knows once it has loaded these. It starts where the system's libraries are not."""
    lines = ["import micropython"]
    for i, module in enumerate(modules):
        (folder / f"loaded{i}.mpy").write_bytes(module)
        lines.append(f"import loaded{i}")
    lines.append("micropython.qstr_info(1)")
    program = folder / "program.py"
    program.write_text("\n".join(lines))
    done = subprocess.run([micropython, str(program)], cwd=folder, capture_output=True, text=True, timeout=20, check=True)
    return {line[2:-1] for line in done.stdout.splitlines() if line.startswith("Q(")}


def test_the_names_of_a_module_are_found(tmp_path: Path, micropython: str) -> None:
    source = tmp_path / "sample.py"
    source.write_text("import far.away\ndef quokka(wombat=1):\n    return wombat.numbat + len('bilby')\n")
    module = mpy.compile_module(source, "sample")
    expected = {"far.away", "quokka", "wombat", "numbat", "bilby"}
    assert expected <= set(names.of(module))
    assert "len" not in names.of(module)  # built into every firmware
    assert "numbat" not in names_known(micropython, tmp_path)
    assert expected <= names_known(micropython, tmp_path, names.module({"x.mpy": module}))


def test_a_node_s_modules_bring_no_new_names(tmp_path: Path, micropython: str) -> None:
    chosen = settings.load(ROOT)
    files = bundle.files(ROOT, chosen, chosen.text(), None)
    burst = files["/lib/mqtt/burst.mpy"]
    assert len(names.of(burst)) > 40
    with_names = names_known(micropython, tmp_path, files[names.PATH])
    new = names_known(micropython, tmp_path, files[names.PATH], burst) - with_names
    assert {name for name in new if name.isidentifier()} == {"loaded1"}
    new = names_known(micropython, tmp_path, burst) - names_known(micropython, tmp_path)
    assert len({name for name in new if name.isidentifier()}) > 20


@pytest.mark.parametrize("board", BOARDS)
def test_an_ordinary_wake_loads_none_of_those_left_out(make_node: MakeNode, board: str, mosquitto: Any) -> None:
    code = (ROOT / "src/node/__init__.py").read_text()
    line = "            del sys.modules[gone]\n"
    telling = code.replace(line, line + '            print("loaded", gone)\n')
    assert telling != code
    node = make_node(
        board, extra={"/lib/node/__init__.py": telling.encode()}, BROKER=f"{mosquitto.host}:{mosquitto.port}", WAKE_EVERY_S=60
    )
    outputs = [node.run_wake().output for _ in range(4)]
    loaded = {line.split(".")[-1] for line in outputs[-1].splitlines() if line.startswith("loaded node.")}
    assert {"reading", "upload", "outcome"} <= loaded
    assert not loaded & set(names.SELDOM)
