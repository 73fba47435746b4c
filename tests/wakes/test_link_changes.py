"""The network changes behind the node's back: it finds it again in the same wake, or in the next one."""

from __future__ import annotations

from typing import Any

import pytest
from linkworld import SPEED, MakeMeshed, meshed

from dormouse.virtual.mesh import AccessPoint, WifiMesh
from node import fields
from nodes import BOARDS
from power import retained, whole

__all__ = ["meshed"]

QUICK_MS = 3000 / SPEED  # how long a known access point is waited for
NEW = b"\x02\x1a\x2b\x3c\x4d\x99"
TWO = b'WIFI = (("dormouse", "sleep-tight"), ("second", "to-none"))\nUSER = None\nPASSWORD = None\n'


@pytest.mark.parametrize("board", BOARDS)
def test_an_access_point_that_moves_vanishes_or_hangs(meshed: MakeMeshed, board: str, mosquitto: Any) -> None:
    node = meshed(board, f"broker.lan:{mosquitto.port}")
    mesh = node.mesh
    assert node.wake().delivered
    mesh.channel = 11
    moved = node.wake()
    # Only the Pyboard D is told the channel; the others look for the BSSID on all of them.
    assert moved.delivered and moved.scans == (board == "pyboard_d"), moved.output
    mesh.bssid = NEW
    replaced = node.wake()
    assert replaced.delivered and (replaced.scans, replaced.leases) == (1, 1), replaced.output
    assert replaced.attempts[-1].bssid == NEW
    # Something answers under that name and never lets anybody in.
    mesh.associate_ms = 3_600_000
    hung = node.wake()
    assert "LinkError timeout" in hung.output
    first, second = (attempt.at_ms for attempt in hung.attempts)
    assert QUICK_MS - 50 <= second - first, "the known one has its time, and no more"
    assert second - first <= QUICK_MS + node.node.model.scan_ms / SPEED + 1000
    mesh.associate_ms = None
    mesh.ap_present = False
    gone = node.wake()
    assert "LinkError no_ap" in gone.output and gone.scans == 1
    mesh.ap_present = True
    assert "delivered 3" in node.wake().output


@pytest.mark.parametrize("board", BOARDS)
def test_an_address_that_another_has_and_a_broker_that_moved(meshed: MakeMeshed, board: str, mosquitto: Any) -> None:
    node = meshed(board, f"broker.lan:{mosquitto.port}", NTP="127.0.0.1")
    mesh, table = node.mesh, node.node.world.dns.table
    table["broker.lan"] = "127.0.0.9"  # nobody listens there
    lost = node.wake()
    assert "upload failed" in lost.output
    table["broker.lan"] = "127.0.0.1"
    found = node.wake()
    assert found.delivered and found.names == ["broker.lan"] and found.scans == 0, found.output
    mesh.dead.add(mesh.address[0])
    mesh.address = ("192.168.1.58", *mesh.address[1:])
    shared = node.wake()
    assert shared.quiet and "upload failed" in shared.output
    other = node.wake()
    assert other.delivered and other.leases == 1 and other.scans == 0, other.output
    assert node.wake().quiet


@pytest.mark.parametrize("board", BOARDS)
def test_a_broker_that_is_down_costs_few_scans(meshed: MakeMeshed, board: str, free_port: int) -> None:
    node = meshed(board, f"broker.lan:{free_port}")
    wakes = [node.wake() for _ in range(4)]
    # The first, and after the second failure in a row; then every fourth (test_node_link.py).
    assert [wake.scans for wake in wakes] == [1, 0, 1, 0]
    assert [len(wake.names) for wake in wakes[:3]] == [1, 1, 1]


