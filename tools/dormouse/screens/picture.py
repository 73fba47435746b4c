"""A terminal's text as an SVG."""

from __future__ import annotations

import io
import re

from rich.console import Console
from rich.text import Text

from dormouse.screens.terminal import WIDTH


def svg(name: str, title: str, text: str) -> str:
    """The picture: the same text whenever and wherever it is made.

    Arguments: name, of the file; title, the line above it; text, with colour codes.
    """
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi(text), soft_wrap=False)
    found = console.export_svg(title=title, unique_id=f"dormouse-{name}")
    # Not every viewer keeps the spaces that a line begins with.
    found = found.replace('-matrix">', '-matrix" xml:space="preserve">')
    # A picture loads nothing from elsewhere: the system's monospaced font does.
    return re.sub(r"\s*@font-face \{.*?\}", "", found, flags=re.DOTALL)


def words(picture: str) -> list[str]:
    """The words of a picture in their order: releases of rich lay them out differently."""
    found = re.findall(r"<text[^>]*>(.*?)</text>", picture, re.DOTALL)
    return [word for text in found for word in text.replace("&#160;", " ").split()]
