"""``dormouse check`` says when a board is not for the battery that it is to run from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from command_line import ROOT, Run


@pytest.mark.parametrize(
    ("board", "battery", "told"),
    [("pico_w", True, True), ("nano_rp2040", False, False)],
)
def test_a_battery_on_a_board_that_is_not_for_one(dormouse: Run, tmp_path: Path, board: str, battery: bool, told: bool) -> None:
    text = (ROOT / "config.py").read_text("utf-8").replace('BOARD = "feather_s2"', f'BOARD = "{board}"')
    text = text.replace('    "light": {"driver": "feather_light"},\n', "")
    if not battery:
        text = re.sub(r"BATTERY = \{.*?^\}", "BATTERY = None", text, flags=re.DOTALL | re.MULTILINE)
    config = tmp_path / "config.py"
    config.write_text(text, "utf-8")
    done = dormouse("check", "--config", str(config))
    assert done.returncode == 0, done.stderr
    assert (f"{board} is not for batteries: asleep it takes" in done.stdout) == told
    assert "in order" in done.stdout
