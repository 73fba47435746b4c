"""Any MQTT broker, JSON payloads: the default service.

Below the node's topic: readings (one record each), set (commands to it), result (their answers). Commands to every node:
dormouse/all/set, with the node's own name replaced by "all". Pure.
"""


def topic(template, name, leaf):
    """A topic of this node. template: config.TOPIC. name: the node's. leaf: "readings", "set" or "result"."""
    return template.replace("{name}", name) + "/" + leaf


def subscriptions(template, name):
    """The filters on which commands come: the node's own, and the fleet's when the template names the node."""
    filters = [(topic(template, name, "set"), 1)]
    if "{name}" in template:
        filters.append((topic(template, "all", "set"), 1))
    return filters


def readings(key, when, utc, body):
    """The payload of one record.

    key: record key, boot count and sequence number. when: seconds since 1970 if utc, else since the cold boot.
    body: the sensors' JSON text. Returns bytes.
    """
    head = '{{"seq":{},"boot":{},"{}":{}'.format(key & 0xFFFF, key >> 16, "time" if utc else "uptime_s", when).encode()
    return head + (b"," + body if body else b"") + b"}"


def result(command_id, error):
    """The answer to a command: its id, and what was wrong. error: text, or None. Returns bytes."""
    import json

    answer = {"id": command_id, "ok": error is None}
    if error:
        answer["error"] = error
    return json.dumps(answer).encode()
