"""Adafruit IO: a reading goes to the feeds of a group, each field to its own, or as JSON to one feed.

config.py: TOPIC is "{user}/groups/{name}" or "{user}/feeds/{name}". credentials.py: USER, and the account's key as PASSWORD.
Nothing is retained: the last will and the state are a feed "status". Commands are the last value of a feed "set", which is
asked for by /get; the answer takes its place there. Reports and tracebacks: a feed "log". docs/services.md has the names.

The account's rates are shared by all that it has: a node goes step by step, so that a refused login is one, sends a part of a
backlog in each upload, and what it sent while the account was throttled it sends again.

Source: Adafruit IO's documentation, MQTT API (adafruit/Adafruit_IO_Documentation, source/includes/mqtt). created_at: HTTP API,
"Create Data For Multiple Feeds in a Group"; the MQTT API does not speak of it.
"""

from micropython import const

from node import drop

# For the PC alone.
_TOPICS = const((("readings", "{base}"), ("history", "{base}"), ("status", "{base}"), ("", "{base}/{leaf}")))
_LIMITS = const((
    ("points", 30, "a minute, free account", "MQTT API Rate Limiting; a group's fields each count: io blog 2017-12-18"),
    ("logins", 20, "a minute", "MQTT API Rate Limiting"),
    ("feeds", 10, "free account", "io blog 2016-07-06, MQTT Error Reporting"),
    ("upload", 20, "points of readings", "_POINTS of src/node/aio.py"),
    ("more", 2, "points an upload", "status, and asking for a command"),
))  # fmt: skip

# Whether TOPIC is a group (topic() is asked first); the key of this wake's record; the client id; the records of the burst,
# in the list that node.upload has too, None before the first.
_kept = [True, 0, b"", None]


def topic(template, name, leaf):
    """A group, or a feed. "set" is none: a greeting there would take a command's place."""
    base = template.replace("{name}", name)
    grouped = _kept[0] = base.split("/")[1][0] == "g"
    if leaf in ("readings", "history") or (grouped and leaf == "status"):
        return base
    return "" if leaf == "set" else _feed(base, {"result": "set", "report": "log"}.get(leaf, leaf))


def subscriptions(template, name):
    """One feed: there is none for all nodes, whose answers would each take the place of the command."""
    return [(_feed(template.replace("{name}", name), "set"), 1)]


def readings(key, when, utc, body):
    """{"feeds": {"air-temperature-c": 21.42}} for a group, {"value": {...}} for a feed; the time where it is late."""
    if _kept[0]:
        parts = []
        for part in body.decode().split("},"):
            head, _, fields = part.partition(":{")
            for field in fields.rstrip("}").split(",") if fields else ():
                field, _, value = field.partition(":")
                if value[0] != '"':  # numbers alone make a chart
                    parts.append(head.split('"')[-2] + "-" + field.strip('"').replace("_", "-") + '":' + value)
        # A group of no values is none; nobody would ever take it.
        text = '{"feeds":{"' + (',"'.join(parts) or 'status":"no reading"') + "}"
    else:
        text = '{"value":{' + body.decode() + "}"
    if utc and key != _kept[1]:
        import time

        # Ports count from 1970 or from 2000.
        date = time.gmtime(when - (946684800 if time.gmtime(0)[0] == 2000 else 0))
        text += ',"created_at":"{}-{:02}-{:02}T{:02}:{:02}:{:02}Z"'.format(*date[:6])
    return (text + "}").encode()


def result(command_id, error):
    """As plain has it: it stays as the feed's last value."""
    return _step("node.services.plain", "result", command_id, error)


def adapt(memory, template, name, messages, options):
    """See node.aio. Answers are right as they are; the state again, after a command, would be the same word."""
    if options:
        _step("node.aio", "adapt", _kept, memory, template, messages, options)
    else:
        del messages[1:]


def heard(memory, topic, payload, retain, dup):
    """See node.aioheard."""
    return _step("node.aioheard", "heard", _kept, memory, topic, payload)


def most(memory, found):
    """See node.aio."""
    return _step("node.aio", "most", _kept, memory, found)


def _step(module, function, *args):
    try:
        return getattr(__import__(module, None, None, ("*",)), function)(*args)
    finally:
        drop(module)


def _feed(base, leaf):
    user, kind, key = base.split("/")
    return user + "/f/" + key + ("-" if kind[0] == "f" else ".") + leaf
