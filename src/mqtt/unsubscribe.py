# Only the always-on client unsubscribes.
from .packet import append, field, text, to_bytes


def unsubscribe(out, pid, filters, properties=b""):
    """Append an UNSUBSCRIBE (3.10). filters: sequence of filters, one or more. ValueError: as for SUBSCRIBE."""
    parts = [to_bytes(pid, "pid", 1), properties]
    for name in filters:
        parts.append(field(text(name, True)))
    if len(parts) < 3:
        raise ValueError("filters")
    append(out, 0xA2, parts)
