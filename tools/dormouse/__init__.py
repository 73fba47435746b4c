"""Dormouse on the PC: the ``dormouse`` command and the virtual board.

Nothing in this package is ever copied to a board.
"""

__version__ = "0.1.0"
