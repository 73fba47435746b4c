"""Which of Home Assistant's discovery messages are due, and what becomes of those that the broker has not acknowledged."""

import gc
import os
import sys

import power
from node import drop
from node.state import STRETCHED, State

LINE = "homeassistant/sensor/n/f{}/config\t{}\n"


class Awake:
    """Stands in for power.awake: a budget of 20 s, and a whole one left."""

    MS_PER_S = 1000
    started = 0
    end = 20000
    left = 15000

    def left_ms(self):
        return self.left


class Node:
    """Stands in for node.memory.Memory, and for the upload that asks for messages. accepts: how many of each burst the broker
    acknowledges.
    """

    accepts = 99
    once = True  # is enough: it takes its time beside all that pytest has
    WAKE_EVERY_S = 600

    def __init__(self, text):
        self.state = State()
        self.write(text)

    def drops(self):
        """The service forgets it after each call."""
        if self.once:
            drop("node.discovery")
        self.once = False

    def write(self, text):
        with open("discovery.txt", "wb") as f:
            f.write(text.encode())

    def interval_s(self):
        return self.state.wake_every_s or self.WAKE_EVERY_S

    def upload(self, every=1):
        """The messages that went out, and in how many bursts."""
        from node import discovery

        self.state.seq += 1
        sent = []
        bursts = 0
        more, acked = ["status"], bytearray(1)
        while True:
            more = discovery.following(self, every, more, acked)
            self.drops()
            from node import discovery

            if more is None:
                return sent, bursts
            bursts += 1
            acked = bytearray(len(more))
            assert 0 < more.number <= len(more)
            # As mqtt.burst asks for them: one after the other, until there are none.
            for i, message in enumerate(messages(more)):
                if i < self.accepts:
                    acked[i] = 1
                    sent.append(message)


def messages(lines):
    i = 0
    while True:
        try:
            yield lines[i]
        except IndexError:
            return
        i += 1


class World:
    """In it node.discovery is loaded anew, beside a budget and a folder of its own."""

    def __enter__(self):
        self.awake = Awake()
        self.kept = sys.modules.get("power.awake"), getattr(power, "awake", None)
        sys.modules["power.awake"] = power.awake = self.awake
        drop("node.discovery")
        if not hasattr(gc, "mem_free"):
            gc.mem_free = lambda: 30000
        return self

    def __exit__(self, *_):
        drop("node.discovery")
        del sys.modules["power.awake"]
        if self.kept[0]:
            sys.modules["power.awake"] = self.kept[0]
            power.awake = self.kept[1]
        os.remove("discovery.txt")


def text(count, mark="#1\n", size=300):
    return mark + "".join([LINE.format(i, '{"exp_aft":@E@,"pad":"' + "x" * size + '"}') for i in range(count)])


def test_all_once_in_bursts_that_the_heap_has_room_for():
    with World():
        node = Node(text(20))
        sent, bursts = node.upload()
        assert [message[0] for message in sent] == [b"homeassistant/sensor/n/f%d/config" % i for i in range(20)]
        assert all(message[2:] == (True, 1, 0, False) for message in sent) and bursts > 1
        expire_s = 1200 + 75 + 600 + 1200 + 60
        assert sent[0][1] == b'{"exp_aft":%d,"pad":"' % expire_s + b"x" * 300 + b'"}'
        assert [node.upload()[0] for _ in range(3)] == [[], [], []]


def test_anew_after_a_deploy_and_when_the_interval_changes_and_after_a_power_up():
    with World():
        node = Node(text(3))
        node.upload()
        for change in (
            lambda: node.write(text(3, "#2\n")),
            lambda: node.write(text(4, "#2\n")),
            lambda: setattr(node.state, "wake_every_s", 60),
            lambda: setattr(node.state, "upload_every", 4),
            lambda: setattr(node.state, "flags", STRETCHED),
            lambda: setattr(node, "state", State()),
        ):
            change()
            assert len(node.upload()[0]) >= 3
            assert node.upload() == ([], 0)


def test_what_was_not_acknowledged_comes_in_the_next_upload_and_seldom_when_nothing_ever_is():
    with World():
        node = Node(text(12))
        node.accepts = 0
        assert node.upload() == ([], 1)
        tries = [node.upload()[1] for _ in range(130)]
        assert 4 <= sum(tries) <= 9 and sum(tries[66:]) <= 1
        node.accepts = 2
        found = []
        for _ in range(70):
            found += node.upload()[0]
        assert [message[0] for message in found] == [b"homeassistant/sensor/n/f%d/config" % i for i in range(12)]


def test_a_change_amid_them_begins_again():
    with World():
        node = Node(text(12))
        from node import discovery

        first = discovery.following(node, 1, None, None)
        node.state.wake_every_s = 60
        again = discovery.following(node, 1, first, bytearray(b"\1" * len(first)))
        assert again[0][0] == first[0][0] and again[0][1] != first[0][1]
        # A command came: its room is wanted.
        again.clear()
        assert list(messages(again)) == []


def test_no_time_no_file_and_lines_that_are_none():
    with World() as world:
        node = Node("")
        assert node.upload() == ([], 0)
        os.remove("discovery.txt")
        assert node.upload() == ([], 0)
        # The deploy was cut: what is there is sent, a torn line is not. Without payload: the entity goes.
        node.write("#\n\nno tab\n\tno topic\n" + LINE.format(0, "") + LINE.format(1, "{}") + LINE.format(2, "{}")[:-2])
        world.awake.left = 1000
        assert node.upload() == ([], 0)
        world.awake.left = 15000
        assert [message[:2] for message in node.upload()[0]] == [
            (b"homeassistant/sensor/n/f0/config", b""),
            (b"homeassistant/sensor/n/f1/config", b"{}"),
        ]


def test_expire_after_outlasts_one_failed_upload_and_no_long_silence():
    with World():
        Node("")
        from node import backoff, discovery

        for interval_s in (10, 60, 900, 3600, 86400, 2592000):
            for every in (1, 4, 96):
                for awake_s in (5, 60):
                    # The worst of the last good wake, the failed one and its longest sleep (seconds).
                    longest_s = backoff.extra_s(backoff.NETWORK, 1, interval_s, (1 << 24) - 1, awake_s * 1000)
                    silence_s = 2 * interval_s * every + longest_s + 2 * awake_s
                    limit_s = discovery.expire_s(interval_s, every, awake_s)
                    assert silence_s < limit_s <= 5.2 * interval_s * every + 5 * awake_s
