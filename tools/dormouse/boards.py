"""What boards/NAME/board.toml says, as tables: for the screen (commands/boards.py) and for docs/boards.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dormouse.errors import UsageError
from dormouse.report import duration
from dormouse.virtual import models

HEAD = ("board", "what", "firmware", "asleep", "longest sleep", "wake pins", "keeps", "batteries")
_FUNCTIONS = (
    ("i2c", "I2C"),
    ("spi", "SPI"),
    ("onewire", "1-Wire"),
    ("led", "LED"),
    ("light", "light sensor"),
    ("battery", "battery voltage"),
    ("rail", "switch of the sensors' supply"),
    ("wake", "can end deep sleep"),
)
Facts = dict[str, Any]


def read(root: Path, name: str) -> Facts:
    """A board's facts. Arguments: root, the template; name, a folder of its boards/. Raises UsageError."""
    try:
        return models.read(name, root / "boards")
    except ValueError as error:
        raise UsageError(str(error).replace("virtual board", "board")) from error


def every(root: Path) -> list[Facts]:
    """All boards' facts, by name. Raises UsageError."""
    return [read(root, name) for name in models.names(root / "boards")]


def row(board: Facts) -> tuple[str, ...]:
    """A board in one line, under HEAD."""
    asleep = board["currents"]["deepsleep"]
    sleep, wake = board["sleep"], board["pins"]["wake"]
    return (
        board["name"],
        board["title"],
        ", ".join([board["firmware"]["name"], *board["firmware"]["also"]]) if board["flash"]["method"] != "none" else "none",
        f"{asleep['value']} {asleep['unit']}, {asleep['kind']}",
        duration(sleep["max_ms"] / 1000),
        str(len(wake) or "none"),
        f"{sleep['retained_bytes']} bytes",
        "no" if "not_for_batteries" in board else "yes",
    )


def pins(board: Facts) -> Iterator[tuple[str, str]]:
    """What each pin is for: function and pins, with the names that are printed on the board."""
    labels = board["pins"].get("labels", {})

    def shown(pin: str) -> str:
        what, _, number = pin.rpartition(" ")
        return f"{what} {number}".strip() + (f" ({labels[number]})" if number in labels else "")

    for key, function in _FUNCTIONS:
        value = board["pins"][key]
        text = ", ".join(map(shown, value)) if isinstance(value, list) else shown(value)
        if key == "led" and value:
            text += ", shines when it is " + ("high" if board["pins"]["led_on"] else "low")
        yield function, text or "none"


def rails(board: Facts) -> Iterator[tuple[str, str]]:
    """The supplies: what and where."""
    rails = board["rails"]
    yield "battery", rails["battery"]
    yield "stays on in deep sleep", rails["always"] or "nothing on a header"
    yield (
        "for the sensors",
        rails["sensors"]
        + (f", off in deep sleep, settles in {rails['settle_ms']} ms" if rails["switched"] else ", never switched off"),
    )


def markdown_table(boards: list[Facts]) -> str:
    """The table of docs/boards.md."""
    lines = [f"| {' | '.join(HEAD)} |", "|---" * len(HEAD) + "|"]
    lines += [f"| {' | '.join([f'`{name}`', *cells])} |" for name, *cells in map(row, boards)]
    return "\n".join(lines) + "\n"


def markdown_sections(boards: list[Facts]) -> str:
    """What docs/boards.md says of each board: its wiring, and what to look at before the code is to blame."""
    return "\n".join(map(_section, boards))


def _section(board: Facts) -> str:
    name = board["name"]
    functions = "; ".join(f"{what}: {which}" for what, which in pins(board) if which != "none")
    lines = [f"## {board['title']}", "", f'`BOARD = "{name}"`. {functions}.']
    if "not_for_batteries" in board:
        lines += ["", f"**Not for batteries**: {board['not_for_batteries']}."]
    lines += ["", f"![Wiring of {name}](../boards/{name}/wiring.svg)", ""]
    lines += [f"- **{wire['what']}.** {wire['how']}" for wire in board["wiring"]]
    lines += ["", "Before you blame the code:", ""]
    lines += [f"- *{it['symptom']}* {it['cause']} {it['remedy']} ({it['source']})" for it in board["trouble"]]
    lines += [f"- *The radio.* {it['quirk']} ({it['source']})" for it in board["radio"]]
    return "\n".join(lines) + "\n"
