"""What a wake asks of the network: once everything, then nothing that it remembers. Counted by the network."""

from __future__ import annotations

from typing import Any

import pytest
from linkworld import MakeMeshed, Seen, meshed

from dormouse.virtual.mesh import WifiMesh
from nodes import BOARDS

__all__ = ["meshed"]

OFF = {"feather_s2": ["active"], "pyboard_d": ["active", "deinit"], "esp8266": ["disconnect"]}
PM_NONE = {"feather_s2": 0, "pyboard_d": 0x10, "esp8266": 0}


@pytest.mark.parametrize("board", BOARDS)
def test_later_wakes_ask_neither_scan_nor_dhcp_nor_dns(meshed: MakeMeshed, board: str, mosquitto: Any) -> None:
    node = meshed(board, f"broker.lan:{mosquitto.port}")
    first = node.wake()
    assert first.delivered, first.output
    assert (first.scans, first.leases, first.names) == (1, 1, ["broker.lan"])
    for _ in range(3):
        wake = node.wake()
        assert wake.delivered, wake.output
        assert wake.quiet  # the clock asks the broker's host, which is known too
        _joined_as_known(wake, node.mesh, board)
        _whole(wake, board)


def _joined_as_known(wake: Seen, mesh: WifiMesh, board: str) -> None:
    assert [attempt.bssid for attempt in wake.attempts] == [mesh.bssid]
    assert wake.attempts[0].channel == (mesh.channel if board == "pyboard_d" else -1)


def _whole(wake: Seen, board: str) -> None:
    names = [name for name, _ in wake.calls]
    # Power save is off before anything is sent, and the radio is off at the end.
    saving = [args["to"] for name, args in wake.calls if name == "config" and args.get("put") == "pm"]
    assert saving == [PM_NONE[board]]
    assert names[-len(OFF[board]) :] == OFF[board]
    if "active" in OFF[board]:
        assert wake.calls[-len(OFF[board])][1]["on"] is False


@pytest.mark.parametrize("board", BOARDS)
def test_address_and_name_are_two_hours_old_at_most(meshed: MakeMeshed, board: str, mosquitto: Any) -> None:
    node = meshed(board, f"broker.lan:{mosquitto.port}", WAKE_EVERY_S=3000, NTP="127.0.0.1")
    asked_s = None
    kept = aged = 0
    for _ in range(7):
        now_s = node.node.now_s
        wake = node.wake()
        assert wake.delivered, wake.output
        minutes = None if asked_s is None else (now_s - asked_s) / 60
        if minutes is None:
            assert (wake.scans, wake.leases, wake.names) == (1, 1, ["broker.lan"])
        elif minutes < 114:  # the board's clock is wrong by 5 % at most
            kept += 1
            assert wake.quiet, minutes
        elif minutes > 126:
            aged += 1
            assert (wake.scans, wake.leases, wake.names) == (0, 1, ["broker.lan"]), minutes
        if wake.names:
            asked_s = now_s
    assert kept >= 2 and aged >= 1


@pytest.mark.parametrize("board", BOARDS)
def test_addresses_in_the_configuration_are_never_asked_for(meshed: MakeMeshed, board: str, mosquitto: Any) -> None:
    node = meshed(board, f"127.0.0.1:{mosquitto.port}", STATIC_IP=("192.168.1.77/24", "192.168.1.1"), COUNTRY="DE")
    for number in range(3):
        wake = node.wake()
        assert wake.delivered, wake.output
        assert wake.names == [] and wake.scans == (number == 0)
        assert wake.leases == 0 or board == "esp8266"
        four = ["192.168.1.77", "255.255.255.0", "192.168.1.1", "192.168.1.1"]
        assert [args["four"] for name, args in wake.calls if name == "ifconfig" and "four" in args] == [four]


@pytest.mark.parametrize("board", BOARDS)
def test_a_hidden_network_is_joined_by_its_name(meshed: MakeMeshed, board: str, mosquitto: Any) -> None:
    node = meshed(board, f"broker.lan:{mosquitto.port}", WifiMesh(hidden=True), NTP="127.0.0.1")
    assert node.wake().delivered
    for _ in range(2):
        wake = node.wake()
        assert wake.delivered and wake.quiet, wake
        assert [attempt.bssid for attempt in wake.attempts] == [None]


def test_the_esp8266_writes_its_flash_once(meshed: MakeMeshed, mosquitto: Any) -> None:
    """The SDK keeps network and access point in flash (ports/esp8266/network_wlan.c), and joins by itself what is there."""
    node = meshed("esp8266", f"broker.lan:{mosquitto.port}")
    connects = [sum(name == "connect" for name, _ in node.wake().calls) for _ in range(4)]
    assert connects == [1, 0, 0, 0]
