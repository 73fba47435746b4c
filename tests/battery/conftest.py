"""Settings made for a test: config.py with other values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dormouse import settings
from dormouse.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
LIPO = {"type": "lipo", "mah": 1000, "stretch_below_v": None, "stop_below_v": None, "want_months": None}
Make = Callable[..., Settings]


@pytest.fixture
def root() -> Path:
    """The template's folder."""
    return ROOT


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Settings: make(WAKE_EVERY_S=60). Without sensors, from a lithium cell used up whole, unless told otherwise."""

    def with_values(**values: Any) -> Settings:
        every = {"SENSORS": {}, "BATTERY": LIPO, "UPLOAD_IF": {}, **values}
        path = tmp_path / "config.py"
        path.write_text(settings.load(ROOT).text(**every))
        return settings.load(ROOT, path)

    return with_values
