"""`dormouse new` in a template of a test's own, answered by the test."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from command_line import ROOT
from typer.testing import CliRunner

from dormouse import bundle, cli, constants

LINKED = ("main.py", "src", "boards", "power", "sensors", "credentials.example.py")


def template(folder: Path, **changes: object) -> Path:
    """A copy of the template whose config.py is a test's; without credentials.py."""
    for name in LINKED:
        (folder / name).symlink_to(ROOT / name)
    found = constants.read(ROOT / "config.py", "config.py")
    (folder / "config.py").write_text(found.replaced({name: repr(value) for name, value in changes.items()}))
    return folder


class Done:
    """What a run gave: status, out (questions and answers too), err."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err


def run(*words: str, answers: str | None = None) -> Done:
    """Run ``dormouse new WORDS...`` in the current folder; answers: what is typed, a line each."""
    app = typer.Typer(add_completion=False)

    @app.command()
    def whole() -> None:
        # Errors are lines and exit statuses, as a user gets them.
        raise SystemExit(cli.main(["new", *words]))

    env = {"COLUMNS": "120", "DORMOUSE_PASSWORD": None, "DORMOUSE_WIFI_PASSWORD": None}
    result = CliRunner(env=env).invoke(app, [], input=answers, catch_exceptions=False)
    return Done(result.exit_code, result.stdout, result.stderr)


def uncompiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a node needs is not compiled: most of the time, and done in the tests that leave it alone."""
    monkeypatch.setattr(bundle, "files", lambda *_, **__: {})


def files(root: Path) -> dict[str, str]:
    """What is there beside the template: name to text; hidden files too."""
    there = [*root.iterdir(), *(root / "nodes").glob("*")] if (root / "nodes").exists() else list(root.iterdir())
    own = (path for path in there if path.is_file() and path.name not in (*LINKED, "config.py"))
    return {path.relative_to(root).as_posix(): path.read_text("latin-1") for path in own}
