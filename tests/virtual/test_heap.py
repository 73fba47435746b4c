"""The firmware's heap: the shims' footprint is measured and added, so that what is left is what was asked for."""

from __future__ import annotations

import pytest

from dormouse.virtual import heap

PROGRAM = """
import gc
gc.collect()
print(gc.mem_free())
import machine
machine.deepsleep(1000)
"""


def test_sizes():
    assert heap.size("49152") == heap.size("48K") == heap.size("48k") == 49152
    assert heap.size("24wK") == 49152
    for wrong in ("", "K", "48 K", "-1", "4G"):
        with pytest.raises(ValueError, match="heap"):
            heap.size(wrong)


def test_the_firmware_gets_the_heap_it_was_given(make, board):
    virtual = make(board, PROGRAM, heap="48K")
    free = int(virtual.run_wake(20).output)
    # The firmware's own names, this program, and the collector's tables, which a heap of that size has anyway, take the rest.
    assert 0 < 48 * 1024 - heap.NAMES_BYTES - free < 3 * 1024
    assert virtual.heap_added > 0
    more = int(make(board, PROGRAM, heap="64K").run_wake(20).output)
    assert more - free == pytest.approx(16 * 1024, abs=600)


def test_a_program_that_needs_more_fails_as_on_a_board(make, board):
    program = "b = bytearray(40000)\nprint('fits')\nimport machine\nmachine.deepsleep(1000)"
    assert make(board, program, heap="64K").run_wake(20).output == "fits\n"
    failed = make(board, program, heap="32K").run_wake(20)
    assert failed.ended == "repl"
    assert "MemoryError" in failed.output


def test_measuring_leaves_no_trace(make, board):
    events = []
    virtual = make(board, PROGRAM, heap="48K", on_event=events.append)
    assert events == []
    wake = virtual.run_wake(20)
    assert (wake.number, wake.reset_cause) == (1, "PWRON_RESET")