@pytest.mark.parametrize("board", BOARDS)
def test_a_weak_access_point_is_left_for_a_better_one(meshed: MakeMeshed, board: str, mosquitto: Any) -> None:
    node = meshed(board, f"127.0.0.1:{mosquitto.port}")
    mesh = node.mesh
    assert node.wake().delivered
    mesh.others.append(AccessPoint(NEW, 1, -48))
    mesh.rssi -= 9
    assert [attempt.bssid for attempt in node.wake().attempts] == [mesh.bssid], "a door shuts, no more"
    mesh.rssi -= 9
    # Seen in the wake that it served well enough, obeyed in the next one.
    assert [attempt.bssid for attempt in node.wake().attempts] == [mesh.bssid]
    better = node.wake()
    assert better.delivered and better.scans == 1 and better.attempts[-1].bssid == NEW
    again = node.wake()
    assert again.quiet and again.attempts[-1].bssid == NEW


@pytest.mark.parametrize("board", BOARDS)
def test_the_last_good_one_of_several_networks_is_first(meshed: MakeMeshed, board: str, mosquitto: Any) -> None:
    second = AccessPoint(NEW, 3, -70, "second", "to-none")
    mesh = WifiMesh(others=[second], password="changed")
    node = meshed(board, f"127.0.0.1:{mosquitto.port}", mesh, credentials=TWO)
    wake = node.wake()
    assert wake.delivered and wake.scans == 1, wake.output
    assert [attempt.ssid for attempt in wake.attempts] == ["dormouse", "second"]
    mesh.password = "sleep-tight"
    wake = node.wake()
    assert wake.delivered and wake.quiet and [attempt.ssid for attempt in wake.attempts] == ["second"]
    mesh.others.clear()
    wake = node.wake()
    assert wake.delivered and wake.scans == 1 and wake.attempts[-1].ssid == "dormouse", wake.output


@pytest.mark.parametrize("board", BOARDS)
def test_a_short_budget_has_no_time_for_a_scan(meshed: MakeMeshed, board: str, mosquitto: Any) -> None:
    node = meshed(board, f"broker.lan:{mosquitto.port}", MAX_AWAKE_S=5, speed=3)
    for number in range(2):
        wake = node.wake()
        assert wake.delivered and wake.scans == 0, wake.output
        assert wake.quiet == (number > 0)


@pytest.mark.parametrize("board", BOARDS)
def test_whatever_stands_there_does_no_harm(meshed: MakeMeshed, board: str, mosquitto: Any) -> None:
    """Bytes of another layout in a state that is whole: at worst one wake fails, and the one after it is good."""
    node = meshed(board, f"broker.lan:{mosquitto.port}", NTP="127.0.0.1")
    assert node.wake().delivered
    found_at = node.node.retained.index(node.mesh.bssid)
    place = found_at - 4 - max(at for at in frames(node.node.retained) if at < found_at)
    elsewhere = bytes((5, 0xC3, 6, 24)) + NEW + bytes((10, 9, 8, 7, 10, 9, 8, 1, 10, 9, 8, 1, 127, 0, 0, 9))
    here = elsewhere.replace(NEW, node.mesh.bssid)
    for found in (b"\xff" * 26, bytes(range(100, 126)), elsewhere, here):
        image = bytearray(node.node.retained)
        for at in frames(image):
            image[at + place : at + place + 26] = found  # past the mark and the minute
            seal(image, at)
        node.node.retained = bytes(image)
        wakes = [node.wake(), node.wake()]
        assert wakes[1].delivered, [wake.output for wake in wakes]


def frames(image: bytes | bytearray) -> list[int]:
    """Where in retained memory the whole frames with a state begin."""
    last = len(image) - retained.HEADER - fields.size()
    found = [at for at in range(last + 1) if whole.turn(image, at, fields.VERSION, fields.size()) >= 0]
    assert found
    return found


def seal(image: bytearray, at: int) -> None:
    """Make a frame right again."""
    body = at + retained.HEADER
    check = retained.check(image[at : at + retained.CHECKED], image[body : body + fields.size()])
    image[at + retained.CHECKED : body] = check
