"""Settings for the bench that must not go into the field."""

from __future__ import annotations

from collections.abc import Iterator

from dormouse.checking import WARNING, Finding, Node, rule


@rule("test-mode", WARNING, "`TEST_MODE` is on", "waits awake instead of sleeping, for 2 h; then it sleeps as in the field")
def test_mode(node: Node) -> Iterator[Finding]:
    if node["TEST_MODE"]:
        yield Finding("TEST_MODE", "is True: for the bench. It waits awake for two hours of its sleep; in the field: False")
