"""Home Assistant's MQTT discovery: as plain, and now and then the messages by which Home Assistant knows the node's entities.

A deploy has made them, from the settings, and put them on the board: discovery.txt (node.discovery).
"""

from node import drop
from node.services.plain import readings, result, subscriptions, topic  # noqa: F401  the same


def rest(memory, every, more, acked):
    """The next of them, when they are due."""
    from node import discovery

    try:
        return discovery.following(memory, every, more, acked)
    finally:
        drop("node.discovery")
