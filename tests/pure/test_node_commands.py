"""Commands: noted once in every form in which a broker delivers them, refused with the allowed range."""

import json

from node import commands, files, schema
from node.services import plain
from node.state import State

OWN = b"dormouse/n1/set"
ALL = b"dormouse/all/set"
SLOW = b'{"id": 1, "wake_every_s": 600}'
FAST = b'{"id": 2, "wake_every_s": 60}'
KEEP = 0x2000


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


def test_a_redelivery_is_answered_and_not_applied_again():
    node = Node()
    node.wake().take(OWN, SLOW, False, False)
    node.wake().take(OWN, FAST, False, False)
    assert node.wake().take(OWN, SLOW, False, True) == (1, None)
    assert node.state.wake_every_s == 60


def test_a_redelivery_of_what_was_not_heard_is_obeyed():
    node = Node()
    assert node.wake().take(OWN, SLOW, False, True) == (1, None)
    assert node.state.wake_every_s == 600


def test_the_fleets_retained_command_is_told_from_the_nodes():
    node = Node()
    assert node.wake().take(OWN, SLOW, True, False) is not None
    assert node.wake().take(ALL, SLOW, True, False) is not None
    assert node.wake().take(OWN, SLOW, True, False) is None
    assert node.wake().take(ALL, SLOW, True, False) is None


NO_COMMAND = "no JSON command of at most 256 bytes"
EVERY = "wake_every_s: 10 to 2592000"


def test_wrong_commands_change_nothing_and_are_answered():
    for payload, error in (
        (b"", NO_COMMAND),
        (b"{", NO_COMMAND),
        (b"\xff\xfe", NO_COMMAND),
        (b'{"\xff": 1}', NO_COMMAND),
        (b"[1]", NO_COMMAND),
        (b'"restart"', NO_COMMAND),
        (b"7", NO_COMMAND),
        (b"null", NO_COMMAND),
        (b"{}", NO_COMMAND),
        (b'{"id": null}', NO_COMMAND),
        (b'{"wake_every_s": 60}' + b" " * 237, NO_COMMAND),
        (b"[" * 256, NO_COMMAND),
        (b'{"a":' * 51, NO_COMMAND),
        (b'{"wake_every_s": 9}', EVERY),
        (b'{"wake_every_s": 2592001}', EVERY),
        (b'{"wake_every_s": -60}', EVERY),
        (b'{"wake_every_s": 60.0}', EVERY),
        (b'{"wake_every_s": "60"}', EVERY),
        (b'{"wake_every_s": true}', EVERY),
        (b'{"wake_every_s": [60]}', EVERY),
        (b'{"wake_every_s": 99999999999999999999}', EVERY),
        (b'{"upload_every": 0}', "upload_every: 1 to 96"),
        (b'{"upload_every": 97}', "upload_every: 1 to 96"),
        (b'{"upload_every": true}', "upload_every: 1 to 96"),
        (b'{"stay_awake": 601}', "stay_awake: 0 to 600"),
        (b'{"stay_awake": -1}', "stay_awake: 0 to 600"),
        (b'{"stay_awake": true}', "stay_awake: 0 to 600"),
        (b'{"stay_awake": null}', "stay_awake: 0 to 600"),
        (b'{"restart": 1}', "restart: true"),
        (b'{"restart": false}', "restart: true"),
        (b'{"clear": null}', "clear: true"),
        (b'{"upload_now": "true"}', "upload_now: true"),
        (b'{"sleep": 1}', "unknown: sleep"),
        (b'{"WAKE_EVERY_S": 60}', "unknown: WAKE_EVERY_S"),
        (b'{"": 1}', "unknown: "),
        (b'{"%s, upload_every": 1}' % EVERY.encode(), "unknown: " + EVERY + ", upload_every"),
    ):
        node = Node()
        assert node.wake().take(OWN, payload, False, False) == (None, error), payload
        assert (node.state.wake_every_s, node.state.upload_every, node.state.chores) == (0, 0, 0), payload
        assert not any(node.state.heard[8:])
        assert node.saved == [0]


def test_all_or_nothing():
    for wrong in (b'"restart": 1', b'"sleep": 2', b'"stay_awake": 601', b'"upload_every": 0'):
        for right in (b'{"id": 5, "wake_every_s": 60, "clear": true, %s}', b'{%s, "id": 5, "wake_every_s": 60}'):
            payload = right % wrong
            node = Node()
            command_id, error = node.wake().take(OWN, payload, False, False)
            assert command_id == 5 and error
            assert (node.state.wake_every_s, node.state.chores) == (0, 0)


def test_several_settings_and_words_in_one_command():
    node = Node()
    payload = b'{"restart": true, "upload_every": 4, "upload_now": true, "wake_every_s": 60, "stay_awake": 5, "id": "all"}'
    assert node.wake().take(OWN, payload, False, False) == ("all", None)
    assert (node.state.wake_every_s, node.state.upload_every) == (60, 4)
    assert node.state.chores == KEEP | 5 << 3 | 2 | 1


def test_null_goes_back_to_config_py():
    node = Node()
    node.wake().take(OWN, b'{"wake_every_s": 60, "upload_every": 4}', False, False)
    assert node.wake().take(OWN, b'{"wake_every_s": null}', False, False) == (None, None)
    assert (node.state.wake_every_s, node.state.upload_every) == (0, 4)


def test_clear_goes_back_with_all_settings_but_those_beside_it():
    for payload in (b'{"clear": true, "upload_every": 2}', b'{"upload_every": 2, "clear": true}'):
        node = Node()
        node.wake().take(OWN, b'{"wake_every_s": 60, "upload_every": 4}', False, False)
        assert node.wake().take(OWN, payload, False, False) == (None, None)
        assert (node.state.wake_every_s, node.state.upload_every) == (0, 2)
        assert node.state.chores == KEEP | 4


