"""What `dormouse deploy` refuses, and what it tells somebody who waits: before anything on the board is changed.

Oracle for the .mpy header: MicroPython's documentation, "MicroPython .mpy files" (version, sub-version and architecture, bits
of a small integer).
"""

from __future__ import annotations

import dataclasses
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import ROOT
from deploy_board import IDLE, Bench, bench, was_reset

from dormouse import boards, bundle, constants, serial_ports, settings
from dormouse.deploying import ask, reach
from dormouse.deploying import found as founds
from dormouse.deploying.found import Firmware
from dormouse.errors import DormouseError
from dormouse.watching import access

__all__ = ["bench"]

Make = Callable[..., Bench]
EVERY = [it for it in boards.every(ROOT) if it["flash"]["method"] != "none"]
PLATFORMS = {"stm32": "pyboard"}
# An authority of nobody, whose key is thrown away.
CA = """\
-----BEGIN CERTIFICATE-----
MIIBHTCBxKADAgECAgEBMAoGCCqGSM49BAMCMA0xCzAJBgNVBAMMAmNhMCAXDTIw
MDEwMTAwMDAwMFoYDzIwOTAwMTAxMDAwMDAwWjANMQswCQYDVQQDDAJjYTBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABFqVR3Z0KyEK7niT7SKmsxGuJqXUBusA9k0+
/9EF1zCbgJyXw/eAgaZcHm4zjLPJor2rmAgzXjhjHwiKt1KlY7GjEzARMA8GA1Ud
EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgSrhSiDIHd87G3U0QlTp4fm2p
gE9y3prLZTNtGScd0UgCIQCNDa+BgDuAL8Vuz0RVzoL7XBwFNH9FxaDs8FAZs8/b
hg==
-----END CERTIFICATE-----
"""


def right(board: boards.Facts, **changes: object) -> Firmware:
    """What a board with the right firmware says of itself."""
    platform = PLATFORMS.get(board["port"], board["port"])
    there = Firmware(platform, board["firmware"]["machine"], (1, 28, 0), 6, True, "", 4096, 1 << 20)
    return dataclasses.replace(there, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("board", EVERY, ids=lambda it: it["name"])
def test_the_firmware_is_the_boards_and_new_enough(board: boards.Facts) -> None:
    least = tuple(int(part) for part in board["firmware"]["minimum"].split("."))
    assert founds.check(right(board), board) == []
    assert founds.check(right(board, version=(*least, 0)), board) == []
    older = (least[0], least[1] - 1, 9)
    with pytest.raises(DormouseError) as error:
        founds.check(right(board, version=older), board)
    shown = ".".join(map(str, older))
    assert f"MicroPython is {shown}, and {board['name']} needs {board['firmware']['minimum']} or later" in str(error.value)
    assert f"dormouse flash, with {board['firmware']['name']} from {board['firmware']['page']}" in str(error.value)


@pytest.mark.parametrize("board", EVERY, ids=lambda it: it["name"])
def test_another_boards_chip_is_refused(board: boards.Facts) -> None:
    for other in EVERY:
        alike = other["chip"] == board["chip"]
        if alike:
            founds.check(right(other), board)  # perhaps with a note: its pins may differ
            continue
        with pytest.raises(DormouseError, match="BOARD = "):
            founds.check(right(other), board)


def test_a_note_for_another_board_with_the_same_chip() -> None:
    feather = boards.read(ROOT, "feather_s2")
    (note,) = founds.check(right(feather, machine="Generic ESP32S2 module with ESP32S2"), feather)
    assert "Its chip is right: look whether its pins are" in note


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"mpy": 5}, "loads .mpy files of version 5, mpy-cross here makes 6: flash a release"),
        ({"mpy": 7}, "loads .mpy files of version 7"),
        ({"mpy": 0}, "loads .mpy files of version 0"),  # built without them
        ({"network": False}, "its firmware has no Wi-Fi: flash UM_FEATHERS2"),
        ({"platform": "rp2"}, "BOARD = 'feather_s2' is a esp32: choose the BOARD that it is"),
    ],
)
def test_a_firmware_that_cannot_run_it(changes: dict[str, object], told: str) -> None:
    feather = boards.read(ROOT, "feather_s2")
    with pytest.raises(DormouseError) as error:
        founds.check(right(feather, **changes), feather)
    assert told in str(error.value)


