"""Retained memory as a row of framed sections: a section that is torn, stale or foreign is missing, the others are not."""

from power import frame


def load(board, versions):
    """Read the sections of the retained image.

    board: the profile. versions: a tuple, the layout version of each section.
    Returns a list of bytes, None for a section that is not whole; a broken section hides those after it.
    """
    image = board.retained_read()
    sections = []
    start = 0
    for version in versions:
        payload = frame.unwrap(image, version, start)
        sections.append(payload)
        if payload is not None:
            start += frame.HEADER + len(payload)
    return sections


def save(board, versions, payloads):
    """Write all sections at once.

    ValueError when they do not fit board.RETAINED_BYTES: nothing was written then.
    """
    board.retained_write(b"".join([frame.wrap(p, v) for v, p in zip(versions, payloads)]))


def room(board, payloads):
    """Bytes that may still be added to these sections."""
    return board.RETAINED_BYTES - sum([frame.HEADER + len(p) for p in payloads])
