"""Fixtures of the battery's tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from batterykit import ROOT, Make, maker


@pytest.fixture
def root() -> Path:
    """The template's folder."""
    return ROOT


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Settings: batterykit.maker."""
    return maker(tmp_path)
