"""dormouse upgrade: the user's settings under another version's schema."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from made_up_template import CONFIG, MIGRATIONS, SCHEMA, make, put, setting_renamed, tree, upgrade

from dormouse import constants
from dormouse.upgrading import configuration

NEW_ROW = '    ("MURMUR_S", "int", "s", 1, 60, 5, "made up"),\n    ("BROKER",'


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = make(tmp_path / "mine", "0.1.0")
    monkeypatch.chdir(root)
    return root


def other(tmp_path: Path, **files: str) -> Path:
    """A 0.2.0 with another config, schema or migrations."""
    names = {"config": "config.py", "schema": "src/node/schema.py", "migrations": MIGRATIONS}
    return make(tmp_path / "new", "0.2.0", {names[key]: text for key, text in files.items()})


def number(file: Path, begin: str) -> int:
    return next(n for n, line in enumerate(file.read_text().splitlines(), 1) if line.startswith(begin))


def test_a_new_setting_comes_with_its_comment_in_its_place(
    mine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    block = "MURMUR_S = 7                  # how long it murmurs, 1 to 60 s\n#                               and then some\n"
    config = CONFIG.replace("\nBROKER =", f"\n{block}BROKER =")
    new = other(tmp_path, schema=SCHEMA.replace('    ("BROKER",', NEW_ROW), config=config)
    changed = CONFIG.replace("15 * 60 ", "20 * 60 ").replace("192.168.1.10", "burrow.example")
    put(mine, "config.py", changed)
    assert upgrade(str(new), "--yes", "--diff") == 0
    assert (mine / "config.py").read_text() == changed.replace("\nBROKER =", f"\n{block}BROKER =")
    said = capsys.readouterr().out
    assert f"  config.py:{number(mine / 'config.py', 'MURMUR_S')}: MURMUR_S is new: 7" in said.splitlines()
    assert "\n+MURMUR_S = 7 " in said
    assert (mine / ".dormouse-backup-0.1.0/config.py").read_text() == changed
    assert upgrade("--undo", "--yes") == 0
    assert (mine / "config.py").read_text() == changed


def test_a_setting_of_the_schema_alone_comes_with_its_default(mine: Path, tmp_path: Path) -> None:
    put(mine, "config.py", CONFIG.rstrip("\n"))  # its last line has no end
    assert upgrade(str(other(tmp_path, schema=SCHEMA.replace('    ("BROKER",', NEW_ROW))), "--yes") == 0
    assert (mine / "config.py").read_text() == CONFIG + "MURMUR_S = 5\n"


def test_windows_line_ends_and_a_mark_stay(mine: Path, tmp_path: Path) -> None:
    (mine / "config.py").write_bytes(b"\xef\xbb\xbf" + CONFIG.encode().replace(b"\n", b"\r\n"))
    assert upgrade(str(other(tmp_path, schema=SCHEMA.replace('    ("BROKER",', NEW_ROW))), "--yes") == 0
    expected = (CONFIG + "MURMUR_S = 5\n").encode().replace(b"\n", b"\r\n")
    assert (mine / "config.py").read_bytes() == b"\xef\xbb\xbf" + expected


def test_a_renamed_setting_is_renamed_with_its_value(mine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = other(
        tmp_path,
        schema=setting_renamed(setting_renamed(SCHEMA, "WAKE_EVERY_S", "PACE_S"), "BATTERY.mah", "BATTERY.charge_mah"),
        config=CONFIG.replace("WAKE_EVERY_S", "PACE_S").replace('"mah"', '"charge_mah"'),
        migrations="MIGRATIONS = (('0.2.0', 'WAKE_EVERY_S', 'PACE_S', '{}'),"
        " ('0.2.0', 'BATTERY.mah', 'BATTERY.charge_mah', '{}'))\n",
    )
    put(mine, "config.py", CONFIG.replace("15 * 60 ", "20 * 60 "))
    put(mine, "nodes/shed.py", "WAKE_EVERY_S = (\n    60  # a minute\n)\n")
    assert upgrade(str(new), "--yes") == 0
    text = (mine / "config.py").read_text()
    assert '"charge_mah": 1000,' in text
    # The comment keeps its column.
    columns = [line.index("#") for line in text.splitlines() if re.match(r"(PACE_S|UPLOAD_EVERY|NAME) ", line)]
    assert len(columns) == 3 and len(set(columns)) == 1
    assert "PACE_S = 20 * 60  " in text and "WAKE_EVERY_S" not in text
    assert (mine / "nodes/shed.py").read_text() == "PACE_S = (\n    60  # a minute\n)\n"
    said = capsys.readouterr().out.splitlines()
    line = number(mine / "config.py", "PACE_S")
    assert f"  config.py:{line}: WAKE_EVERY_S has another name since 0.2.0: PACE_S = 20 * 60" in said
    assert "  nodes/shed.py:1: WAKE_EVERY_S has another name since 0.2.0: PACE_S = 60" in said
    assert "  nodes/shed.py" not in said  # among the untouched
    assert "left to you" not in said


def test_another_unit_is_converted_once(mine: Path, tmp_path: Path) -> None:
    schema = SCHEMA.replace('("MAX_AWAKE_S", "int", "s", 5, 60, 20,', '("MAX_AWAKE_S", "int", "ms", 5000, 60000, 20000,')
    assert schema != SCHEMA
    change = {
        "src/node/schema.py": schema,
        MIGRATIONS: 'MIGRATIONS = (("0.2.0", "MAX_AWAKE_S", "MAX_AWAKE_S", "({}) * 1000"),)\n',
    }
    put(mine, "config.py", CONFIG.replace("MAX_AWAKE_S = 20 ", "MAX_AWAKE_S = 10 + 5 "))
    assert upgrade(str(make(tmp_path / "new", "0.2.0", change)), "--yes") == 0
    assert constants.read(mine / "config.py", "config.py").constants["MAX_AWAKE_S"].value == 15000
    assert upgrade(str(make(tmp_path / "newer", "0.3.0", {**change, "docs/one.md": "3\n"})), "--yes") == 0
    assert constants.read(mine / "config.py", "config.py").constants["MAX_AWAKE_S"].value == 15000


def test_what_is_gone_or_out_of_range_is_named_and_left(mine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schema = re.sub(r'    \("COUNTRY",.*\n', "", SCHEMA)
    schema = schema.replace('("UPLOAD_EVERY", "int", "wakes", 1, 96,', '("UPLOAD_EVERY", "int", "wakes", 1, 8,')
    new = other(
        tmp_path,
        schema=schema,
        config=re.sub(r"COUNTRY = .*\n", "", CONFIG),
        migrations='MIGRATIONS = (("0.2.0", "COUNTRY", None, "the firmware knows it"),)\n',
    )
    put(mine, "nodes/a.py", "NAME = 'a'\nUPLOAD_EVERY = 12\nSHINE = 1\n")
    put(mine, "nodes/b.py", "NAME = 'b'\nCOUNTRY = 'DE'\n")
    put(mine, "nodes/c.py", "NAME = 'c'\nfor\n")
    put(mine, "credentials.py", "USER = None\n")
    before = tree(mine)
    assert upgrade(str(new), "--yes") == 0
    after = tree(mine)
    files = ("config.py", "nodes/a.py", "nodes/b.py", "nodes/c.py", "credentials.py")
    assert [after[name] for name in files] == [before[name] for name in files]
    said = capsys.readouterr().out.splitlines()
    at = said.index("left to you") + 1
    line = number(mine / "config.py", "COUNTRY")
    gone = "COUNTRY is no setting any more since 0.2.0: the firmware knows it; remove it"
    assert said[at : at + 6] == [
        f"  config.py:{line}: {gone}",
        "  credentials.py: PASSWORD is new: PASSWORD = None (credentials.example.py)",
        "  nodes/a.py:2: UPLOAD_EVERY is 12; allowed: 1 to 8 wakes",
        "  nodes/a.py:3: SHINE is no setting of this version; remove it",
        f"  nodes/b.py:2: {gone}",
        "  nodes/c.py:2: is not Python: invalid syntax",
    ]
    assert said[-2] == "first: the 6 lines named under 'left to you'"


def test_a_config_that_is_not_python_is_left_alone(mine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(mine, "config.py", "BOARD = \n")
    assert upgrade(str(other(tmp_path, schema=SCHEMA.replace('    ("BROKER",', NEW_ROW))), "--yes") == 0
    assert (mine / "config.py").read_text() == "BOARD = \n"
    assert "  config.py:1: is not Python: invalid syntax" in capsys.readouterr().out.splitlines()


def test_a_lost_config_comes_again(mine: Path, tmp_path: Path) -> None:
    (mine / "config.py").unlink()
    new = other(tmp_path)
    assert upgrade(str(new), "--yes") == 0
    assert (mine / "config.py").read_text() == CONFIG


def test_the_table_of_this_version_is_right(root: Path) -> None:
    """Each row's new name is a setting, its old one is none, or is the same."""
    schema = {row[0] for row in configuration.settings.load_schema(root).SETTINGS}
    for row in configuration.migrations(root):
        assert row.new is None or row.new in schema
        assert row.old == row.new or row.old not in schema
        assert row.new is None or "{}" in row.how


def test_a_linked_config_stays_linked(mine: Path, tmp_path: Path) -> None:
    try:
        (mine / "config.py").rename(tmp_path / "my_config.py")
        (mine / "config.py").symlink_to(tmp_path / "my_config.py")
    except OSError:
        pytest.skip("this system lets nobody make links")
    assert upgrade(str(other(tmp_path, schema=SCHEMA.replace('    ("BROKER",', NEW_ROW))), "--yes") == 0
    assert (mine / "config.py").is_symlink()
    assert (tmp_path / "my_config.py").read_text() == CONFIG + "MURMUR_S = 5\n"
