"""``dormouse flash`` refuses what must not reach a board, and says what is needed; no hardware is asked for it.

The good files are as MicroPython's own build tools make them (tests/support/firmware_files.py).
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import firmware_files
from dormouse import cli
from dormouse.errors import DormouseError
from dormouse.flashing import dfu, esp_image, firmware, uf2
from dormouse.virtual import models

HERE = Path("firmware.bin")
MACHINES = {name: models.read(name)["firmware"]["machine"] for name in models.names()}
S2, C3, D1, PYBD, PICO = (models.read(name) for name in ("feather_s2", "esp32_c3", "d1_mini", "pyboard_d", "pico_w"))


def good(board: dict) -> bytes:
    machine = board["firmware"]["machine"]
    if board["flash"]["method"] == "dfu":
        return firmware_files.dfu(machine)
    if board["flash"]["method"] == "uf2":
        return firmware_files.uf2(machine)
    return firmware_files.esp(board["chip"], machine, board["flash"]["offset"])


def check(data: bytes, board: dict) -> object:
    return {"esptool": esp_image, "dfu": dfu, "uf2": uf2}[board["flash"]["method"]].check(HERE, data, board)


@pytest.mark.parametrize("board", [S2, C3, D1, PYBD, PICO], ids=lambda board: board["name"])
def test_a_good_file_passes_and_none_that_is_cut_off(board: dict) -> None:
    data = good(board)
    check(data, board)
    for length in [*range(0, len(data), len(data) // 40), len(data) - 1]:
        with pytest.raises(DormouseError, match="nothing was written"):
            check(data[:length], board)


@pytest.mark.parametrize("board", [S2, C3, D1, PYBD, PICO], ids=lambda board: board["name"])
def test_damage_is_seen_or_harmless_but_never_a_crash(board: dict) -> None:
    data, chance, seen = good(board), random.Random(4), 0
    for _ in range(60):
        at = chance.randrange(len(data))
        try:
            check(data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :], board)
        except DormouseError:
            seen += 1
    # UF2 has no checksum of its own; a .bin of the ESP32s has unused bytes between its parts: 0x8000 and 0x10000 are fixed.
    assert seen >= {"uf2": 2, "dfu": 60}.get(board["flash"]["method"], 60 if board["chip"] == "esp8266" else 15)


@pytest.mark.parametrize(
    ("data", "board", "told"),
    [
        (good(C3), S2, "this is an image for esp32c3, the chip here is esp32s2"),
        (good(D1), S2, "this is an image for esp8266, the chip here is esp32s2"),
        (good(S2), D1, "this is an image for esp32s2, the chip here is esp8266"),
        (firmware_files.application("esp32s2", MACHINES["feather_s2"]), S2, "an application alone"),
        (good(PICO), S2, "this is no image for an Espressif chip"),
        (good(S2), PYBD, "this is no DfuSe file"),
        (good(S2), PICO, "this is no UF2 file"),
        (firmware_files.uf2("x", 0xE48BFF59), PICO, "it is for RP2350, the chip here is rp2040"),
        (firmware_files.uf2("x", 0xBFDD4EEE), PICO, "it is for ESP32-S2, the chip here is rp2040"),
        (firmware_files.uf2("x", 0x12345678), PICO, "it is for the UF2 family 0x12345678"),
        (firmware_files.uf2("x", address=0x101FFF00), PICO, "it writes to 0x10200000, outside this board's flash of 2048 KiB"),
        (firmware_files.dfu("x", address=0x08000000), PYBD, "it writes to 0x8000000, where this board's firmware is not"),
        (firmware_files.dfu("x", usb=(0x0694, 0x0008)), PYBD, "it is for the USB device 0694:0008, not for 0483:df11"),
    ],
)
def test_another_boards_file(data: bytes, board: dict, told: str) -> None:
    with pytest.raises(DormouseError) as error:
        check(data, board)
    text = str(error.value)
    assert told in text
    assert board["firmware"]["page"] in text  # which is right


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "the file is empty"),
        (b"\n<!DOCTYPE html><html>", "this is a web page"),
        (b"\x1f\x8b\x08" + bytes(99), "this is a .gz archive"),
        (b"PK\x03\x04" + bytes(99), "this is a .zip archive"),
        (firmware_files.esp("esp32s2", "x", 0x1000, version="v1.19.1"), "MicroPython 1.19.1 is too old, Dormouse needs 1.22"),
        (firmware_files.esp("esp32s2", "x", 0x1000).replace(b"MicroPython", b"CircusPyton"), "damaged"),
    ],
    ids=["empty", "page", "gz", "zip", "old", "patched"],
)
def test_the_command_refuses_it_before_it_looks_for_a_board(
    data: bytes, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "firmware.bin"
    path.write_bytes(data)
    assert cli.main(["flash", "--board", "feather_s2", "--firmware", str(path), "--port", str(tmp_path / "none")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line
    assert "nothing was written. Unexpected Maker Feather S2 needs UM_FEATHERS2" in line


def test_what_is_told_of_the_content() -> None:
    code = firmware_files.code("Generic ESP32S2 module with ESP32S2", version="v1.29.0-preview.12.g0123abc")
    found = firmware.look_into(HERE, code, S2)
    assert str(found) == "MicroPython 1.29.0-preview.12.g0123abc for Generic ESP32S2 module with ESP32S2"
    assert "made for Generic ESP32S2 module" in str(firmware.doubt(found, S2))
    assert firmware.doubt(firmware.look_into(HERE, firmware_files.code(MACHINES["feather_s2"]), S2), S2) is None
    assert firmware.look_into(HERE, b"my MicroPython, a1b2c3", S2) == firmware.Content(None, None)
    with pytest.raises(DormouseError, match="there is no MicroPython in it"):
        firmware.look_into(HERE, bytes(999), S2)


@pytest.mark.parametrize("board", sorted(set(MACHINES) - {"virtual"}))
def test_without_a_file_it_says_which(board: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["flash", "--board", board]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    facts = models.read(board)["firmware"]
    assert all(text in line for text in (facts["name"], facts["page"], facts["suffix"], facts["minimum"], "--firmware FILE"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nobody",), "nodes/nobody.py: no such file"),
        (("example", "--board", "esp32"), "say one of them"),
        (("--board", "abacus"), "there is no such board; there are: d1_mini"),
        (("--board", "virtual"), "There is nothing to flash"),
        (("--board", "pico_w", "--port", "COM3"), "--port is not for Raspberry Pi Pico W, which is written by uf2"),
        (("--board", "pyboard_d", "--keep-files"), "--keep-files is not for Pyboard D-series"),
        (("--board", "esp32", "--drive", "x"), "--drive is not for ESP32 DevKit"),
        (("--board", "esp32", "--firmware", "no/such.bin"), "no/such.bin: no such file"),
    ],
)
def test_wrong_usage(words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["flash", *words]) == 2
    assert told in capsys.readouterr().err


def test_a_nodes_board_decides(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    for name in ("main.py", "src", "boards"):
        (tmp_path / name).symlink_to(root / name)
    (tmp_path / "config.py").write_text('BOARD = "feather_s2"\nWAKE_EVERY_S = "a mistake, no matter here"\n')
    (tmp_path / "nodes").mkdir()
    (tmp_path / "nodes" / "shed.py").write_text('BOARD = "pico_w"\n')
    (tmp_path / "nodes" / "garden.py").write_text('NAME = "garden"\n')
    (tmp_path / "nodes" / "attic.py").write_text('\nBOARD = "pico"\n')
    monkeypatch.chdir(tmp_path)
    for words, told in ((["shed"], "RPI_PICO_W"), (["garden"], "UM_FEATHERS2"), ([], "UM_FEATHERS2")):
        assert cli.main(["flash", *words]) == 2
        assert told in capsys.readouterr().err
    assert cli.main(["flash", "attic"]) == 2
    assert "attic.py:2: BOARD 'pico': there is no such board" in capsys.readouterr().err
    for name, text, told in (
        ("broken", "BOARD = (", "broken.py:1: is not Python"),  # config.py's board is perhaps not this node's
        ("none", "", "config.py has no BOARD; allowed: d1_mini"),
    ):
        (tmp_path / "nodes" / f"{name}.py").write_text(text)
        if name == "none":
            (tmp_path / "config.py").write_text("")
        assert cli.main(["flash", name]) == (2 if name == "none" else 1)
        assert told in capsys.readouterr().err