def test_what_is_compiled_needs_no_architecture() -> None:
    read = settings.load(ROOT)
    compiled = {path: data for path, data in bundle.files(ROOT, read, read.text(), b"").items() if path.endswith(".mpy")}
    assert len(compiled) > 20
    for path, data in compiled.items():
        magic, version, native, bits = data[:4]
        assert (chr(magic), version, native) == ("M", 6, 0), path
        assert bits <= 31, path  # MP_SMALL_INT_BITS of a 32-bit port


@pytest.mark.parametrize("board", EVERY, ids=lambda it: it["name"])
def test_how_to_get_at_each_board(board: boards.Facts) -> None:
    read = {"WAKE_EVERY_S": 600, "UPLOAD_EVERY": 3, "MAX_AWAKE_S": 20}
    text, button, uart = reach.advice(board, read), board["reach"]["button"], board["reach"]["uart"]
    assert "after that the node stays awake for 8 s" in text
    assert "stays awake for 4 s" in reach.advice(board, {**read, "MAX_AWAKE_S": 10})
    assert f"press {button}, or without a battery plug it in anew" in text if button else "cut its supply" in text
    assert "--wake: the node hears of it when it uploads next, within 30 min" in text
    native = board["usb"] == "native"
    assert ("USB ends with each sleep" in text) == native
    assert ("it is caught in its next wake, within 10 min (--wait 660)" in text) == (not native)
    if native:
        assert (f"USB-UART adapter to its UART ({uart}, and GND), named with --port" in text) == bool(uart)
        assert ("does not help: its firmware listens to USB alone" in text) == (not uart)
    asked = reach.advice(board, read, asked=True)
    assert asked.startswith("Asked to stay awake: the node hears of it when it uploads next, within 30 min. At once: ")
    assert "--wake" not in asked


def test_a_board_of_ones_own_that_does_not_say_how() -> None:
    board = {name: value for name, value in boards.read(ROOT, "feather_s2").items() if name != "reach"}
    text = reach.advice(board, {"WAKE_EVERY_S": 600, "UPLOAD_EVERY": 1, "MAX_AWAKE_S": 20})
    assert "Now press its reset button, or without a battery plug it in anew" in text
    assert "Press its reset button" in serial_ports.missing(board)


def test_who_waits_sees_how_long_and_gives_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now, said = [1000.0], []
    monkeypatch.setattr(reach.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(reach.time, "sleep", lambda s: now.__setitem__(0, now[0] + s))
    monkeypatch.setattr(reach.serial_ports.list_ports, "comports", list)
    board = boards.read(ROOT, "pyboard_d")
    with pytest.raises(DormouseError) as error:
        reach.reach(board, None, 40, said.append, "ADVICE")
    assert 1040 <= now[0] < 1041
    assert said[0] == "ADVICE"
    assert said[1] == "waiting for the pyboard_d, 40 s left; Ctrl-C ends it"
    assert [line.split(", ")[1].split(" left")[0] for line in said[1:]] == ["40 s", "25 s", "10 s"]
    assert str(error.value).startswith("no board within 40 s: no serial port of a pyboard_d")
    with pytest.raises(DormouseError, match="the node has not answered by MQTT that it stays awake"):
        reach.reach(board, "/dev/null", 40, said.append, "ADVICE", may_knock=lambda: False)


@pytest.mark.parametrize(
    ("lines", "topic"),
    [
        ({"NAME": "shed", "TOPIC": "dormouse/{name}"}, "dormouse/shed"),
        ({"NAME": "shed", "TOPIC": "garden/{user}/{name}"}, "garden/mole/shed"),
        ({"NAME": None, "TOPIC": "shed"}, "shed"),
        ({"NAME": "shed", "SERVICE": "homeassistant"}, "dormouse/shed"),
    ],
)
def test_whom_wake_asks(lines: dict[str, object], topic: str) -> None:
    read = settings.load(ROOT)
    read.values.update(lines)
    assert ask.topic(read, "mole") == topic


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ({"NAME": None}, "--wake: NAME is None, the chip makes it up"),
        ({"NAME": "shed", "SERVICE": "ibm", "TOPIC": "org/type"}, "--wake: SERVICE is 'ibm', and commands of this service go"),
        ({"NAME": "shed", "SERVICE": "adafruit"}, "--wake: SERVICE is 'adafruit', and commands of this service go another way"),
    ],
)
def test_whom_wake_cannot_ask(lines: dict[str, object], told: str) -> None:
    read = settings.load(ROOT)
    read.values.update(lines)
    with pytest.raises(DormouseError, match=told):
        ask.topic(read, None)


