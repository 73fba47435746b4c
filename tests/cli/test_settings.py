"""config.py and nodes/NAME.py are read without running them; mistakes name the file, the line and what is allowed."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from dormouse import settings
from dormouse.errors import UsageError
from dormouse.settings import SettingsError
from dormouse.virtual import models


def changed(root: Path, tmp_path: Path, old: str, new: str) -> Path:
    """A copy of config.py with one piece of text replaced."""
    text = (root / "config.py").read_text()
    assert text.count(old) == 1
    config = tmp_path / "config.py"
    config.write_text(text.replace(old, new))
    return config


def line_of(config: Path, text: str) -> int:
    return next(number for number, line in enumerate(config.read_text().splitlines(), 1) if text in line)


def test_values_are_those_that_python_gives(root: Path) -> None:
    ran = runpy.run_path(str(root / "config.py"))
    expected = {name: value for name, value in ran.items() if name.isupper()}
    assert settings.load(root).values == expected


@pytest.mark.parametrize(
    ("old", "new", "allowed"),
    [
        ("WAKE_EVERY_S = 15 * 60", "WAKE_EVERY_S = 5", "10 to 2592000 s"),
        ("MAX_AWAKE_S = 20", "MAX_AWAKE_S = 61", "5 to 60 s"),
        ("UPLOAD_EVERY = 1", "UPLOAD_EVERY = '1'", "1 to 96 wakes"),
        ('"mah": 1000', '"mah": 1', "10 to 100000 mAh"),
        ('"type": "lipo"', '"type": "lemon"', "lipo, lifepo4, 2xaa, 3xaa"),
        ("TEST_MODE = False", "TEST_MODE = 0", "True or False"),
        ("TLS = False", "TLS = 8883", "True or False"),
        ('BOARD = "feather_s2"', 'BOARD = "feather_s9"', ", ".join(models.names())),
        ('{"driver": "feather_light"}', '{"driver": "feather_dark"}', "feather_light"),
        ("NAME = None", "NAME = 'Garden shed'", "a-z 0-9 -"),
    ],
)
def test_a_mistake_names_line_and_range(root: Path, tmp_path: Path, old: str, new: str, allowed: str) -> None:
    config = changed(root, tmp_path, old, new)
    with pytest.raises(SettingsError) as caught:
        settings.load(root, config)
    (problem,) = caught.value.problems
    assert problem.file == str(config)
    assert problem.line == line_of(config, new)
    assert allowed in problem.text


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("WAKE_EVERY_S = 15 * 60", "WAKE_EVERY_SS = 15 * 60", "is it WAKE_EVERY_S?"),
        ("MAX_AWAKE_S = 20", "MAX_AWAKE_S = minutes(1)", "not a constant"),
        ("MAX_AWAKE_S = 20", "import os", "only lines of the form"),
        ("MAX_AWAKE_S = 20", "MAX_AWAKE_S = 1 // 0", "division"),
        ("MAX_AWAKE_S = 20", "TLS =  False", "set twice, first in line"),
        ("MAX_AWAKE_S = 20", "MAX_AWAKE_S = 'x' * 10", "not a constant"),
        ("MAX_AWAKE_S = 20", "MAX_AWAKE_S = (", "is not Python"),
    ],
)
def test_what_is_not_a_setting_is_refused(root: Path, tmp_path: Path, old: str, new: str, told: str) -> None:
    config = changed(root, tmp_path, old, new)
    with pytest.raises(SettingsError) as caught:
        settings.load(root, config)
    at = [problem for problem in caught.value.problems if told in problem.text]
    assert [problem.line for problem in at] == [line_of(config, new)]


def test_every_problem_is_reported_at_once(root: Path, tmp_path: Path) -> None:
    config = changed(root, tmp_path, "WAKE_EVERY_S = 15 * 60", "WAKE_EVERY_S = 5")
    config.write_text(config.read_text().replace("MAX_AWAKE_S = 20", "MAX_AWAKE_S = 99"))
    with pytest.raises(SettingsError) as caught:
        settings.load(root, config)
    assert [problem.text.split()[0] for problem in caught.value.problems] == ["WAKE_EVERY_S", "MAX_AWAKE_S"]
    assert len(str(caught.value).splitlines()) == 2


def test_a_node_replaces_single_lines_and_is_blamed_for_its_own(root: Path, tmp_path: Path) -> None:
    for name in ("src", "boards", "sensors", "power"):
        (tmp_path / name).symlink_to(root / name)
    (tmp_path / "config.py").write_text((root / "config.py").read_text())
    node = tmp_path / "nodes" / "shed.py"
    node.parent.mkdir()
    node.write_text("# the shed\nNAME = 'shed'\nWAKE_EVERY_S = 2 * 60\n")
    read = settings.load(tmp_path, node="shed")
    assert (read["NAME"], read["WAKE_EVERY_S"], read["MAX_AWAKE_S"]) == ("shed", 120, 20)
    node.write_text("NAME = 'shed'\n\nWAKE_EVERY_S = 2\n")
    with pytest.raises(SettingsError, match=r"nodes/shed\.py:3: WAKE_EVERY_S .*10 to 2592000 s"):
        settings.load(tmp_path, node="shed")
    with pytest.raises(UsageError, match=r"nodes/barn\.py"):
        settings.load(tmp_path, node="barn")


def test_the_effective_file_keeps_comments_and_says_the_same(root: Path, tmp_path: Path) -> None:
    read = settings.load(root, board="esp8266")
    text = read.text(BROKER="127.0.0.1:4711", BATTERY=None, SENSORS={"air": {"driver": "sht4x"}})
    out = tmp_path / "config.py"
    out.write_text(text)
    assert "BROKER = '127.0.0.1:4711'       # host or host:port" in text
    assert "BOARD = 'esp8266'          # a folder of boards/" in text
    ran = {name: value for name, value in runpy.run_path(str(out)).items() if name.isupper()}
    assert ran == {
        **read.values,
        "BROKER": "127.0.0.1:4711",
        "BATTERY": None,
        "SENSORS": {"air": {"driver": "sht4x"}},
    }


def test_a_missing_setting_is_asked_for(root: Path, tmp_path: Path) -> None:
    config = changed(root, tmp_path, "MAX_AWAKE_S = 20 ", "# ")
    with pytest.raises(SettingsError, match="add the line MAX_AWAKE_S = 20"):
        settings.load(root, config)


def test_a_sensor_that_the_board_has_not_is_named(root: Path, tmp_path: Path) -> None:
    config = changed(root, tmp_path, 'BOARD = "feather_s2"', 'BOARD = "esp8266"')
    with pytest.raises(SettingsError, match=r"SENSORS\['light'\] is a feather_light, which esp8266 does not have"):
        settings.load(root, config)


def test_another_board_goes_without_the_sensors_that_it_has_not(root: Path) -> None:
    found = settings.load(root, board="pyboard_d")
    assert list(found["SENSORS"]) == ["air"] and list(found.left_out) == ["light"]
    assert '"feather_light"' not in found.text()


def test_an_option_that_the_driver_does_not_take_is_named_with_those_it_takes(root: Path, tmp_path: Path) -> None:
    config = changed(root, tmp_path, '{"driver": "feather_light"}', '{"driver": "feather_light", "gain": 2}')
    with pytest.raises(SettingsError, match=r"SENSORS\['light'\] has 'gain'; feather_light takes: driver, offset"):
        settings.load(root, config)


@pytest.mark.parametrize(
    ("there", "asked", "told"),
    [
        ((), "kitchen", "dormouse new kitchen makes it"),
        (("kitchen", "shed"), "kitchn", "is it kitchen?"),
        (("kitchen", "shed"), "kitchen.py", "is it kitchen?"),
        (("kitchen", "shed"), "attic", "there are: kitchen, shed"),
    ],
)
def test_a_node_that_is_not_there(root: Path, tmp_path: Path, there: tuple[str, ...], asked: str, told: str) -> None:
    (tmp_path / "nodes").mkdir()
    (tmp_path / "config.py").write_bytes((root / "config.py").read_bytes())
    for name in (*there, "example"):
        (tmp_path / "nodes" / f"{name}.py").touch()
    with pytest.raises(UsageError) as caught:
        settings.load(tmp_path, node=asked)
    assert str(caught.value).endswith(f"{asked}.py: no such file; {told}")


def test_a_node_on_another_board_is_told_to_have_its_own_sensors(root: Path, tmp_path: Path) -> None:
    (tmp_path / "nodes").mkdir()
    for name in ("main.py", "src", "boards", "power", "sensors", "config.py"):
        (tmp_path / name).symlink_to(root / name)
    node = tmp_path / "nodes" / "shed.py"
    for text, more in (
        ('BOARD = "esp8266"\n', "; nodes/shed.py needs SENSORS of its own"),
        ('BOARD = "esp8266"\nSENSORS = {"light": {"driver": "feather_light"}}\n', ""),
    ):
        node.write_text(text)
        with pytest.raises(SettingsError) as caught:
            settings.load(tmp_path, node="shed")
        (problem,) = caught.value.problems
        assert problem.text == f"SENSORS['light'] is a feather_light, which esp8266 does not have{more}"
