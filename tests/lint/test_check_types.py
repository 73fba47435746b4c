"""The checker of types itself: which ports a file claims, and that it sees each wrong call written here on purpose."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import device

sys.path.insert(0, str(Path(__file__).parent))

import check_types
import typed_copy

# A call that the port refuses, each in a function of its own; what must be in the message.
WRONG = {
    "esp32": [
        ("import machine", "machine.Pin(5, machine.Pin.OUT, alt=1)", "alt"),
        ("import machine", "machine.Pin(5).mode()", "Absent"),
        ("import machine", "machine.RTC(0)", "positional"),
        ("import machine", "machine.deepsleep(ms=3)", "deepsleep"),
        ("import machine", "machine.mem_backups()", "mem_backups"),
        ("import machine", "machine.ADC(machine.Pin(1)).read_mv()", "read_mv"),
        ("import machine", "machine.WDT(1, 2, 3)", "positional"),
        ("import esp", "esp.deepsleep(3)", "deepsleep"),
        ("import pyb", "pyb.LED(1)", "pyb"),
        ("import network", "network.WLAN().connect('a', 'b', channel=3)", "channel"),
        ("import socket", "socket.SO_LINGER", "SO_LINGER"),
        ("import time", "time.sleep_ms(ms=3)", "positional"),
        ("", "wlan.connect('a', 'b', channel=3)", "channel"),
        ("", "board.i2c({}).readfrom(0x44, 6, stop=True)", "stop"),
        ("", "i2c.write_to(0x44, b'')", "write_to"),
        ("", "__import__('machine').Timer(0, periods=3)", "overloads"),
        ("", "__import__('esp32').wake_on_ext2()", "wake_on_ext2"),
    ],
    "stm32": [
        ("import machine", "machine.RTC().memory(b'')", "Absent"),
        ("import machine", "machine.ADC(0).read_uv()", "Absent"),
        ("import machine", "machine.Pin('X1', drive=1)", "drive"),
        ("import machine", "machine.wake_reason()", "wake_reason"),
        ("import esp32", "esp32.wake_on_ext0()", "esp32"),
        ("import network", "network.WLAN(0).hold()", "hold"),
        ("import machine", "machine.Pin('X1', machine.Pin.IN, machine.Pin.PULL_HOLD)", "Absent"),
        ("import pyb", "pyb.Timer(2, freq=3, hard=True)", "hard"),
        ("import socket", "socket.IPPROTO_UDPLITE", "IPPROTO_UDPLITE"),
        ("", "wlan.connect('a', 'b', bssids=b'')", "bssids"),
        ("", "__import__('pyb').USB_VCP().connected()", "connected"),
    ],
}


@pytest.mark.parametrize("port", sorted(WRONG))
def test_each_wrong_call_is_reported(port: str, tmp_path: Path) -> None:
    if not (device.ROOT / ".stubs" / port).is_dir():
        pytest.skip("no .stubs: run tools/setup lint")
    lines = [
        f"def case_{i}(wlan, board, i2c): {imported + '; ' if imported else ''}return {call}"
        for i, (imported, call, _) in enumerate(WRONG[port])
    ]
    wrong = tmp_path / "wrong.py"
    wrong.write_text("\n".join(lines) + "\n")
    files, errors = check_types.check_port(port, [wrong], tmp_path)
    assert files >= 1
    told = {line: text for _, line, text in errors}
    for number, (_, call, word) in enumerate(WRONG[port], 1):
        assert word in told.get(number, ""), f"{port}: {call}: {told.get(number)}"


@pytest.mark.parametrize(
    ("name", "ports"),
    [
        ("main.py", check_types.PORTS),
        ("src/node/cycle.py", check_types.PORTS),
        ("sensors/sht4x.py", check_types.PORTS),
        ("power/on_esp8266.py", ("esp8266",)),
        ("power/radio_stm32.py", ("stm32",)),
        ("boards/feather_s2/profile.py", ("esp32",)),
        ("boards/pyboard_d/profile.py", ("stm32",)),
        ("boards/esp8266/profile.py", ("esp8266",)),
    ],
)
def test_what_a_file_claims(name: str, ports: tuple[str, ...]) -> None:
    assert check_types.claimed(device.ROOT / name) == ports


def test_every_device_file_claims_a_port_and_every_port_has_a_profile() -> None:
    claims = {device.name(path): check_types.claimed(path) for path in device.files()}
    assert all(ports and set(ports) <= set(check_types.PORTS) for ports in claims.values())
    profiles = {port for name, ports in claims.items() if name.endswith("/profile.py") for port in ports}
    assert profiles >= {"esp32", "esp8266", "stm32"}


def test_the_copy_says_types_and_moves_no_line() -> None:
    source = 'def f(wlan, x, board=None):\n    y = "ä", __import__("pyb").LED\n    return __import__("boards." + x)\n'
    lines = typed_copy.annotated(source, lambda name: name != "esp").splitlines()
    assert lines[0] == 'def f(wlan: "_typed_network.WLAN", x, board: "_typed_board.Board"=None):'
    assert lines[1] == '    y = "ä", _typed_pyb.LED'
    assert lines[2] == '    return __import__("boards." + x)'
    assert typed_copy.annotated('__import__("esp").x()\n', lambda name: False) == '__import__("esp").x()\n'
