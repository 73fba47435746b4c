"""``dormouse flash`` for the boards that no serial port writes: dfu-util's command line, and the RP2040's drive.

There is no dfu-util and no boot loader here: a program of its name that checks its words and answers as it does, and a folder.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

import dfu_util
import firmware_files
from dormouse import cli
from dormouse.errors import DormouseError, UsageError
from dormouse.flashing import uf2
from dormouse.flashing.steps import Steps
from dormouse.virtual import models

PICO = models.read("pico_w")
INFO = "UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: RPI-RP2\r\n"


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = dfu_util.install(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def dfu_file(tmp_path: Path) -> Path:
    path = tmp_path / "PYBD_SF2.dfu"
    path.write_bytes(firmware_files.dfu("PYBD-SF2W with STM32F722IEK"))
    return path


def test_dfu_util_gets_the_file(tool: Path, dfu_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["flash", "--board", "pyboard_d", "--firmware", str(dfu_file)]) == 0
    assert (tool / "written").read_bytes() == dfu_file.read_bytes()
    assert (tool / "words").read_text().splitlines() == ["-l", f"-d 0483:df11 -a 0 -D {dfu_file}"]
    out = capsys.readouterr().out
    assert "  100 %" in out
    assert "Press RST" in out
    assert "hold USR" not in out


def test_no_pyboard_in_its_boot_loader(tool: Path, dfu_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tool / "absent").touch()
    assert cli.main(["flash", "--board", "pyboard_d", "--firmware", str(dfu_file)]) == 1
    assert "hold USR, press and release RST" in capsys.readouterr().err
    assert not (tool / "written").exists()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("dfu-util: Cannot open DFU device 0483:df11 found on devnum 9 (LIBUSB_ERROR_ACCESS)", "not allowed to open the board"),
        ("dfu-util: Error during download get_status", "status 74: dfu-util: Error during download get_status; run this again"),
    ],
)
def test_dfu_util_fails(tool: Path, dfu_file: Path, said: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tool / "fails").write_text(said)
    assert cli.main(["flash", "--board", "pyboard_d", "--firmware", str(dfu_file)]) == 1
    assert told in capsys.readouterr().err


def test_no_dfu_util(dfu_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert cli.main(["flash", "--board", "pyboard_d", "--firmware", str(dfu_file)]) == 1
    text = capsys.readouterr().err
    assert "dfu-util is missing: install it, apt install dfu-util, brew install dfu-util" in text
    assert f"dfu-util -d 0483:df11 -a 0 -D {dfu_file}" in text


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    folder = tmp_path / "RPI-RP2"
    folder.mkdir()
    (folder / "INFO_UF2.TXT").write_text(INFO)
    return folder


@pytest.fixture
def uf2_file(tmp_path: Path) -> Path:
    path = tmp_path / "RPI_PICO_W.uf2"
    path.write_bytes(firmware_files.uf2("Raspberry Pi Pico W with RP2040", size=200_000))
    return path


def test_the_drive_takes_the_file_and_leaves(
    drive: Path, uf2_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave() -> None:
        copy, size = drive / uf2_file.name, uf2_file.stat().st_size
        while not copy.exists() or copy.stat().st_size < size:
            time.sleep(0.01)
        (drive / "INFO_UF2.TXT").unlink()

    monkeypatch.setattr(uf2, "drives", lambda: [drive.parent, drive])
    threading.Thread(target=leave, daemon=True).start()
    assert cli.main(["flash", "--board", "pico_w", "--firmware", str(uf2_file)]) == 0
    assert (drive / uf2_file.name).read_bytes() == uf2_file.read_bytes()
    assert "the drive has gone" in capsys.readouterr().out


def test_a_drive_that_stays_did_not_take_it(drive: Path, uf2_file: Path) -> None:
    with pytest.raises(DormouseError, match="is still there"):
        uf2.write(drive, uf2_file, uf2_file.read_bytes(), Steps(), leaves_s=0)


def test_unplugged_while_copying(drive: Path, uf2_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: int) -> None:
        (drive / "INFO_UF2.TXT").unlink()
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("os.fsync", gone)
    with pytest.raises(DormouseError, match=r"input/output error after 65536 of .* run this again"):
        uf2.write(drive, uf2_file, uf2_file.read_bytes(), Steps())


def test_no_drive_and_now_the_button_is_explained(
    uf2_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uf2, "drives", list)
    assert cli.main(["flash", "--board", "pico_w", "--firmware", str(uf2_file)]) == 1
    assert "hold BOOTSEL while USB is plugged in" in capsys.readouterr().err


def test_which_drive(drive: Path, tmp_path: Path) -> None:
    other, twin = tmp_path / "RP2350", tmp_path / "twin"
    for folder, text in ((other, INFO.replace("RPI-RP2", "RP2350")), (twin, INFO)):
        folder.mkdir()
        (folder / "INFO_UF2.TXT").write_text(text)
    assert uf2.find(PICO, [tmp_path, other, drive]) == drive
    assert uf2.find(PICO, [other]) is None
    with pytest.raises(UsageError, match="say which with --drive"):
        uf2.find(PICO, [drive, twin])
    assert uf2.chosen(drive, PICO) == drive
    with pytest.raises(UsageError, match="it is the drive of RP2350, not of RPI-RP2"):
        uf2.chosen(other, PICO)
    with pytest.raises(UsageError, match=r"there is no INFO_UF2\.TXT in it"):
        uf2.chosen(tmp_path, PICO)
    assert all(path.is_absolute() for path in uf2.drives())
