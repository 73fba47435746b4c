"""The two small files of the board's own, for what must outlive a power cut: the boot count and what was counted with it, and
the commanded settings.
"""

import json
import os

_BOOTS = "boots.txt"
_SETTINGS = "settings.json"
_NEW = ".new"  # a power cut may leave the new file alone


def count_boot(state, least=0):
    """Count a cold boot, one write per power-up, and take up what the file knows of earlier ones.

    state: node.state.State; its boot, 1 to 65535, flash_writes, dropped and acked are set. least: the highest boot that is known
    otherwise; a file that was lost must not bring keys back that readings in the store have.
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


def commanded(config_every_s):
    """The commanded interval in seconds, 0 when there is none, or when config.py has changed its own since."""
    for path in (_SETTINGS, _SETTINGS + _NEW):
        try:
            with open(path) as f:
                kept = json.load(f)
            return kept["wake_every_s"] if kept["config"] == config_every_s else 0
        except (OSError, ValueError, KeyError, TypeError):
            pass
    return 0


def keep_commanded(every_s, config_every_s):
    """Keep the commanded interval, with the value of config.py that it replaces: a deploy of another takes precedence."""
    _write(_SETTINGS, json.dumps({"wake_every_s": every_s, "config": config_every_s}))


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
