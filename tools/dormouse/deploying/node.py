"""The files of a node as a deploy wants them on the board: bundle.files, and the certificates that credentials.py names."""

from __future__ import annotations

from pathlib import Path

from dormouse import bundle, settings
from dormouse.constants import ConstantsFile
from dormouse.errors import UsageError
from dormouse.project import shown
from dormouse.settings import Settings

_DEVICE = ("src", "power", "sensors", "boards")


def credentials(root: Path, option: Path | None) -> tuple[Path, ConstantsFile]:
    """credentials.py, or the file that was named: its path and what it says. Raises UsageError, settings.SettingsError."""
    path = option or root / "credentials.py"
    if option is None and not path.exists():
        raise UsageError(f"no {shown(path)}: copy credentials.example.py to it, and fill it in")
    return path, settings.load_credentials(path)


def files(root: Path, read: Settings, path: Path, secrets: ConstantsFile) -> dict[str, bytes]:
    """Path on the board to content. path and secrets: as credentials() returns them. Raises DormouseError, UsageError."""
    result = bundle.files(root, read, read.text(), secrets.source.encode())
    for name in ("CA", "CERT", "KEY") if read["TLS"] else ():
        constant = secrets.constants.get(name)
        if constant is not None and isinstance(constant.value, str):
            here = path.parent / constant.value
            try:
                result["/" + constant.value.lstrip("/")] = here.read_bytes()
            except OSError as error:
                where = f"{secrets.file}:{constant.line}: {name} is {constant.value!r}"
                raise UsageError(f"{where}, and {shown(here)} cannot be read: {error.strerror}") from error
    return result


def known(root: Path) -> frozenset[str]:
    """Every module of the template as a path on a board without its suffix: "/lib/node/cycle"."""
    sources = (path for folder in _DEVICE for path in (root / folder).rglob("*.py"))
    paths = {bundle.board_path(root, path).removesuffix(".py") for path in sources}
    return frozenset({*paths, "/lib/node/names"})
