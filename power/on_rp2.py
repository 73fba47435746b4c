"""The RP2040's part of power: retained state, deadline timer, analogue input, I2C, sleep.

Sources: MicroPython ports/rp2: modmachine.c (lightsleep, deepsleep, reset_cause), machine_wdt.c, machine_timer.c, main.c.
"""

import gc
import machine
import time

from machine import unique_id  # noqa: F401  part of a profile

from micropython import const

from power import scratch_rp2

# lightsleep() counts microseconds in 32 bits and raises ValueError above 71 minutes; above 35.8 its product overflows a
# signed one (modmachine.c).
MAX_SLEEP_MS = 35 * 60 * 1000
# The scratch registers have room for a mark and the time only: the state is a file.
RETAINED_BYTES = 2048
IN_FLASH = True
_FILES = ("retained.a", "retained.b")
_TORN = 0xFFFFFFFF
_MOST_MS = const(8388)  # of machine.WDT: 24 bits of half microseconds
_FEED_MS = const(2000)
_CTRL = const(0x40058000)  # WATCHDOG_CTRL, RP2040 Datasheet, section 4.7.6; bit 30 enables
_turn = 0  # of the files
_end = None  # ticks of the hard deadline
_feeder = None


def retained_read():
    """What was kept in flash: bytes, at most RETAINED_BYTES, b"" when there is nothing. The first call of a wake."""
    global _turn
    scratch_rp2.begin()
    newest = b""
    for path in _FILES:
        try:
            with open(path, "rb") as f:
                found = f.read()
        except OSError:
            continue
        turn = int.from_bytes(found[-4:], "little")
        # A sector of flash is programmed from its beginning: one that was cut short ends in ones.
        if len(found) == RETAINED_BYTES + 4 and _turn < turn < _TORN:
            _turn = turn
            newest = found[:-4]
    return newest


def retained_write(image):
    """Keep bytes, across power cuts too. ValueError when longer than RETAINED_BYTES.

    Two files take turns, so that a power cut leaves one whole. They are written over, not made anew: on the Nano's FAT that is
    one write of the directory's sector, which nothing there spares, not four and two of the table's.
    """
    global _turn
    if len(image) > RETAINED_BYTES:
        raise ValueError("retained state: {} bytes, at most {}".format(len(image), RETAINED_BYTES))
    _turn += 1
    path = _FILES[_turn & 1]
    try:
        f = open(path, "r+b")
    except OSError:
        f = open(path, "wb")
    try:
        f.write(image)
        f.seek(RETAINED_BYTES)
        f.write(_turn.to_bytes(4, "little"))
    finally:
        f.close()


def timer():
    """A one-shot timer for the awake deadline: this port has virtual timers only."""
    return machine.Timer(-1)


def backstop(ms, _):
    """The hard deadline: in ms milliseconds the watchdog resets the board, whatever it is stuck in. 0: not any more.

    The watchdog counts 8.4 s at most. Until that is enough a timer feeds it, whose callback comes as the deadline's does:
    what is stuck deeper is reset 8.4 s later, before the deadline even. machine.WDT cannot be stopped, its register can.
    """
    global _end, _feeder
    if _feeder:
        _feeder.deinit()
        _feeder = None
    machine.mem32[_CTRL] &= ~(1 << 30)
    machine.mem32[0x4005801C] = 0  # SCRATCH4: what comes now is not its bite
    if not ms:
        return
    _end = time.ticks_add(time.ticks_ms(), ms)
    if ms > _MOST_MS:
        try:
            _feeder = machine.Timer(-1)
            _feeder.init(period=_FEED_MS, mode=machine.Timer.PERIODIC, callback=_feed)
        except OSError:
            _feeder = None
            return  # no timer to feed it: better a node without a backstop than one that is reset
    _feed(None)


def _feed(_):
    global _feeder
    left_ms = max(1, time.ticks_diff(_end, time.ticks_ms()))
    bite_ms = min(left_ms, _MOST_MS)
    machine.WDT(timeout=bite_ms)
    scratch_rp2.note(bite_ms)
    if left_ms <= _MOST_MS and _feeder:
        _feeder.deinit()
        _feeder = None


def adc_mv(pin):
    """Millivolts at a pin. pin: GPIO 26 to 29; the reference is the 3.3 V supply."""
    return machine.ADC(machine.Pin(pin)).read_u16() * 3300 // 65535


def i2c_open(bus, scl, sda):
    """The hardware I2C bus at 100 kHz. bus: 0 or 1; scl, sda: GPIO numbers of that bus, else ValueError.

    A line that a part holds low costs each transfer 10 ms, not 50 (machine_i2c.c).
    """
    return machine.I2C(bus, scl=machine.Pin(scl), sda=machine.Pin(sda), freq=100000, timeout=10000)


def deepsleep(ms):
    """Sleep for milliseconds, 1 to MAX_SLEEP_MS, then start again. Does not return.

    Not machine.deepsleep(): that is one light sleep, which any interrupt ends (USB's: micropython PR #16442), the radio's at
    once (modmachine.c), and then a reset. So the radio goes off, whatever the wake came to, and a sleep cut short goes on.
    """
    import network

    backstop(0, 0)
    wlan = network.WLAN()
    if hasattr(wlan, "deinit"):  # a CYW43; where it is off, this changes nothing
        wlan.active(False)
        wlan.deinit()
    elif wlan.active():  # a NINA-W102
        wlan.active(False)
    gc.collect()  # with the timer of the NINA's driver, ten times a second, which that only lets go of
    end = time.ticks_add(time.ticks_ms(), ms)
    scratch_rp2.note(ms, 1)
    try:
        while True:
            left_ms = time.ticks_diff(end, time.ticks_ms())
            if left_ms <= 0:
                break
            machine.lightsleep(left_ms)
    except KeyboardInterrupt:
        scratch_rp2.note(0)
        raise
    machine.reset()