@pytest.mark.parametrize("kind", ["der file", "pem file", "on the board", "pem", "der"])
def test_wake_takes_each_form_of_a_ca(kind: str, tmp_path: Path) -> None:
    der = ssl.PEM_cert_to_DER_cert(CA)
    (tmp_path / "ca.der").write_bytes(der)
    (tmp_path / "ca.pem").write_text(CA)
    value = {"der file": "ca.der", "pem file": "ca.pem", "on the board": "/ca.der", "pem": CA, "der": der}[kind]
    read = settings.load(ROOT)
    read.values.update(TLS=True, BROKER="broker.example")
    secrets = constants.parse(f'USER = "mole"\nPASSWORD = "acorn"\nCA = {value!r}\n', "credentials.py")
    found = access.of(read, secrets, tmp_path)
    assert (found.where, found.user, found.password) == ("broker.example:8883", "mole", "acorn")
    assert found.tls is not None
    assert der in found.tls.get_ca_certs(binary_form=True)
    strict = found.tls.verify_flags & (ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT)
    assert strict == ssl.VERIFY_X509_PARTIAL_CHAIN  # as the node


# With a board.

REFUSALS = {
    "hidden": ({"mqtt.py": b"# mine\n"}, "/mqtt.py on the board would hide what belongs in /lib: move it away, mpremote rm"),
    "full": ({"photos/big.bin": bytes(2_990_000)}, "bytes free, and "),
    "old": ({}, "the board's MicroPython is 1.21.0, and esp8266 needs 1.22 or later"),
}


@pytest.mark.parametrize("why", REFUSALS)
def test_a_refusal_changes_nothing_and_the_board_goes_on(
    why: str, bench: Make, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    more, told = REFUSALS[why]
    if why == "old":
        firmware = founds.firmware
        monkeypatch.setattr(founds, "firmware", lambda link: dataclasses.replace(firmware(link), version=(1, 21, 0)))
    desk = bench("esp8266", {"main.py": IDLE, **more})
    before = desk.on_board()
    desk.live(until=was_reset)
    assert desk.deploy() == 1
    assert desk.join().ended == "reset"
    assert told in capsys.readouterr().err
    assert desk.on_board() == before


def test_a_port_behind_which_nobody_is_awake(capsys: pytest.CaptureFixture[str], bench: Make) -> None:
    desk = bench("esp8266", {"main.py": IDLE})
    assert desk.virtual.serial_path is not None
    assert desk.deploy(wait=1) == 1  # nobody is awake behind the bridge
    text = capsys.readouterr().err
    assert f"no board within 1 s: nobody answers at {desk.virtual.serial_path}: it is silent. The esp8266's USB-serial" in text
    assert "it is caught in its next wake, within 15 min" in text
