"""The fixtures of whole wakes; what they are made of is in nodes.py."""

from nodes import listener, make_node

__all__ = ["listener", "make_node"]
