"""Ctrl-C amid a wake: neither the deadline nor its backstop ends the session after that."""

from __future__ import annotations

import pytest
from stuck import driver
from test_usb import Living, mpremote

from nodes import MakeNode


@pytest.mark.parametrize("board", ["feather_s2", "pyboard_d"])
def test_who_interrupts_a_wake_that_hangs_stays(make_node: MakeNode, board: str, free_port: int) -> None:
    node = make_node(
        board,
        extra=driver("loop"),
        options={"serial": True},
        SENSORS={"bad": {"driver": "endless"}},
        BROKER=f"127.0.0.1:{free_port}",
        MAX_AWAKE_S=5,
    )
    living = Living(node, 1)
    taken = mpremote(node.serial_path, "exec", "import time; time.sleep(6); print('still here')")
    assert "still here" in taken.stdout, taken.stderr
    assert mpremote(node.serial_path, "reset").returncode == 0
    (wake,) = living.end()
    assert (wake.ended, wake.by) == ("reset", "node")
    assert wake.awake_ms > 6000
