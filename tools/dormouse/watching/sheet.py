"""Readings as CSV, for spreadsheets and pandas: a row each, a column for each field of each sensor.

A column that appears later, when a node gets another sensor, is added to all that is there: the file is written anew beside
itself and takes its place. So there is one header, in the first line, whatever comes, and a file can be continued. A row is in
the file before the broker is told that it arrived.
"""

from __future__ import annotations

import csv
import os
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from dormouse.errors import DormouseError, UsageError
from dormouse.project import shown
from dormouse.watching.nodes import Event, values

HEAD = ("node", "received", "time", "boot", "seq", "late")
_LONGEST_HEAD = 1 << 20  # bytes: a file that is none of ours may be one long line


class Sheet:
    """A CSV file of readings; a context manager. Arguments: path. Raises UsageError when it is another kind of file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._columns = list(HEAD)
        self._file: TextIO | None = None
        try:
            if path.exists() and path.stat().st_size:
                self._continue()
            self._file = path.open("a", encoding="utf-8", newline="")
            if not self._file.tell():
                csv.writer(self._file).writerow(self._columns)
                self._file.flush()
        except OSError as error:
            raise UsageError(f"--csv: cannot write {shown(path)}: {(error.strerror or str(error)).lower()}") from error

    def __enter__(self) -> Sheet:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def add(self, event: Event) -> None:
        """Write one reading and flush it. event: of nodes.Fleet. Raises DormouseError when it cannot be written."""
        reading = event["reading"]
        row: dict[str, Any] = {name: _cell(value) for name, value in values(reading)}
        row |= {"node": event["node"], "received": _utc(event["at"]), "late": int(event["late"])}
        row |= {name: _cell(reading.get(name)) for name in ("boot", "seq")}
        said = reading.get("time")
        row["time"] = _utc(said) if isinstance(said, (int, float)) and not isinstance(said, bool) else ""
        try:
            if new := [name for name in row if name not in self._columns]:
                self._widen(new)
            assert self._file is not None
            csv.DictWriter(self._file, self._columns, restval="").writerow(row)
            self._file.flush()
        except OSError as error:
            raise DormouseError(f"{shown(self._path)}: {(error.strerror or str(error)).lower()}; ends here") from error

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _continue(self) -> None:
        # Whose it is comes first: nothing of another file is cut off.
        with self._path.open("rb") as file:
            head = file.readline(_LONGEST_HEAD)
        begin = (",".join(HEAD) + "\r\n").encode()
        torn = begin.startswith(head)  # the power went before the header had its end
        if not torn and not (head.startswith((begin[:-2] + b",", begin)) and head.endswith(b"\n")):
            begins = head[: len(begin) - 2].decode("utf-8", "replace").strip()
            raise UsageError(f"--csv: {shown(self._path)} is not a file of this command: it begins with {begins!r}")
        with self._path.open("rb+") as file:
            end = file.seek(0, os.SEEK_END)
            # A row that was being written when the power went has no end.
            while end and _byte(file, end - 1) != b"\n":
                end -= 1
            file.truncate(end)
        if end:
            self._columns = next(csv.reader([head.decode("utf-8")]))

    def _widen(self, new: list[str]) -> None:
        columns = [*self._columns, *new]
        beside = self._path.with_name(self._path.name + ".new")
        with self._path.open(encoding="utf-8", newline="") as old, beside.open("w", encoding="utf-8", newline="") as file:
            rows, writer = csv.reader(old), csv.writer(file)
            next(rows, None)
            writer.writerow(columns)
            for row in rows:
                writer.writerow([*row, *[""] * (len(columns) - len(row))])
            file.flush()
            os.fsync(file.fileno())
        self.close()
        beside.replace(self._path)
        self._columns = columns
        self._file = self._path.open("a", encoding="utf-8", newline="")


def _byte(file: Any, at: int) -> bytes:
    file.seek(at)
    return bytes(file.read(1))


def _cell(value: Any) -> Any:
    # A row is a line, also for those who read it with less than a CSV reader.
    return "" if value is None else value if isinstance(value, (int, float)) else " ".join(str(value).split())


def _utc(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return ""
