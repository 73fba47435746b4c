"""The fixtures of whole wakes: what they are made of is in tests/wakes/nodes.py."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "wakes"))

from nodes import listener, make_node

__all__ = ["listener", "make_node"]
