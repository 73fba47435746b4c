"""The two small files of the board's own, for what must outlive a power cut: the boot count and what was counted with it, and
the commanded settings.
"""

import json
import os

from micropython import const

_BOOTS = "boots.txt"
_SETTINGS = "settings.json"
_MARKS = const(8)  # bytes of state.heard that are worth a flash write: of the retained commands
_NEW = ".new"  # a power cut may leave the new file alone


def count_boot(state, least=0):
    """Count a cold boot, one write per power-up, and take up what the file knows of earlier ones.

    state: node.fields.State; its boot, 1 to 65535, flash_writes, dropped and acked are set. least: the highest boot that is
    known otherwise; a file that was lost must not bring keys back that readings in the store have.
    """
    newest = [0]
    for path in (_BOOTS, _BOOTS + _NEW):
        try:
            with open(path) as f:
                newest = max(newest, [int(word) for word in f.read().split()])
        except (OSError, ValueError):
            pass
    boot, writes, dropped, acked = (newest + [0, 0, 0])[:4]
    state.boot = max(boot, state.boot, least) % 0xFFFF + 1
    state.flash_writes = max(state.flash_writes, writes)
    state.dropped = max(state.dropped, dropped)
    state.acked = max(state.acked, acked)
    keep_counts(state)


def keep_counts(state):
    """Keep the boot count, and with it the files written, the readings dropped and the key up to which they are."""
    state.flash_writes += 1
    _write(_BOOTS, "{} {} {} {}".format(state.boot, state.flash_writes, state.dropped, state.acked))


def commanded(state, config):
    """Put the commanded settings that are kept into the state; 0 for one that config.py has changed since.

    state: node.state.State; of a cold boot the marks of retained commands too, which the broker is about to send again.
    config: the module.
    """
    state.wake_every_s = state.upload_every = 0
    kept = _kept()
    if not kept:
        return
    from node import schema

    try:
        for row in schema.SETTINGS:
            name = row[0].lower()
            if row[0] in schema.COMMANDED and name in kept:
                value, replaced = kept[name]
                if replaced == getattr(config, row[0]) and not schema.problem(row, value):
                    setattr(state, name, value)
        marks = bytes(kept.get("heard", ()))
        if len(marks) == _MARKS and not any(state.heard):
            state.heard[:_MARKS] = marks
    except (ValueError, TypeError, AttributeError, MemoryError):
        pass  # not what keep_commanded() wrote


def keep_commanded(state, config):
    """Keep the commanded settings, each with the value of config.py that it replaces: a deploy of another takes precedence."""
    kept = {}
    if any(state.heard[:_MARKS]):
        kept["heard"] = list(state.heard[:_MARKS])
    for name in ("wake_every_s", "upload_every"):
        value = getattr(state, name)
        if value:
            kept[name] = [value, getattr(config, name.upper())]
    if kept != (_kept() or {}):
        state.flash_writes += 1
        _write(_SETTINGS, json.dumps(kept))


def _kept():
    for path in (_SETTINGS, _SETTINGS + _NEW):
        try:
            with open(path) as f:
                return json.load(f)
        except (OSError, ValueError, TypeError):
            pass


def _write(path, text):
    # A power cut leaves the old file, the new one or none, never half of one. A full or broken file system costs what was to
    # be kept, not the wake.
    try:
        with open(path + _NEW, "w") as f:
            f.write(text)
        try:
            os.remove(path)
        except OSError:
            pass
        os.rename(path + _NEW, path)
    except OSError:
        pass
