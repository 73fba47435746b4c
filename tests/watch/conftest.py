"""The fixtures of whole wakes and of TLS: what they are made of is in tests/wakes/nodes.py and tests/mqtt/tlskit.py."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

for _folder in ("wakes", "mqtt"):
    sys.path.append(str(Path(__file__).resolve().parents[1] / _folder))

from watching import Nodes  # noqa: E402

from nodes import listener, make_node  # noqa: E402

__all__ = ["listener", "make_node"]


@pytest.fixture
def nodes(mosquitto: Any) -> Iterator[Nodes]:
    """Who publishes as nodes do."""
    made = Nodes(mosquitto)
    yield made
    made.close()
