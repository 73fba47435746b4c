"""Makes the tables of docs/brokers.md: `python tests/conformance/brokers_document.py` writes them anew."""

from __future__ import annotations

import sys
from pathlib import Path

from abilities import ABILITIES, BROKERS

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "brokers.md"
BEGIN, END = "<!-- made by tests/conformance/brokers_document.py, not by hand -->\n", "<!-- end of what is made -->\n"


def tables() -> str:
    """What works on which broker, then why not."""
    lines = ["| | " + " | ".join(f"{kind.title} {kind.version}" for kind in BROKERS.values()) + " |"]
    lines.append("|---" * (len(BROKERS) + 1) + "|")
    notes: list[str] = []
    for ability, text in ABILITIES.items():
        cells = []
        for kind in BROKERS.values():
            if ability in kind.lacks or ability in kind.untried:
                word, why = ("no", kind.lacks[ability]) if ability in kind.lacks else ("not tried", kind.untried[ability])
                note = f"{kind.title} {why}" if word == "no" else f"{kind.title}: {why}"
                if note not in notes:
                    notes.append(note)
                cells.append(f"{word} ({notes.index(note) + 1})")
            else:
                cells.append("yes")
        lines.append(f"| {text} | " + " | ".join(cells) + " |")
    lines += ["", *(f"{number}. {note}." for number, note in enumerate(notes, 1)), ""]
    lines += [f"- {kind.title}: {kind.note}." for kind in BROKERS.values()]
    return "\n".join(lines) + "\n"


def current(document: str) -> str:
    """The document with its tables made anew; ValueError when its marks are gone."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{DOCUMENT} has lost its marks")
    return before + begin + tables() + end + after


def main() -> int:
    document = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(current(document), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
