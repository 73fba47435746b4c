"""Home Assistant's MQTT discovery: as plain, and now and then the messages by which Home Assistant knows the node's entities.

A deploy has made them, from the settings, and put them on the board: discovery.txt (node.discovery).
"""

from node import drop
from node.services import plain
from node.services.plain import result, subscriptions, topic  # noqa: F401  the same

_newest = [None, None, None]  # topic, key, payload


def adapt(memory, template, name, messages, options):
    """Nothing is changed."""
    _newest[0] = topic(template, name, "readings")


def readings(key, when, utc, body):
    """As plain."""
    payload = plain.readings(key, when, utc, body)
    _newest[1:] = key, payload
    return payload


def rest(memory, every, more, acked):
    """The next of them, when they are due; after the last one this wake's reading again: an entity that is told of another
    expire_after has expired until then (homeassistant/components/mqtt/sensor.py, _setup_from_config).
    """
    from node import discovery

    state = memory.state
    topic, key, payload = _newest
    again = [(topic, payload, False, 1, 0, False)] if key == state.boot << 16 | state.seq else None
    try:
        return discovery.following(memory, every, more, acked, again)
    finally:
        drop("node.discovery")
