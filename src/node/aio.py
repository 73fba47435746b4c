"""What Adafruit IO's service has to say before a burst (node.services.adafruit): loaded for that, not during it."""

from micropython import const

_QUIET_MS = const(250)  # answers come from the database behind the broker
_TIME_MS = const(900)  # less than the second after which the next time/seconds comes: a longer silence would never be
_POINTS = const(20)  # of 30 in a minute: the account has other nodes
_ATTEMPTS = const(6)  # to set the clock, after which late readings wait no more for it


def adapt(kept, memory, template, messages, options):
    """The state in a word, no greeting, no retain; ask for the command; listen for what the account is told.

    kept: of the service. The rest: of node.services, adapt().
    """
    state = memory.state
    grouped = kept[0]
    kept[1] = state.boot << 16 | state.seq
    kept[2] = options["client_id"].encode()
    kept[3] = None
    for i in range(len(messages) - 1, -1, -1):
        topic, payload, _, qos, pid, dup = messages[i]
        if isinstance(payload, str) and payload.startswith('{"state":'):
            payload = _state(payload, grouped)
        if topic:
            messages[i] = topic, payload, False, qos, pid, dup
        else:
            del messages[i]
    options["pipeline"] = False
    options["quiet_ms"] = _QUIET_MS
    topic, payload = options["will"][:2]
    options["will"] = topic, _state(payload, grouped), False, 1
    asked = options["subscribe"] or []
    if asked:
        # Nothing is kept for whoever has not subscribed yet.
        options["ask"] = ((asked[0][0] + "/get", b"?", False, 0, 0, False),)
    user = template.split("/")[0]
    options["subscribe"] = asked + [(user + "/throttle", 1), (user + "/errors", 1)]
    if state.clock_tries and state.clock_skips + 1 == 1 << state.clock_tries:
        # node.clock has asked in this wake, in vain.
        options["subscribe"].append(("time/seconds", 1))
        options["quiet_ms"] = _TIME_MS


def most(kept, memory, found):
    """One burst an upload, of so many points. None of the late ones while the clock may be set by this very burst."""
    state = memory.state
    if kept[3] is not None:
        return 0
    kept[3] = found
    if not state.fixed_at and len(found) > 1 and 0 < state.clock_tries < _ATTEMPTS:
        return 0
    points = _POINTS
    for i in range(len(found)):
        body = found[i][3]
        points -= max(1, body.count(b":") - body.count(b":{")) if kept[0] else 1
        if points < 0:
            return max(i, 1)
    return len(found)


def _state(payload, grouped):
    word = payload.split('"')[3]
    return '{"feeds":{"status":"' + word + '"}}' if grouped else word
