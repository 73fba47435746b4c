"""Settings made for a test: config.py with other values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dormouse import settings
from dormouse.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
LIPO = {"type": "lipo", "mah": 1000, "stretch_below_v": None, "stop_below_v": None, "want_months": None}
Make = Callable[..., Settings]


def maker(folder: Path) -> Make:
    """make(WAKE_EVERY_S=60): settings without sensors, of a lithium cell that is used up whole, unless told otherwise.

    folder: where the file is written.
    """

    def make(**values: Any) -> Settings:
        path = folder / "config.py"
        path.write_text(settings.load(ROOT).text(**{"SENSORS": {}, "BATTERY": LIPO, "UPLOAD_IF": {}, **values}))
        return settings.load(ROOT, path)

    return make
