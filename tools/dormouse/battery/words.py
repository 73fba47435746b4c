"""How results are put into words, the same on the screen, in the plot and in docs/battery.md."""

from __future__ import annotations

from dormouse.battery.life import Life
from dormouse.report import duration


def months_text(found: Life, short: bool = False) -> str:
    """How long it lasts: "6.7 months (5.3 to 8.5)"; in days below two months."""
    if found.months is None:
        return "on mains"
    low, typical, high = found.months
    days = typical < 2
    factor, unit = (365 / 12, "days") if days else (1.0, "months")
    digits = 0 if days and typical * factor >= 10 else 1
    if short:
        return f"{typical * factor:.{digits}f} {unit}"
    shelf = ", its shelf life" if found.shelf else ""
    return f"{typical * factor:.{digits}f} {unit} ({low * factor:.{digits}f} to {high * factor:.{digits}f}{shelf})"


def battery_text(found: Life) -> str:
    """What battery it is."""
    battery = found.settings["BATTERY"]
    return f"{battery.get('type', 'lipo')}, {battery.get('mah', 1000)} mAh" if battery else "no battery"


def title(name: str, found: Life) -> str:
    """Which node, in one line."""
    had = found.settings
    uploads = f", uploads every {had['UPLOAD_EVERY']}th" if had["UPLOAD_EVERY"] > 1 else ""
    return f"{name}: {had['BOARD']}, {battery_text(found)}, wakes every {duration(had['WAKE_EVERY_S'])}{uploads}"
