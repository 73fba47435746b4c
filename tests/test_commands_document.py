"""docs/commands.md has the words of the schema, no more and no less, with their ranges."""

from __future__ import annotations

import json
import re
from pathlib import Path

from dormouse import settings

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
SCHEMA = settings.load_schema(ROOT)


def test_the_table_is_the_schemas() -> None:
    rows = [row for name in SCHEMA.COMMANDED for row in SCHEMA.SETTINGS if row[0] == name]
    expected = [f"| `{row[0].lower()}` | {SCHEMA.allowed(row)} | {row[6]} |" for row in [*rows, *SCHEMA.WORDS]]
    assert re.findall(r"^\| `.*$", TEXT, re.MULTILINE) == expected


def test_every_other_setting_that_is_named_exists() -> None:
    known = {row[0] for row in SCHEMA.SETTINGS}
    named = set(re.findall(r"`([A-Z_]{4,})`", TEXT))
    assert named <= known | {"NAME"}
    assert named & set(SCHEMA.COMMANDED) == {"UPLOAD_EVERY"}


def test_the_examples_are_commands_and_answers() -> None:
    (sent,) = re.findall(r"-m '(.*)'", TEXT)
    words = {row.lower() for row in SCHEMA.COMMANDED} | {row[0].lower() for row in SCHEMA.WORDS}
    assert set(json.loads(sent)) <= words | {"id"}
    answers = [json.loads(line) for line in re.findall(r"^    (\{.*\})$", TEXT, re.MULTILINE)]
    assert [answer["ok"] for answer in answers] == [True, False]


def test_the_numbers_are_the_codes() -> None:
    chores = (ROOT / "src/node/chores.py").read_text(encoding="utf-8")
    commands = (ROOT / "src/node/commands.py").read_text(encoding="utf-8")
    numbers = {name: int(value) for name, value in re.findall(r"^_(\w+) = const\((\d+)\)", chores, re.MULTILINE)}
    again = {name: int(value) for name, value in re.findall(r"^_(\w+) = const\((\d+)\)", commands, re.MULTILINE)}
    assert all(numbers[name] == value for name, value in again.items() if name in numbers) and "DAY" in again
    # 4 s of sleep each: a second awake costs so many, a day of sleep gives so many back.
    cost_s, day_s = 4 * numbers["COST"], 4 * numbers["DAY"]
    assert day_s == 86400
    assert f"comes back with {cost_s} s of sleep, that is {day_s // cost_s} s a day" in TEXT
    assert f"In hand are {day_s // cost_s} s" in TEXT
    assert f"at most {re.findall(r'len.payload. <= (.*) else', commands)[0]} bytes" in TEXT
