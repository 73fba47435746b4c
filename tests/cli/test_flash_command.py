"""``dormouse flash`` with the real esptool, against an emulated boot loader on a pseudo-terminal.

Oracle: esptool 5's own protocol code and image writer; what the emulated flash holds is compared with the file byte for byte.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import serial
from command_line import Run
from serial.tools import list_ports

import firmware_files
from dormouse import cli
from dormouse.errors import DormouseError
from dormouse.flashing import esp
from dormouse.flashing.steps import Steps
from dormouse.virtual import loader, models
from dormouse.virtual.loader import Loader

ESP_BOARDS = ("feather_s2", "d1_mini", "esp32_c3", "esp32")
OLD = 0x5A  # what the emulated flash is full of
BUTTONS = "Hold BOOT, press and release RESET, release BOOT"


def firmware_for(board: str, folder: Path, **more: object) -> tuple[Path, bytes]:
    facts = models.read(board)
    data = firmware_files.esp(facts["chip"], facts["firmware"]["machine"], facts["flash"]["offset"], **more)
    path = folder / f"{board}.bin"
    path.write_bytes(data)
    return path, data


def flash(board: str, path: Path, port: str, *more: str) -> int:
    return cli.main(["flash", "--board", board, "--firmware", str(path), "--port", port, *more])


def erased(chip: Loader) -> bool:
    return bool({loader.ERASE_FLASH, loader.ERASE_REGION, loader.FLASH_BEGIN, loader.DEFL_BEGIN} & set(chip.log))


@pytest.mark.parametrize("board", ESP_BOARDS)
def test_what_is_in_the_flash_is_the_file(board: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts = models.read(board)
    path, data = firmware_for(board, tmp_path)
    with Loader(facts["chip"]) as chip:
        assert flash(board, path, chip.path) == 0
    offset = facts["flash"]["offset"]
    if facts["chip"] == "esp8266":
        assert data[3] & 0xF0 == 0
        data = data[:3] + bytes([data[3] | 0x40]) + data[4:]  # the size that was detected, 4 MiB: esptool's FLASH_SIZES
    assert chip.flash[offset : offset + len(data)] == data
    assert set(chip.flash[:offset]) <= {0xFF}
    assert set(chip.flash[offset + len(data) :].lstrip(b"\xff")) == set()
    assert chip.log.count(loader.ERASE_REGION) == 4  # MiB
    assert chip.log.index(loader.MEM_END) < chip.log.index(loader.ERASE_REGION) < chip.log.index(loader.DEFL_BEGIN)
    out = capsys.readouterr()
    assert "verified: the flash holds the file" in out.out
    assert BUTTONS not in out.out  # only when it is needed
    assert out.err == ""


def test_as_a_program_of_its_own(dormouse: Run, tmp_path: Path) -> None:
    path, data = firmware_for("esp32_c3", tmp_path)
    with Loader("esp32c3") as chip:
        done = dormouse("flash", "--board", "esp32_c3", "--firmware", str(path), "--port", chip.path)
    assert (done.returncode, done.stderr) == (0, "")
    assert chip.flash[: len(data)] == data
    assert done.stdout.splitlines()[0].endswith("whole; MicroPython 1.28.0 for ESP32C3 module with ESP32C3")
    assert "\x1b" not in done.stdout  # no terminal: plain lines


def test_files_are_kept_when_asked(tmp_path: Path) -> None:
    path, data = firmware_for("feather_s2", tmp_path)
    with Loader("esp32s2") as chip:
        assert flash("feather_s2", path, chip.path, "--keep-files") == 0
    assert chip.flash[0x1000 : 0x1000 + len(data)] == data
    assert set(chip.flash[0x200000:]) == {OLD}  # where MicroPython has its files
    assert loader.ERASE_REGION not in chip.log


def test_another_chip_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, _ = firmware_for("feather_s2", tmp_path)
    with Loader("esp32c3") as chip:
        assert flash("feather_s2", path, chip.path) == 1
    assert set(chip.flash) == {OLD}
    assert not erased(chip)
    text = capsys.readouterr().err
    assert f"the chip on {chip.path} is an ESP32-C3 (the chip of esp32_c3), Unexpected Maker Feather S2 has an esp32s2" in text


@pytest.mark.parametrize(
    ("at", "board", "doing", "half"),
    [
        ((loader.READ_REG, 1), "feather_s2", "connecting", False),
        ((loader.MEM_DATA, 2), "esp32_c3", "starting esptool's helper on the chip", False),
        ((loader.ERASE_REGION, 2), "d1_mini", "erasing", True),
        ((loader.DEFL_DATA, 2), "feather_s2", "writing", True),
        ((loader.MD5, 1), "feather_s2", "writing", True),
    ],
)
def test_unplugged(
    at: tuple[int, int], board: str, doing: str, half: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, _ = firmware_for(board, tmp_path)
    with Loader(models.read(board)["chip"], unplug_at=at) as chip:
        assert flash(board, path, chip.path) == 1
        assert not chip.plugged
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{chip.path} was lost while {doing}: was it unplugged?" in line
    assert ("run this again to its end" in line) == half
    assert ("Nothing was written" in line) == (not half)
    assert (set(chip.flash) == {OLD}) == (not half)


def test_a_chip_that_falls_silent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, _ = firmware_for("feather_s2", tmp_path)
    with Loader("esp32s2", mute_at=(loader.DEFL_BEGIN, 1)) as chip:
        assert flash("feather_s2", path, chip.path) == 1
    text = capsys.readouterr().err
    assert f"{chip.path} fell silent while writing" in text
    assert "run this again to its end" in text


def test_a_flash_that_does_not_keep_what_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, data = firmware_for("feather_s2", tmp_path)
    odd = next(at for at in range(0x10000, len(data)) if data[at] & 1)
    with Loader("esp32s2", worn=0x1000 + odd) as chip:
        assert flash("feather_s2", path, chip.path) == 1
    out = capsys.readouterr()
    assert "the flash does not hold what was written" in out.err
    assert "verified" not in out.out


def test_nobody_answers_and_now_the_buttons_are_explained() -> None:
    facts = models.read("feather_s2")
    with Loader("esp32s2", answers=False) as chip:
        job = esp.Job(facts, b"", 0, chip.path, 460800, attempts=1)
        with pytest.raises(DormouseError, match="no boot loader answers") as error:
            esp.write(job, {}, Steps())
    assert BUTTONS in str(error.value)


def test_more_than_the_flash_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, _ = firmware_for("esp32_c3", tmp_path)  # its partitions fill 4 MiB
    with Loader("esp32c3", 2 << 20) as chip:
        assert flash("esp32_c3", path, chip.path) == 1
    assert "needs 4096 KiB of flash, this board has 2048 KiB" in capsys.readouterr().err
    assert not erased(chip)


def test_a_port_that_is_not_there_or_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, _ = firmware_for("d1_mini", tmp_path)
    assert flash("d1_mini", path, str(tmp_path / "ttyUSB9")) == 1
    assert "there is no port" in capsys.readouterr().err
    with Loader("esp8266") as chip, serial.Serial(chip.path, exclusive=True):
        assert flash("d1_mini", path, chip.path) == 1
    assert "another program has it" in capsys.readouterr().err


def test_interrupted_while_writing(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    path, _ = firmware_for("feather_s2", tmp_path)
    monkeypatch.setattr("esptool.loader.ESPLoader.flash_defl_block", lambda *_, **__: interrupt())
    monkeypatch.setattr("esptool.targets.esp32s2.ESP32S2StubLoader.flash_defl_block", lambda *_, **__: interrupt())
    with Loader("esp32s2") as chip:
        assert flash("feather_s2", path, chip.path) == 130
    out = capsys.readouterr()
    assert "interrupted while writing: the board does not start now: run this again" in out.out
    with serial.Serial(chip.path, exclusive=True) if chip.plugged else Loader("esp32s2"):
        pass  # the port was given back


def port(device: str, vid: int | None = None, pid: int | None = None) -> SimpleNamespace:
    return SimpleNamespace(device=device, vid=vid, pid=pid)


S2_LOADER, S2_RUNNING, JTAG = port("ACM0", 0x303A, 0x0002), port("ACM1", 0x303A, 0x4001), port("ACM2", 0x303A, 0x1001)
CP2102, CH340, PLAIN = port("USB0", 0x10C4, 0xEA60), port("USB1", 0x1A86, 0x7523), port("S0")


@pytest.mark.parametrize(
    ("board", "listed", "status", "told"),
    [
        ("feather_s2", [], 1, BUTTONS),
        ("feather_s2", [S2_RUNNING, CP2102, PLAIN], 1, "Other ports: ACM1 (Espressif 303a:4001), USB0 (CP210x 10c4:ea60): if"),
        ("esp32_c3", [S2_RUNNING], 1, BUTTONS),
        ("d1_mini", [S2_LOADER, PLAIN], 1, "a cable without data wires"),
        ("d1_mini", [CH340, CP2102], 2, "several boards are connected (USB0, USB1): say which with --port"),
    ],
)
def test_no_port_or_several(
    board: str,
    listed: list[SimpleNamespace],
    status: int,
    told: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, _ = firmware_for(board, tmp_path)
    monkeypatch.setattr(list_ports, "comports", lambda: listed)
    assert cli.main(["flash", "--board", board, "--firmware", str(path)]) == status
    assert told in capsys.readouterr().err


def test_the_port_is_found_and_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, data = firmware_for("feather_s2", tmp_path)
    with Loader("esp32s2") as chip:
        turns = iter([[S2_RUNNING], [S2_RUNNING], *[[S2_RUNNING, port(chip.path, 0x303A, 0x0002)]] * 99])
        monkeypatch.setattr(list_ports, "comports", lambda *_, **__: next(turns))
        assert cli.main(["flash", "--board", "feather_s2", "--firmware", str(path), "--wait", "30"]) == 0
    assert chip.flash[0x1000 : 0x1000 + len(data)] == data
    assert BUTTONS in capsys.readouterr().out  # it was not there at once
