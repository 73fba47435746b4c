"""Everything the node remembers: the state and the outbox in retained memory, and in flash what must outlive a power cut."""

import json
import os

from node import clock, record
from node import state as states
from node.outbox import Outbox
from power import frame, retained, rtc

_VERSIONS = (states.VERSION, 1)
_BOOTS = "/boots.txt"
_SETTINGS = "/settings.json"


class Memory:
    """state: node.state.State. outbox: node.outbox.Outbox. cold: this is a cold boot."""

    def __init__(self, board, wake_every_s):
        """Read retained memory; when it is absent, torn or foreign, this is a cold boot.

        board: the profile. wake_every_s: config.py's, which a commanded one replaces until config.py says another.
        """
        self.battery_mv = None  # in this wake; None: not read
        self._board = board
        self._config_every_s = wake_every_s
        payload, ram = retained.load(board, _VERSIONS)
        self.state = states.load(payload)
        self.cold = self.state is None
        if self.cold:
            self.state = states.State()
            self.state.boot = _next_boot()
            self.state.base_s = rtc.read()
            self.state.wake_every_s = _commanded(wake_every_s)
        used = states.dump(self.state)
        room = board.RETAINED_BYTES - len(used) - 2 * frame.HEADER
        self.outbox = Outbox(ram or b"", room, self.state.acked)

    def save(self):
        """Keep state and outbox in retained memory."""
        self.state.acked = self.outbox.acked
        self.state.dropped += self.outbox.dropped
        self.outbox.dropped = 0
        retained.save(self._board, _VERSIONS, (states.dump(self.state), self.outbox.ram))

    def keep_settings(self, changes):
        """Keep commanded settings over a power cut too, and the state with them. changes: {name: value}; may be empty."""
        if changes:
            # The value in config.py goes along: a later deploy of another one takes precedence again.
            _write(_SETTINGS, json.dumps({"wake_every_s": self.state.wake_every_s, "config": self._config_every_s}))
        self.save()

    def interval_s(self):
        """Seconds from one wake to the next: as commanded, else as configured."""
        return self.state.wake_every_s or self._config_every_s

    def add(self, body):
        """Put a reading into the outbox and keep it. body: text of node.measure.finish()."""
        state = self.state
        if state.seq == 0xFFFF:
            # The next reading would have this boot's first key again.
            state.boot = _next_boot()
            state.seq = 0
            state.born_at = 0
            state.base_s = rtc.read()
        state.seq += 1
        key = state.boot << 16 | state.seq
        if state.fixed_at:
            self.outbox.append(record.pack(key, rtc.read(), record.UTC, body.encode()))
        else:
            self.outbox.append(record.pack(key, clock.uptime(state), 0, body.encode()))
        self.save()


def _next_boot():
    """Count a cold boot in flash: one write per power-up. A lost count starts again at 1."""
    try:
        with open(_BOOTS) as f:
            boots = int(f.read())
    except (OSError, ValueError):
        boots = 0
    boots = boots % 0xFFFF + 1
    _write(_BOOTS, str(boots))
    return boots


def _commanded(config_every_s):
    try:
        with open(_SETTINGS) as f:
            kept = json.load(f)
        return kept["wake_every_s"] if kept["config"] == config_every_s else 0
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _write(path, text):
    """Write a small file so that a power cut leaves the old one, the new one or none, never half of one. A full or broken
    file system costs what was to be kept, not the wake.
    """
    try:
        with open(path + ".new", "w") as f:
            f.write(text)
        try:
            os.remove(path)
        except OSError:
            pass
        os.rename(path + ".new", path)
    except OSError:
        pass
