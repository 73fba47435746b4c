"""What the node says of itself: when it wakes next (against simulated sleeps), and what it counted."""

import json

from clockkit import Clockwork
from node import backoff
from node import state as states
from node.state import State
from power.retained import check

NOW = 1795214385123  # 2026-11-21
MARK = int.from_bytes(check(b"chip"), "little")


class Watched(Clockwork):
    """Takes a reading and says its status in each wake that uploads."""

    tail = "}"
    window = chores = 0  # of this wake
    command_s = 0  # an interval that is commanded in the next upload

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.said = []  # (when, the status), one for each upload
        self.UPLOAD_EVERY = 1

    def _upload(self):
        from node import drift, plan, status
        from power import rtc

        uploads = plan.uploads(self.state, self, rtc.read())
        self.state.seq += 1
        if not uploads:
            return
        if self.clock.due(self.state):
            self.clock.sync(self.state, tuple(self.answers))
        began_ms = drift.now_ms(self.state) - self.elapsed_ms() if self.state.fixed_at else 0
        began = self.true_ms - self.elapsed_ms()
        if self.command_s:
            self.live(700)
            self.state.wake_every_s = self.command_s
            self.command_s = 0
        self.window_ms, self.state.chores = self.window, self.chores
        message = status.message(self, "shed/status", began_ms, MARK, 0, self.UPLOAD_EVERY, self.tail)
        self.window_ms = self.state.chores = 0
        assert message[0] == "shed/status" and message[2:] == (True, 0, 0, False)
        self.said.append((began, json.loads(message[1])))


def test_the_time_of_the_next_wake_is_right_with_and_without_drift():
    for error in (0, 0.05, -0.05):
        with Watched(NOW, error, 900) as world:
            wakes = [world.wake() for _ in range(40)]
            said = [status for _, status in world.said]
            assert all(status["state"] == "sleeping" and status["wake_every_s"] == 900 for status in said)
            assert "upload_at" not in said[0] and "until" not in said[0]
            off = [abs(wakes[i + 1] - said[i]["wake_at"] * 1000) for i in range(6, 39)]
            assert max(off) <= 9000 + 1000, (error, off)
            assert abs(said[9]["time"] * 1000 - wakes[9]) < 10000


def test_the_next_upload_is_told_apart_from_the_next_wake():
    with Watched(NOW, 0, 900) as world:
        world.UPLOAD_EVERY = 4
        wakes = [world.wake() for _ in range(17)]
        assert [began for began, _ in world.said] == wakes[::4]
        for i in range(4):
            status = world.said[i][1]
            assert abs(status["wake_at"] * 1000 - wakes[4 * i + 1]) < 2000, (i, status)
            assert abs(status["upload_at"] * 1000 - wakes[4 * i + 4]) < 2000, (i, status)
        # As commanded, config.py's is over.
        world.state.upload_every = 1
        world.wake()
        assert "upload_at" not in world.said[-1][1]


def test_a_commanded_interval_and_a_low_battery_are_in_it_at_once():
    with Watched(NOW, 0, 900) as world:
        world.wake()
        for seconds, flags in ((120, 0), (3600, 0), (600, states.STRETCHED)):
            world.command_s = seconds
            world.state.flags |= flags
            world.wake()
            status = world.said[-1][1]
            if flags:
                seconds *= 4
            assert status["wake_every_s"] == seconds
            began = world.wake()
            assert abs(status["wake_at"] * 1000 - began) < 2000, (seconds, status)


def test_after_failures_the_next_status_is_right_again():
    with Watched(NOW, 0, 900) as world:
        world.wake()
        world.error = OSError(110)
        world.wake()
        world.wake()
        world.error = None
        world.wake()
        status = world.said[-1][1]
        assert abs(status["wake_at"] * 1000 - world.wake()) < 2000


def test_an_unset_clock_promises_nothing():
    with Watched(NOW, 0, 900) as world:
        world.answers = {}
        world.wake()
        status = world.said[-1][1]
        assert status == {"state": "sleeping", "time": None, "wake_at": None, "wake_every_s": 900}


