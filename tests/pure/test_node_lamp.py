"""node/lamp.py: how many flashes say what; power/led.py: their rhythm. The numbers are docs/led.md's."""

import sys

from node import drop


class Pin:
    OUT = 1
    levels = []

    def __init__(self, name, mode, value):
        Pin.levels = [(name, value)]

    def value(self, level):
        Pin.levels.append((None, level))


class Machine:
    Pin = Pin


class State:
    sensor_errors = 3


class Memory:
    def __init__(self, uploads, errors=3):
        self.state = State()
        self.uploads = uploads
        self.lamp = errors


class Refused(OSError):
    def __init__(self, code, retry=True):
        super().__init__("refused")
        self.code = code
        self.retry = retry


_loaded = []


def _modules():
    # With other hardware, and not for other tests.
    if not _loaded:
        before = sys.modules.get("machine")
        drop("power.awake", "power.sleep")
        sys.modules["machine"] = Machine
        from node import lamp
        from power import led

        drop("node.lamp", "power.led", "power.awake", "power.sleep")
        del sys.modules["machine"]
        if before:
            sys.modules["machine"] = before
        led.machine = Machine
        _loaded.extend((lamp, led))
    return _loaded


def _said(error, phases=b"smlmf", uploads=True, errors=3):
    lamp, _ = _modules()
    lamp.awake.trail = bytearray(b"".join([bytes((phase, 0, 0)) for phase in phases]))
    try:
        return lamp.flashes(Memory(uploads, errors), error)
    finally:
        lamp.awake.trail = bytearray()


def test_without_an_error():
    assert _said(None) == 1
    assert _said(None, uploads=False) == 2
    assert _said(None, errors=2) == 8
    assert _said(None, uploads=False, errors=2) == 8


def test_configuration_and_program():
    assert _said(ImportError("no module named 'credentials'")) == 3
    assert _said(ValueError("config.py: NAME")) == 3
    assert _said(KeyError("late")) == 9
    assert _said(MemoryError()) == 9


def test_wifi():
    for word in ("no_ap", "password", "refused", "handshake"):
        assert _said(OSError(word), b"sml") == 4, word


def test_joined_but_nothing_more():
    assert _said(OSError("timeout"), b"sml") == 5
    assert _said(OSError("clock"), b"smlc") == 5
    assert _said(OSError(-202), b"sml") == 5  # getaddrinfo() of the ESP32
    assert _said(OSError(-2), b"smlf") == 5


def test_broker():
    for code in (1, 2, 4, 5, 6, 7, 0x87):
        assert _said(Refused(code)) == 6, code
    assert _said(Refused(3)) == 7  # server unavailable (MQTT 3.1.1 table 3.1)
    assert _said(Refused(-0x2700, False)) == 6  # a certificate that is not the one expected
    assert _said(Refused(-0x6800, True)) == 7
    assert _said(OSError(110)) == 7
    assert _said(OSError(110), b"smlcmf") == 7


def test_the_rhythm():
    _, led = _modules()
    for count in (1, 3, 9):
        period = 5 * count + 15
        text = "".join(["#" if led.shines(count, tick) else "." for tick in range(2 * period)])
        assert text == ("##..." * count + "." * 15) * 2


def test_polarity_and_no_led():
    class Board:
        LED = 2
        LED_ON = 0

    _, led = _modules()
    light = led.switch(Board)
    light(True)
    light(False)
    assert Pin.levels == [(2, 1), (None, 0), (None, 1)]
    Board.LED_ON = 1
    blink = led.blinker(Board, 1)
    for _ in range(3):
        blink()
    assert Pin.levels == [(2, 0), (None, 1), (None, 1), (None, 0)]
    Board.LED = None
    Pin.levels = []
    led.blinker(Board, 1)()
    assert Pin.levels == []


def test_lit_until_joined_and_the_trace_goes_on():
    class Board:
        LED = 2
        LED_ON = 1

    _, led = _modules()
    marks = []
    led.awake.on_mark = lambda *mark: marks.append(mark)
    try:
        led.watch(Board)
        assert Pin.levels == [(2, 0), (None, 1)]
        for phase in ("measure", "link", "mqtt"):
            assert Pin.levels[-1] == (None, 1)
            led.awake.on_mark(phase, 5)
        assert Pin.levels[-1] == (None, 0)
        assert marks == [("measure", 5), ("link", 5), ("mqtt", 5)]
    finally:
        led.awake.on_mark = None
