"""Fixtures of the command's tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import ROOT, Run, run


@pytest.fixture
def root() -> Path:
    """The template's folder."""
    return ROOT


@pytest.fixture
def dormouse() -> Run:
    """Run the command: command_line.run."""
    return run