def test_awake_for_somebody_is_online_until_then():
    with Watched(NOW, 0, 900) as world:
        world.window = 8000
        world.wake()
        status = world.said[-1][1]
        assert status["state"] == "online" and 7 <= status["until"] - status["time"] <= 8
        world.window = 0
        world.chores = 300 << 3
        world.wake()
        status = world.said[-1][1]
        assert status["state"] == "online" and 299 <= status["until"] - status["time"] <= 300


def test_another_board_is_known_by_its_greeting_and_not_by_anybodys_words():
    from node import twin

    kept = State()
    own = "n1-0a0b0c0d0e0f"
    for words in (
        b'{"chip":"0a0b0c0d0e0f"}',
        b'{"chip":',
        b'{"chip":"',
        b'{"chip":"zz"}',
        b'{"chip":"\xff\0"}',
        b'{"chip":"1"}',
    ):
        twin.greeted(kept, own, words)
        assert not any(kept.told), words
    twin.greeted(kept, own, b'{"chip":"0a0b0c112233"}')
    assert bytes(kept.told[7:10]) == b"\x11\x22\x33" and len(kept.told) == 25


class Board:
    """The memory, as node.about asks it."""

    image = b'some record {"battery":{"voltage_v":3.9,"percent":70},"air":{}} and a torn "battery":{"vol'
    used = 63


def about(kept):
    with Clockwork(NOW, 0, 900):
        from node import about

        world = Board()
        world.state = kept
        return json.loads(about.text(world, "0a0b0c0d0e0f"))


def test_numbers_in_a_byte_are_at_most_a_sixteenth_too_small():
    with Clockwork(NOW, 0, 900):
        from node import tally
    kept = State()
    for n in (1, 31, 32, 33, 63, 64, 999, 1983, 2047, 3967, 31 << 7, 1 << 20):
        kept.told[15] = tally.short(n)
        told = about(kept)["awake_ms"] // 8
        assert told <= n and (told * 16 >= n * 15 or n >> 12), (n, told)
    assert [tally.short(n) for n in (0, 31, 32, 1 << 20)] == [0, 31, 48, 255]


def test_failures_are_counted_by_kind_and_never_overflow():
    with Clockwork(NOW, 0, 900):
        from node import tally

        kept = State()
        for failure, times in ((1, 2), (3, 40), (8, 1)):
            kept.failure = failure
            for _ in range(times):
                tally.run(kept, OSError(110))
        assert about(kept)["failures"] == {"link": 2, "network": 15, "budget": 1}
        # They stay until a report has gone out whole.
        tally.run(kept, None)
        assert about(kept)["failures"] == {"link": 2, "network": 15, "budget": 1}
        kept.told[14] |= 4
        tally.run(kept, None)
        assert about(kept)["failures"] == {} and not kept.told[14]


def test_every_kind_of_failure_has_its_word():
    kept = State()
    kept.told[:4] = b"\x21\x43\x65\x87"
    assert about(kept)["failures"] == {kind: i + 1 for i, kind in enumerate(backoff.KINDS[1:])}


def test_the_newest_records_battery_is_in_the_report():
    said = about(State())
    assert said["battery"] == {"voltage_v": 3.9, "percent": 70}
    assert said["boots"] == 0 and said["chip"] == "0a0b0c0d0e0f" and "rssi_dbm" not in said
    kept = State()
    kept.link[5] = 256 - 61
    assert about(kept)["rssi_dbm"] == -61
    Board.used = 10
    assert "battery" not in about(State())
    Board.used = 63


def test_the_phases_of_a_wake_are_told_by_its_marks():
    marks = (("start", 0), ("measure", 120), ("link", 200), ("clock", 1000), ("mqtt", 1080), ("finish", 1480), ("sleep", 1500))
    for left_out, clock_ms in (("", 80), ("clock", None)):
        with Clockwork(NOW, 0, 900) as world:
            world.clock_since_ms = 1496
            world.trail = bytearray()
            for phase, ms in marks:
                if phase != left_out:
                    world.trail += bytes((ord(phase[0]), ms >> 11, ms >> 3 & 255))
            from node import tally

            kept = State()
            tally.run(kept, None)
        said = about(kept)
        assert said["awake_ms"] in range(1400, 1497) and said["boot_ms"] == 120 and said["measure_ms"] == 80
        assert said.get("clock_ms") == clock_ms and said["mqtt_ms"] == 400
        assert said["link_ms"] in (range(750, 801) if clock_ms else range(800, 881))
