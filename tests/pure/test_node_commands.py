"""Commands: applied once in every form in which a broker delivers them, refused with the allowed range."""

from node import commands, schema
from node.services import plain
from node.state import State

OWN = b"dormouse/n1/set"
ALL = b"dormouse/all/set"
SLOW = b'{"id": 1, "wake_every_s": 600}'
FAST = b'{"id": 2, "wake_every_s": 60}'


class Wake:
    """What one wake has heard."""

    def __init__(self, node):
        self.node = node
        self.heard = []

    def take(self, topic, payload, retain, dup):
        filters = plain.subscriptions("dormouse/{name}", "n1")
        return commands.take(self.node, filters, self.heard, topic, payload, retain, dup)


class Node:
    """Wakes that share a state."""

    config_every_s = 900

    def __init__(self):
        self.state = State()
        self.saved = []

    def save(self):
        self.saved.append(self.state.wake_every_s)

    def wake(self):
        return Wake(self)


def test_a_setting_is_kept_and_answered_with_its_id():
    node = Node()
    assert node.wake().take(OWN, SLOW, False, False) == (1, None)
    assert node.state.wake_every_s == 600
    assert node.saved == [600]


def test_a_retained_command_is_applied_once_over_many_wakes():
    node = Node()
    assert node.wake().take(OWN, SLOW, True, False) == (1, None)
    assert node.wake().take(OWN, FAST, False, False) == (2, None)
    assert node.wake().take(OWN, SLOW, True, False) is None
    assert node.state.wake_every_s == 60


def test_queued_and_retained_copies_in_one_wake_are_one_command():
    node = Node()
    wake = node.wake()
    assert wake.take(OWN, SLOW, False, False) == (1, None)
    assert wake.take(OWN, FAST, False, False) == (2, None)
    # mosquitto sends the retained copy after the queue.
    assert wake.take(OWN, FAST, True, False) is None
    assert node.state.wake_every_s == 60


def test_the_same_retained_command_set_again_after_another_applies_again():
    node = Node()
    for payload in (SLOW, FAST, SLOW):
        assert node.wake().take(OWN, payload, True, False) is not None
    assert node.state.wake_every_s == 600


def test_the_same_command_sent_twice_on_purpose_is_applied_twice():
    node = Node()
    for payload in (SLOW, FAST, SLOW):
        assert node.wake().take(OWN, payload, False, False) is not None
    assert node.state.wake_every_s == 600


def test_a_redelivery_is_not_applied_again():
    node = Node()
    node.wake().take(OWN, SLOW, False, False)
    node.wake().take(OWN, FAST, False, False)
    assert node.wake().take(OWN, SLOW, False, True) is None
    assert node.state.wake_every_s == 60


def test_the_fleets_retained_command_is_told_from_the_nodes():
    node = Node()
    assert node.wake().take(OWN, SLOW, True, False) is not None
    assert node.wake().take(ALL, SLOW, True, False) is not None
    assert node.wake().take(OWN, SLOW, True, False) is None
    assert node.wake().take(ALL, SLOW, True, False) is None


def test_wrong_commands_change_nothing_and_are_answered():
    for payload, error in (
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b"{}", "no setting in it"),
        (b'{"wake_every_s": 9}', "wake_every_s: 10 to 2592000 s"),
        (b'{"wake_every_s": 2592001}', "wake_every_s: 10 to 2592000 s"),
        (b'{"wake_every_s": "60"}', "wake_every_s: 10 to 2592000 s"),
        (b'{"wake_every_s": true}', "wake_every_s: 10 to 2592000 s"),
        (b'{"wake_every_s": 60, "restart": 1}', "unknown: restart; known: wake_every_s"),
        (b" " * 513, "513 bytes; at most 512"),
    ):
        node = Node()
        assert node.wake().take(OWN, payload, False, False) == (None, error), payload
        assert node.state.wake_every_s == 0
        assert node.saved == [0]


def test_commands_have_the_ranges_of_their_settings():
    rows = {row[0]: row for row in schema.SETTINGS}
    for name, (low, high, unit) in commands.SETTINGS.items():
        row = rows[name.upper()]
        assert (row[3], row[4], row[2]) == (low, high, unit)


def test_a_fixed_topic_has_no_fleet():
    assert plain.subscriptions("shed", "n1") == [("shed/set", 1)]


def test_the_payload_of_a_record():
    assert plain.readings(0x10007, 1795214385, True, b'"air":{"temperature_c":21.42}') == (
        b'{"seq":7,"boot":1,"time":1795214385,"air":{"temperature_c":21.42}}'
    )
    assert plain.readings(0x10007, 12, False, b"") == b'{"seq":7,"boot":1,"uptime_s":12}'
