# Only the always-on client unsubscribes.
from .packet import append, field, text, to_bytes


def unsubscribe(out, pid, filters, properties=None):
    """Append an UNSUBSCRIBE (3.10). filters: sequence of filters, one or more. ValueError: as for SUBSCRIBE.

    properties: MQTT 5 only, and there a dictionary always; None: 3.1.1.
    """
    parts = [to_bytes(pid, "pid", 1)]
    if properties is not None:
        from .properties import UNSUBSCRIBE, encode

        parts.append(bytes(encode(properties, UNSUBSCRIBE)))
    if not filters:
        raise ValueError("filters")
    for name in filters:
        parts.append(field(text(name, True)))
    append(out, 0xA2, parts)
