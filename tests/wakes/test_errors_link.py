"""The error table of docs/wake.md: what the node remembers of its link is forgotten when uploads fail again and again."""

from __future__ import annotations

import pytest
from errors_broker import ScriptedBroker
from linkworld import MakeMeshed, meshed

__all__ = ["meshed"]


@pytest.mark.parametrize("board", ["feather_s2", "pyboard_d"])
def test_address_and_name_after_one_failure_the_access_point_after_two_and_then_now_and_then(
    meshed: MakeMeshed, free_port: int, board: str
) -> None:
    node = meshed(board, f"broker.lan:{free_port}", NTP="127.0.0.1", WAKE_EVERY_S=60)
    with ScriptedBroker(free_port):
        assert node.wake().delivered and node.wake().quiet
    failed = [node.wake() for _ in range(7)]
    assert all("upload failed" in wake.output for wake in failed)
    assert failed[0].quiet
    assert (failed[1].scans, failed[1].leases, failed[1].names) == (0, 1, ["broker.lan"])
    assert failed[2].scans == 1
    # Not in each of them: a broker that is down for days would cost a scan in every wake.
    assert [wake.scans for wake in failed] == [0, 0, 1, 0, 0, 0, 1]
    with ScriptedBroker(free_port) as broker:
        assert node.wake().delivered
        assert len(broker.last.readings()) == 8
    assert node.wake().scans == 0
