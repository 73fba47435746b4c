"""The format of IBM's IoT platform, on any broker that keeps to it: the hosted service has ended (December 2023).

config.py: TOPIC is "ORG/TYPE", the organization and the device's type; NAME is the device's id, as it was registered. The token
is PASSWORD in credentials.py. Events: iot-2/evt/readings/fmt/json, and so on; commands: iot-2/cmd/ANYTHING/fmt/json, with the
words of docs/commands.md. Nothing is retained: the platform clears that flag. A device cannot publish commands, so another
board under its id is not told of: the platform closes one of the two (288).

Source: IBM Knowledge Center SSQP8H, "MQTT connectivity for devices". Pure.
"""

from micropython import const

from node.services import plain

# For the PC alone.
_TOPICS = const((("set", "iot-2/cmd/set/fmt/json"), ("#", "iot-2/#"), ("", "iot-2/evt/{leaf}/fmt/json")))

result = plain.result  # adapt() has its turn with it


def topic(template, name, leaf):
    """The event that a leaf is."""
    return "" if leaf == "set" else "iot-2/evt/" + leaf + "/fmt/json"


def subscriptions(template, name):
    """Every command, whatever its name: there is one kind, and it says what it wants."""
    return [("iot-2/cmd/+/fmt/json", 1)]


def readings(key, when, utc, body):
    """The payload of one record, as plain has it, under "d"."""
    return _d(plain.readings(key, when, utc, body))


def adapt(memory, template, name, messages, options):
    """Put everything under "d", take out what has no topic; say who the device is."""
    for i in range(len(messages) - 1, -1, -1):
        topic, payload, _, qos, pid, dup = messages[i]
        if topic:
            messages[i] = topic, _d(payload), False, qos, pid, dup
        else:
            del messages[i]
    if options:
        options["client_id"] = "d:" + template.replace("/", ":") + ":" + name
        options["user"] = "use-token-auth"
        topic, payload = options["will"][:2]
        options["will"] = topic, _d(payload), False, 1


def heard(memory, topic, payload, retain, dup):
    """A command, in {"d": ...} or bare."""
    inner = payload.strip()[1:-1].strip()
    if inner.startswith(b'"d"'):
        payload = inner[3:].strip()[1:]
    return topic, payload, retain, dup


def _d(payload):
    return b'{"d":' + (payload if isinstance(payload, bytes) else payload.encode()) + b"}"
