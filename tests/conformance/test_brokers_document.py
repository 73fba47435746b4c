"""The table of abilities: each is shown by a test, and docs/brokers.md is what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from abilities import ABILITIES, BROKERS, shows
from brokers_document import BEGIN, DOCUMENT, END, current


def test_each_ability_is_shown_by_a_test() -> None:
    shown = set()
    for path in Path(__file__).parent.glob("test_conformance_*.py"):
        shown |= set(re.findall(r'shows\("([^"]+)"\)', path.read_text(encoding="utf-8")))
    assert shown == set(ABILITIES)


def test_no_broker_lacks_what_there_is_not() -> None:
    for kind in BROKERS.values():
        assert {*kind.lacks, *kind.untried} <= set(ABILITIES)
        assert not set(kind.lacks) & set(kind.untried)
    with pytest.raises(ValueError, match="flight"):
        shows("flight")


def test_the_document_is_current() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    assert current(document) == document, "run: .venv/bin/python tests/conformance/brokers_document.py"


def test_a_changed_document_would_be_seen() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    changed = document.replace("| yes |", "| no |", 1)
    assert changed != document
    assert current(changed) == document
    with pytest.raises(ValueError, match="marks"):
        current(document.replace(BEGIN, "").replace(END, ""))
