"""The CSV file, read back with the csv module: one header, every reading a row, whatever columns appear."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from dormouse.errors import UsageError
from dormouse.watching.sheet import HEAD, Sheet


def event(seq: int, name: str = "kitchen", late: bool = False, **sensors: Any) -> dict[str, Any]:
    reading = {"seq": seq, "boot": 1, "time": 1795214385, **sensors}
    return {"event": "reading", "node": name, "at": 1795214390.4, "late": late, "reading": reading}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_columns_that_appear_later_are_added_to_all(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with Sheet(path) as sheet:
        sheet.add(event(1, air={"temperature_c": 20.5}))
        assert len(rows(path)) == 1  # flushed
        sheet.add(event(2, battery={"voltage_v": 3.9}, air={"temperature_c": 20.75, "humidity_pct": 40}))
        sheet.add(event(3, late=True, air={"temperature_c": 21}))
    found = rows(path)
    assert tuple(found[0])[: len(HEAD)] == HEAD
    assert [row["air.temperature_c"] for row in found] == ["20.5", "20.75", "21"]
    assert [row["air.humidity_pct"] for row in found] == ["", "40", ""]
    assert [row["late"] for row in found] == ["0", "0", "1"]
    assert (found[1]["battery.voltage_v"], found[1]["time"], found[1]["received"]) == (
        "3.9", "2026-11-20T22:39:45Z", "2026-11-20T22:39:50Z",
    )  # fmt: skip
    assert path.read_text().count("node,received") == 1
    assert [it.name for it in tmp_path.iterdir()] == ["a.csv"]


def test_a_file_is_continued_and_a_torn_row_goes(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with Sheet(path) as sheet:
        sheet.add(event(1, air={"temperature_c": 20.5}))
    path.write_bytes(path.read_bytes() + b"kitchen,2026-11")
    with Sheet(path) as sheet:
        sheet.add(event(2, light={"illuminance_lx": 9}))
        sheet.add(event(3, air={"temperature_c": 1.5}))
    assert [(row["seq"], row["air.temperature_c"], row["light.illuminance_lx"]) for row in rows(path)] == [
        ("1", "20.5", ""), ("2", "", "9"), ("3", "1.5", ""),
    ]  # fmt: skip


def test_a_file_of_nothing_but_a_torn_header_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("node,rec")
    with Sheet(path) as sheet:
        sheet.add(event(1))
    assert [row["seq"] for row in rows(path)] == ["1"]


def test_text_keeps_a_row_a_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with Sheet(path) as sheet:
        sheet.add(event(1, wake={"why": 'a "pin",\nor so', "no": None}))
    assert len(path.read_text().splitlines()) == 2
    assert rows(path)[0]["wake.why"] == 'a "pin", or so'


@pytest.mark.parametrize(
    "content",
    [b"day,mood\n1,good\n", b"day,mood\n1,good\n2,no end", b"no end of a line", b"\xff\xd8\xff\n\xfe", b"node,received\n1"],
)
def test_other_files_are_not_touched(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "diary.csv"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="is not a file of this command"):
        Sheet(path)
    assert path.read_bytes() == content


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write"):
        Sheet(tmp_path / "no" / "a.csv")
