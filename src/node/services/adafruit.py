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

_QUIET_MS = const(250)  # answers come from the database behind the broker
_TIME_MS = const(900)  # less than the second after which the next time/seconds comes: a longer silence would never be
_POINTS = const(20)  # of 30 in a minute: the account has other nodes
_SECONDS = const(6)  # attempts to set the clock, after which late readings wait no more for it

# For the PC alone.
_TOPICS = const((("readings", "{base}"), ("history", "{base}"), ("status", "{base}"), ("", "{base}/{leaf}")))
_LIMITS = const((
    ("points", 30, "a minute, free account", "MQTT API Rate Limiting; a group's fields each count: io blog 2017-12-18"),
    ("logins", 20, "a minute", "MQTT API Rate Limiting"),
    ("feeds", 10, "free account", "io blog 2016-07-06, MQTT Error Reporting"),
    ("upload", 20, "points of readings", "_POINTS"),
    ("more", 2, "points an upload", "status, and asking for a command"),
))

_grouped = True  # set by topic(), which is asked first
_newest = 0  # key of this wake's record
_batch = None  # the records of this burst, a list that node.upload keeps too
_client = b""


def topic(template, name, leaf):
    """A group, or a feed. "set" is none: a greeting there would take a command's place."""
    global _grouped
    base = template.replace("{name}", name)
    _grouped = base.split("/")[1][0] == "g"
    if leaf in ("readings", "history") or (_grouped and leaf == "status"):
        return base
    return "" if leaf == "set" else _feed(base, {"result": "set", "report": "log"}.get(leaf, leaf))


def subscriptions(template, name):
    """One feed: there is none for all nodes, whose answers would each take the place of the command."""
    return [(_feed(template.replace("{name}", name), "set"), 1)]


def readings(key, when, utc, body):
    """{"feeds": {"air-temperature-c": 21.42}} for a group, {"value": {...}} for a feed; the time where it is late."""
    if _grouped:
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
    if utc and key != _newest:
        import time

        # Ports count from 1970 or from 2000.
        date = time.gmtime(when - (946684800 if time.gmtime(0)[0] == 2000 else 0))
        text += ',"created_at":"{}-{:02}-{:02}T{:02}:{:02}:{:02}Z"'.format(*date[:6])
    return (text + "}").encode()


def result(command_id, error):
    """As plain has it: it stays as the feed's last value."""
    from node.services import plain

    try:
        return plain.result(command_id, error)
    finally:
        drop("node.services.plain")


def adapt(memory, template, name, messages, options):
    """The state in a word, no greeting, no retain; ask for the command; listen for what the account is told."""
    global _newest, _batch, _client
    state = memory.state
    for i in range(len(messages) - 1, -1, -1):
        topic, payload, _, qos, pid, dup = messages[i]
        if isinstance(payload, str) and payload.startswith('{"state":'):
            payload = _state(payload)
        if topic and (options or qos):
            messages[i] = topic, payload, False, qos, pid, dup
        else:
            # The state again, after a command, would be the same word.
            del messages[i]
    if not options:
        return
    _newest = state.boot << 16 | state.seq
    _batch = None
    _client = options["client_id"].encode()
    options["pipeline"] = False
    options["quiet_ms"] = _QUIET_MS
    topic, payload = options["will"][:2]
    options["will"] = topic, _state(payload), False, 1
    asked = options["subscribe"] or []
    if asked:
        messages.insert(0, (asked[0][0] + "/get", b"?", False, 0, 0, False))
    user = template.split("/")[0]
    options["subscribe"] = asked + [(user + "/throttle", 1), (user + "/errors", 1)]
    if state.clock_tries and state.clock_skips + 1 == 1 << state.clock_tries:
        # node.clock has asked in this wake, in vain.
        options["subscribe"].append(("time/seconds", 1))
        options["quiet_ms"] = _TIME_MS


def heard(memory, topic, payload, retain, dup):
    """The command, obeyed once; the account's limits; the time."""
    state = memory.state
    if topic == b"time/seconds":
        from node import hearsay

        hearsay.take(memory, payload)
        drop("node.hearsay", "node.drift")
    elif topic.endswith(b"/throttle") or topic.endswith(b"/errors"):
        mine = payload.startswith(_client)
        account = topic.endswith(b"e") or b"banned" in payload or b"blocked" in payload
        if mine or account:
            print("adafruit:", payload)
            from node import throttle

            # A topic of this node's that is none: each further upload would bring the account nearer to a ban.
            throttle.take(state, payload if account else b"7200 seconds")
            drop("node.throttle")
            if _batch:
                # Acknowledged is not stored: all of it goes again.
                _batch.clear()
    elif payload and b'"ok":' not in payload:
        from power.retained import check

        # The first of node.commands' marks: what is kept for new subscribers, which it knows by the retain flag.
        mark = check(b"", payload)
        if state.heard[:4] != mark:
            state.heard[:4] = mark
            return topic, payload, False, False
    else:
        state.heard[:4] = bytes(4)
    return None


def most(memory, found):
    """One burst an upload, of so many points. None of the late ones while the clock may be set by this very burst."""
    global _batch
    state = memory.state
    if _batch is not None:
        return 0
    _batch = found
    if not state.fixed_at and len(found) > 1 and 0 < state.clock_tries < _SECONDS:
        return 0
    points = _POINTS
    for i in range(len(found)):
        body = found[i][3]
        points -= max(1, body.count(b":") - body.count(b":{")) if _grouped else 1
        if points < 0:
            return max(i, 1)
    return len(found)


def _feed(base, leaf):
    user, kind, key = base.split("/")
    return user + "/f/" + key + ("-" if kind[0] == "f" else ".") + leaf


def _state(payload):
    word = payload.split('"')[3]
    return '{"feeds":{"status":"' + word + '"}}' if _grouped else word