def test_a_retained_word_is_refused_once():
    for word in (b'"upload_now": true', b'"restart": true', b'"clear": true', b'"stay_awake": 5'):
        node = Node()
        payload = b'{"wake_every_s": 60, %s}' % word
        name = word.split(b'"')[1].decode()
        assert node.wake().take(OWN, payload, True, False) == (None, name + ": not retained")
        assert node.wake().take(OWN, payload, True, False) is None
        assert (node.state.wake_every_s, node.state.chores) == (0, 0)


def test_the_days_allowance_for_staying_awake_shrinks_the_range():
    node = Node()
    for owed_s, most in ((0, 600), (86400 - 48 * 600, 600), (86400 - 48 * 30, 30), (86400 - 44, 0), (86400, 0)):
        node.state.chores = owed_s // 4 << 14
        answer = node.wake().take(OWN, b'{"stay_awake": %d}' % (most + 1), False, False)
        assert answer == (None, "stay_awake: 0 to {}".format(most))
        assert node.wake().take(OWN, b'{"stay_awake": %d}' % most, False, False) == (None, None)
        assert node.state.chores == owed_s // 4 << 14 | KEEP | most << 3


def test_whatever_comes_is_answered():
    bits = 1
    pieces = (b'{"', b'"', b":", b",", b"}", b"[", b"]", b"{", b"1", b"-", b".5", b"true", b"null", b"id", b"restart")
    pieces += (b"\\", b"\xc3")
    for _ in range(2000):
        payload = b""
        for _ in range(bits >> 8 & 15):
            bits = bits * 1103515245 + 12345 & 0x7FFFFFFF
            payload += pieces[(bits >> 12) % len(pieces)]
        bits = bits * 1103515245 + 12345 & 0x7FFFFFFF
        node = Node()
        answer = node.wake().take(OWN, payload, False, False)
        assert len(answer) == 2, payload
        assert (answer[1] is None) == bool(node.state.chores), payload


def test_the_words_and_their_ranges_are_the_schemas():
    rows = {row[0]: row for row in schema.SETTINGS if row[0] in schema.COMMANDED}
    rows.update({row[0]: row for row in schema.WORDS})
    assert tuple(name.upper() for name in commands.WORDS[3:]) == ("STAY_AWAKE",) + schema.COMMANDED
    assert {name.upper() for name in commands.WORDS} == set(rows)
    for name in commands.WORDS:
        kind, low, high = [rows[name.upper()][i] for i in (1, 3, 4)]
        for value, right in ((low, True), (high, True), (low - 1, False), (high + 1, False)) if kind == "int" else ():
            payload = json.dumps({name: value}).encode()
            error = Node().wake().take(OWN, payload, False, False)[1]
            assert error == (None if right else "{}: {} to {}".format(name, low, high)), payload
        if kind != "int":
            assert kind == "true" and Node().wake().take(OWN, b'{"%s": true}' % name.encode(), False, False) == (None, None)


_REAL = files._kept, files._write


def real_files():
    """What Flash has taken the place of, for the tests that come after."""
    files._kept, files._write = _REAL


class Flash:
    """files' own functions, on text instead of a file; also config.py."""

    WAKE_EVERY_S = 900
    UPLOAD_EVERY = 1

    def __init__(self, text=None):
        self.text = text
        self.writes = 0
        files._kept = lambda: json.loads(self.text) if self.text else None
        files._write = self.write

    def write(self, _path, text):
        self.text = text
        self.writes += 1


def test_what_is_kept_in_flash_comes_back_until_config_py_changes_it():
    flash = Flash()
    node = Node()
    files.keep_commanded(node.state, flash)
    assert flash.writes == 0
    node.wake().take(ALL, b'{"wake_every_s": 60, "upload_every": 4}', True, False)
    for _ in range(2):
        files.keep_commanded(node.state, flash)
    assert (flash.writes, node.state.flash_writes) == (1, 1)
    cold = Node()
    files.commanded(cold.state, flash)
    assert (cold.state.wake_every_s, cold.state.upload_every) == (60, 4)
    assert cold.wake().take(ALL, b'{"wake_every_s": 60, "upload_every": 4}', True, False) is None
    flash.UPLOAD_EVERY = 2
    files.commanded(cold.state, flash)
    assert (cold.state.wake_every_s, cold.state.upload_every) == (60, 0)
    real_files()


def test_a_settings_file_of_anything_is_no_setting():
    for text in (
        "7",
        "[]",
        '{"wake_every_s": 60}',
        '{"wake_every_s": [9, 900], "upload_every": [[], 1]}',
        '{"wake_every_s": ["60", 900]}',
        '{"upload_every": [97, 1], "heard": "x"}',
        '{"heard": [1, 2]}',
        '{"heard": [300, 1, 1, 1, 1, 1, 1, 1]}',
        '{"heard": 7}',
    ):
        node = Node()
        files.commanded(node.state, Flash(text))
        real_files()
        assert (node.state.wake_every_s, node.state.upload_every) == (0, 0), text
        assert not any(node.state.heard), text


def test_a_fixed_topic_has_no_fleet():
    assert plain.subscriptions("shed", "n1") == [("shed/set", 1)]


def test_the_payload_of_a_record():
    assert plain.readings(0x10007, 1795214385, True, b'"air":{"temperature_c":21.42}') == (
        b'{"seq":7,"boot":1,"time":1795214385,"air":{"temperature_c":21.42}}'
    )
    assert plain.readings(0x10007, 12, False, b"") == b'{"seq":7,"boot":1,"uptime_s":12}'
