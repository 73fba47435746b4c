"""What the LED says in test mode, by counted flashes during the wait that takes the place of the sleep: docs/led.md.

In the field this module is not even on the board. Copied by hand, it is loaded only in main.py's window after a power-up.
"""

from micropython import const

from node import backoff
from power import awake, led, sleep

_ALL = ("*",)  # for __import__: give the module named last, not the first
_DELIVERED = const(1)
_STORED = const(2)
_CONFIG = const(3)
_WIFI = const(4)
_NAMES = const(5)
_REFUSED = const(6)
_SILENT = const(7)
_SENSOR = const(8)
_CRASH = const(9)
# docs/led.md has the same; no byte on the board.
_MEANS = const((
    (1, "delivered: the broker has what was stored"),
    (2, "stored: this wake does not upload (UPLOAD_EVERY, an empty battery, a broker that wants to be left alone)"),
    (3, "configuration: a mistake in config.py or credentials.py, or a file is missing"),
    (4, "Wi-Fi: no such network, a wrong password, or the access point refuses"),
    (5, "joined, but there is no address, no answer to the broker's name, or no time for TLS"),
    (6, "the broker refuses: user, password, client id, throttled, banned; or its certificate is not the one expected"),
    (7, "the broker is silent: not reached, or stopped answering"),
    (8, "a sensor failed; everything else is as it should be"),
    (9, "a mistake in the program: its traceback is on USB, and on the log topic later"),
))  # fmt: skip


def flashes(memory, error):
    """How many. memory: node.memory.Memory. error: the exception that ended the wake, or None."""
    if not error:
        if memory.state.sensor_errors != memory.lamp:
            return _SENSOR
        return _DELIVERED if memory.uploads else _STORED
    if not isinstance(error, OSError):
        return _CONFIG if _own(error) else _CRASH
    # A refusal has a code (mqtt.errors); beyond a byte it is the TLS library's (mqtt.tls).
    code = getattr(error, "code", None)
    if code is not None:
        refused = backoff.kind_of(code) != backoff.NETWORK if 0 <= code < 256 else not getattr(error, "retry", True)
        return _REFUSED if refused else _SILENT
    # A link that did not come up has a word (node.link), and so has the clock. Joined without an address is a timeout.
    word = error.args and error.args[0]
    if isinstance(word, str):
        return _NAMES if word in ("timeout", "clock") else _WIFI
    # Of the phases' letters, three bytes each, the second m is mqtt's.
    trail = awake.trail
    return _SILENT if ord("m") in [trail[i] for i in range(6, len(trail), 3)] else _NAMES


def sign(memory, error):
    """What sleep.pretend() calls to blink. Arguments: as flashes(). Raises ValueError for an LED that is no pin of the chip."""
    return led.blinker(memory.board(), flashes(memory, error))


def window(error, seconds):
    """main.py's window: wait so long, and say why nothing works. error: the reason.

    Raises whatever keeps it from knowing the LED. config.py may be what is wrong: its text is looked at, not run.
    """
    with open("config.py") as f:
        name = next(line.replace("'", '"').split('"')[1] for line in f if line.startswith("BOARD"))
    board = __import__("boards." + name + ".profile", None, None, _ALL)
    own = _own(error) or isinstance(error, AttributeError)  # a name that config.py lacks
    sleep.wait(1000 * seconds, led.blinker(board, _CONFIG if own else _CRASH))


def _own(error):
    return isinstance(error, (SyntaxError, ImportError, ValueError))
