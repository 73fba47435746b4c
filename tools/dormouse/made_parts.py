"""The parts of a document that a command makes: what stands between <!-- WORDS: begin --> and <!-- WORDS: end -->."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dormouse.errors import DormouseError, UsageError
from dormouse.project import shown


def read(document: Path) -> str:
    """A document's text. Raises UsageError when it cannot be read."""
    try:
        return document.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot read {shown(document)}: {error.strerror}") from error


def filled(document: Path, parts: Mapping[str, str]) -> str:
    """A document's text with its made parts anew.

    Arguments: parts, the words of the marks, each with what is to stand there, its last line ended.
    Raises UsageError when it cannot be read, or has no place for a part.
    """
    text = read(document)
    for words, made in parts.items():
        begin, end = f"<!-- {words}: begin -->\n", f"<!-- {words}: end -->"
        before, begun, rest = text.partition(begin)
        _, ended, after = rest.partition(end)
        if not begun or not ended:
            raise UsageError(f"{shown(document)} has no lines {begin.strip()} and {end}")
        text = f"{before}{begin}{made}{end}{after}"
    return text


def settle(fresh: Mapping[Path, str | bytes], check: bool, command: str) -> None:
    """Write the files that differ, or with check only say so.

    Arguments: fresh, what each file should be; command, the one that makes them anew.
    Raises DormouseError when check finds one that is stale.
    """
    stale = [path for path, made in fresh.items() if _there(path) != (made.encode() if isinstance(made, str) else made)]
    names = ", ".join(shown(path) for path in (stale or fresh))
    if not stale:
        print(f"{names} {'is' if len(fresh) == 1 else 'are'} fresh")
        return
    if check:
        raise DormouseError(f"{names} {'is' if len(stale) == 1 else 'are'} stale: run {command}")
    for path in stale:
        made = fresh[path]
        path.write_bytes(made.encode() if isinstance(made, str) else made)
    print(f"wrote {names}")


def _there(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
