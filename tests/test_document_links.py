"""The links of README.md and docs lead to files that are there, and to headings that are in them."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchor(heading: str) -> str:
    """As GitHub makes it of a heading: small letters, no punctuation, - for each space."""
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


@cache
def anchors(page: Path) -> set[str]:
    """Those of a page; what stands in blocks of code is no heading."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return {anchor(heading) for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


def astray(page: Path) -> list[str]:
    """The links of a page that lead nowhere."""
    wrong = []
    for link in _LINK.findall(page.read_text("utf-8")):
        name, _, part = link.partition("#")
        there = page.parent / name if name else page
        if link.startswith(("https:", "http:")):
            continue
        if not there.exists() or (part and part not in anchors(there)):
            wrong.append(link)
    return wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    assert astray(page) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("# The node's `wake`\n```\n# no heading\n```\n")
    page = tmp_path / "a.md"
    page.write_text("[](b.md) [](b.md#the-nodes-wake) [](c.md) [](b.md#no-heading) [](#here) [](https://example.org/x)\n")
    assert astray(page) == ["c.md", "b.md#no-heading", "#here"]
