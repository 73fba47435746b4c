"""The wiring picture of a board, as SVG: the board as a box, what hangs on its pins around it. All of it from board.toml.

On white, so that it can be read on a dark page as well. ``data-pin`` carries the pins, so that a test can read them back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

_WIDTH = 880
_LEFT, _RIGHT, _TOP, _BOTTOM = 330, 550, 56, 378  # the board's box
_PLUS, _SUPPLY, _SIGNAL, _GROUND, _BOX = "#b5651d", "#b03a3a", "#2f6690", "#333333", "#f3f5f7"
_PART = 690  # where the sensors' boxes begin


def draw(board: dict[str, Any]) -> str:
    """The picture of a board. board: what its board.toml says."""
    name, notes = board["name"], _notes(board)
    height = _BOTTOM + 26 + 18 * len(notes)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
    parts = [f'{head} font-family="sans-serif" font-size="13" role="img">']
    parts.append(f"<title>{escape(f'Wiring of {name}')}</title>")
    parts.append('<rect width="100%" height="100%" rx="6" fill="white"/>')
    parts.append(_text(16, 28, f"{board['title']} ({name})", "black", size=16, bold=True))
    parts += _box(_LEFT, _TOP, _RIGHT - _LEFT, _BOTTOM - _TOP)
    parts += _battery(board) + _wake(board) + _ground_pin() + _sensors(board)
    for number, line in enumerate(notes):
        parts.append(_text(16, _BOTTOM + 30 + 18 * number, line, "#444"))
    return "\n".join([*parts, "</svg>", ""])


def pins(svg: str) -> list[str]:
    """The pins that a picture shows, as board.toml names them."""
    return re.findall(r'data-pin="([^"]*)"', svg)


def _battery(board: dict[str, Any]) -> list[str]:
    rails, pin = board["rails"], board["pins"]["battery"]
    parts = _line(_PLUS, (60, 165), (60, 90), (_LEFT, 90)) + _pin(rails["battery"], rails["battery"], 90, left=True)
    # The cell: a long line and a short one.
    for y, half, width in ((165, 16, 2), (175, 9, 4)):
        parts.append(f'<line x1="{60 - half}" x2="{60 + half}" y1="{y}" y2="{y}" stroke="{_GROUND}" stroke-width="{width}"/>')
    parts += _line(_GROUND, (60, 175), (60, 196)) + _earth(60, 196)
    parts += [_text(38, 158, "+", _PLUS, bold=True, end=True), _text(30, 236, "battery", "#444")]
    if not pin or not rails["divider"]:
        return parts
    upper, lower = rails["divider"]
    parts += _dot(150, 90) + _line(_SIGNAL, (150, 90), (150, 110)) + _resistor(150, 110, upper)
    parts += _line(_SIGNAL, (150, 150), (150, 170), (_LEFT, 170)) + _pin(pin, _shown(board, pin), 170, left=True)
    parts.append(_text(_LEFT - 6, 162, "battery voltage", "#444", end=True, size=11))
    if lower:
        parts += _dot(150, 170) + _line(_SIGNAL, (150, 170), (150, 186)) + _resistor(150, 186, lower)
        parts += _line(_GROUND, (150, 226), (150, 236)) + _earth(150, 236)
        parts += _dot(228, 170) + _line(_SIGNAL, (228, 170), (228, 201)) + _capacitor(228, 201)
        parts += _line(_GROUND, (228, 209), (228, 236)) + _earth(228, 236) + [_text(244, 209, "100 nF", "#444", size=11)]
    return parts


def _wake(board: dict[str, Any]) -> list[str]:
    if board["port"] == "esp8266":
        pin = _shown(board, "16")
        return [
            *_pin("16", pin, 286, left=True),
            *_pin("RST", "RST", 318, left=True),
            *_line(_SIGNAL, (_LEFT, 286), (286, 286), (286, 318), (_LEFT, 318)),
            _text(278, 298, "a wire: the timer", "#444", end=True, size=11),
            _text(278, 313, "wakes it through RST", "#444", end=True, size=11),
        ]
    if not board["pins"]["wake"]:
        return []
    how = next(wire["how"] for wire in board["wiring"] if wire["what"] == "Wake pin")
    to_ground = re.search(r"between the pin and (GND|a supply)", how, re.IGNORECASE)
    if to_ground is None:
        raise ValueError(f"boards/{board['name']}/board.toml: the wiring of the wake pin says not what it is between")
    pin, y = _wakes(board)[0], 318
    always = board["rails"]["always"] or "a supply that stays on"
    parts = _pin(pin, _shown(board, pin), y, left=True) + _line(_SIGNAL, (_LEFT, y), (110, y)) + _dot(205, y)
    parts.append(_text(_LEFT - 6, y - 8, "wake", "#444", end=True, size=11))
    if to_ground[1] == "GND":  # a resistor up, a button down
        parts += _line(_SUPPLY, (205, 258), (205, 266)) + _resistor(205, 266, "100 kOhm") + _line(_SIGNAL, (205, 306), (205, y))
        parts += _line(_SIGNAL, (110, y), (110, 326)) + _button(110, 326) + _line(_GROUND, (110, 350), (110, 356))
        return [*parts, *_earth(110, 356), _text(205, 253, always, _SUPPLY, middle=True, size=11)]
    parts += _line(_SIGNAL, (205, y), (205, 322)) + _resistor(205, 322, "100 kOhm") + _earth(205, 363)
    parts += _line(_SUPPLY, (110, 280), (110, 288)) + _button(110, 288) + _line(_SIGNAL, (110, 312), (110, y))
    return [*parts, _text(110, 274, always, _SUPPLY, middle=True, size=11)]


def _wakes(board: dict[str, Any]) -> list[str]:
    """The wake pins that nothing else in the picture is wired to; not 0, which is the BOOT button where there is a number."""
    facts = board["pins"]
    used = {"0", facts["battery"], facts["onewire"], *(pin.split()[1] for pin in facts["i2c"])}
    return [pin for pin in facts["wake"] if pin not in used]


def _ground_pin() -> list[str]:
    y = 354
    return _pin("GND", "GND", y, left=True) + _line(_GROUND, (_LEFT, y), (300, y), (300, y + 6)) + _earth(300, y + 6)


def _sensors(board: dict[str, Any]) -> list[str]:
    facts, supply = board["pins"], board["rails"]["sensors"]
    scl, sda = (pin.split()[1] for pin in facts["i2c"])
    bus = 610
    parts = _pin(supply, supply, 90, left=False) + _line(_SUPPLY, (_RIGHT, 90), (_PART, 90))
    note = "off in deep sleep" if board["rails"]["switched"] else "supply"
    parts.append(_text(_RIGHT + 6, 83, note, "#444", size=11))
    for y, pin, what in ((132, scl, "SCL"), (166, sda, "SDA")):
        parts += _pin(pin, _shown(board, pin), y, left=False) + _line(_SIGNAL, (_RIGHT, y), (_PART, y))
        parts.append(_text(_RIGHT + 6, y - 7, what, "#444", size=11))
    parts += _part(70, 140, "I2C sensor", "its board has the pull-ups", ((90, "VCC"), (132, "SCL"), (166, "SDA"), (196, "GND")))
    parts += _line(_GROUND, (_PART, 196), (_PART - 20, 196), (_PART - 20, 202)) + _earth(_PART - 20, 202)
    pin = facts["onewire"]
    parts += _dot(bus, 90) + _line(_SUPPLY, (bus, 90), (bus, 256), (_PART, 256))
    parts += _pin(pin, _shown(board, pin), 316, left=False) + _line(_SIGNAL, (_RIGHT, 316), (_PART, 316))
    parts.append(_text(_RIGHT + 6, 309, "1-Wire", "#444", size=11))
    parts += _dot(bus, 256) + _line(_SUPPLY, (bus, 256), (bus, 266)) + _resistor(bus, 266, "4.7 kOhm")
    parts += _line(_SIGNAL, (bus, 306), (bus, 316)) + _dot(bus, 316)
    parts += _part(238, 128, "DS18B20", "or another 1-Wire part", ((256, "VDD"), (316, "DQ"), (346, "GND")))
    return parts + _line(_GROUND, (_PART, 346), (_PART - 20, 346), (_PART - 20, 352)) + _earth(_PART - 20, 352)


def _notes(board: dict[str, Any]) -> list[str]:
    notes = ["All ground symbols are joined, with the board's GND. Lines cross without touching, unless there is a dot."]
    if board["rails"]["divider"] and not board["rails"]["divider"][1]:
        notes.append("The other resistors of the battery's divider are on the board.")
    if len(_wakes(board)) > 1:
        notes.append(f"Any of these can end deep sleep: {', '.join(_wakes(board))}.")
    if "not_for_batteries" in board:
        notes.append(f"Not for batteries: {board['not_for_batteries'].split(':')[0]}.")
    return notes


def _shown(board: dict[str, Any], pin: str) -> str:
    """A pin as it is printed on the board, and its number."""
    label = board["pins"].get("labels", {}).get(pin)
    if label and pin == board["pins"]["battery"] and board["port"] == "esp8266":
        return str(label)  # its converter is no GPIO
    number = f"GPIO{pin}" if pin.isdigit() else pin
    return f"{label} ({number})" if label else number


def _pin(pin: str, shown: str, y: float, *, left: bool) -> list[str]:
    x = _LEFT if left else _RIGHT
    text = _text(x + (9 if left else -9), y + 4, shown, "black", end=not left)
    square = f'<rect x="{x - 4}" y="{y - 4}" width="8" height="8" fill="#c9a227" stroke="{_GROUND}" stroke-width="0.8"/>'
    return [f'<g data-pin="{escape(pin)}">{square}{text}</g>']


def _part(top: float, height: float, title: str, note: str, rows: Sequence[tuple[float, str]]) -> list[str]:
    parts = _box(_PART, top, 172, height)
    parts += [_text(_PART + 9, y + 4, what, "black") for y, what in rows]
    x, middle, words = _PART + 110, top + height / 2, note.split()
    lines = (" ".join(words[: len(words) // 2]), " ".join(words[len(words) // 2 :]))
    parts += [_text(x, middle + 13 + 13 * i, line, "#444", middle=True, size=11) for i, line in enumerate(lines)]
    return [*parts, _text(x, middle - 3, title, "black", bold=True, middle=True)]


def _box(x: float, y: float, width: float, height: float) -> list[str]:
    place = f'x="{x}" y="{y}" width="{width}" height="{height}"'
    return [f'<rect {place} rx="6" fill="{_BOX}" stroke="{_GROUND}" stroke-width="1.4"/>']


def _line(color: str, *points: tuple[float, float]) -> list[str]:
    path = " ".join(f"{x},{y}" for x, y in points)
    return [f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="1.8"/>']


def _dot(x: float, y: float) -> list[str]:
    return [f'<circle cx="{x}" cy="{y}" r="3.2" fill="{_GROUND}"/>']


def _resistor(x: float, y: float, value: str) -> list[str]:
    box = f'<rect x="{x - 6}" y="{y}" width="12" height="40" fill="white" stroke="{_GROUND}" stroke-width="1.6"/>'
    return [box, _text(x + 12, y + 24, value.replace("Ohm", "Ω"), "#444", size=11)]


def _capacitor(x: float, y: float) -> list[str]:
    line = f'<line x1="{x - 11}" x2="{x + 11}" y1="{{0}}" y2="{{0}}" stroke="{_GROUND}" stroke-width="2.2"/>'
    return [line.format(y), line.format(y + 8)]


def _button(x: float, y: float) -> list[str]:
    ends = [f'<circle cx="{x}" cy="{y + at}" r="2.6" fill="white" stroke="{_GROUND}" stroke-width="1.4"/>' for at in (3, 21)]
    lever = f'<line x1="{x}" x2="{x + 12}" y1="{y + 19}" y2="{y + 4}" stroke="{_GROUND}" stroke-width="1.8"/>'
    return [*ends, lever, _text(x - 12, y + 16, "button", "#444", size=11, end=True)]


def _earth(x: float, y: float) -> list[str]:
    return [
        f'<line x1="{x - half}" x2="{x + half}" y1="{y + 4 * i}" y2="{y + 4 * i}" stroke="{_GROUND}" stroke-width="1.8"/>'
        for i, half in enumerate((9, 5.5, 2))
    ]


def _text(
    x: float, y: float, text: str, color: str, *, bold: bool = False, middle: bool = False, end: bool = False, size: int = 0
) -> str:
    anchor = ' text-anchor="middle"' if middle else ' text-anchor="end"' if end else ""
    weight = ' font-weight="bold"' if bold else ""
    height = f' font-size="{size}"' if size else ""
    return f'<text x="{x}" y="{y}" fill="{color}"{anchor}{weight}{height}>{escape(text)}</text>'
