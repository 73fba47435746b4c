"""What device modules import from `micropython`, for CPython: the pure tests run there too.

Only what pure code may use. On a board and on the unix port the real module is taken.
"""


def const(value):
    """Return value: MicroPython's compiler folds it, CPython has nothing to fold."""
    return value
