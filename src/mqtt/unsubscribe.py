# Only the always-on client unsubscribes.
from .packet import field, identifier, packet, topic


def unsubscribe(out, pid, filters, properties=b""):
    """Append an UNSUBSCRIBE (3.10). filters: sequence of filters, one or more. ValueError: as for SUBSCRIBE."""
    parts = [identifier(pid), properties]
    for name in filters:
        parts.append(field(topic(name, True)))
    if not filters:
        raise ValueError("no filter")
    packet(out, 0xA2, parts)
