"""The Pyboard D's part of power: retained memory, deadline timer, analogue input, I2C, sleep.

Sources: MicroPython ports/stm32: modmachine.c (mem_backup), rtc.c (wakeup, 131072 s), powerctrl.c (standby).
"""

import machine
import os

from machine import unique_id  # noqa: F401  part of a profile

# rtc.c: a longer wakeup raises ValueError, which would leave the board awake.
MAX_SLEEP_MS = 131072 * 1000
_FILE = "retained.bin"  # firmware before 1.29 has no mem_backup()
_FILE_BYTES = 2048
RETAINED_BYTES = 4096 if hasattr(machine, "mem_backup") else _FILE_BYTES
IN_FLASH = RETAINED_BYTES == _FILE_BYTES
_sleep_ms = 0


def retained_read():
    """What was kept across the sleep: bytes, or the memory itself, which is no load for the heap. Arbitrary after a
    power-up, so the caller checks it.
    """
    if RETAINED_BYTES != _FILE_BYTES:
        return machine.mem_backup()
    for path in (_FILE, _FILE + ".new"):
        try:
            with open(path, "rb") as f:
                return f.read(_FILE_BYTES)
        except OSError:
            pass
    return b""


def retained_write(image):
    """Keep bytes across standby and resets. ValueError when longer than RETAINED_BYTES."""
    if len(image) > RETAINED_BYTES:
        raise ValueError("retained memory: {} bytes, at most {}".format(len(image), RETAINED_BYTES))
    if RETAINED_BYTES != _FILE_BYTES:
        machine.mem_backup()[: len(image)] = image
        return
    # A new file that takes the old one's place: a power cut leaves one of the two whole. FAT renames over nothing.
    with open(_FILE + ".new", "wb") as f:
        f.write(image)
    try:
        os.remove(_FILE)
    except OSError:
        pass
    os.rename(_FILE + ".new", _FILE)


def timer():
    """A one-shot timer for the awake deadline."""
    return machine.Timer(-1)


def backstop(ms, sleep_ms):
    """The hard deadline: in ms milliseconds an interrupt sends the board to sleep for sleep_ms, whatever it is stuck in, but
    for code that has the interrupts off. 0: not any more.

    Not machine.WDT, which counts on in standby (micropython #19399). pyb.Timer calls back within its interrupt
    (ports/stm32/timer.c) at a priority above PendSV's, where the radio's and the soft timers' code runs (irq.h). Timer 2 has
    32 bits, so that a minute fits; sensors must leave it alone.
    """
    import pyb

    global _sleep_ms
    timer = pyb.Timer(2)
    _sleep_ms = min(sleep_ms, MAX_SLEEP_MS)
    if ms:
        # Half milliseconds: their prescaler fits 16 bits at any clock that the chip can have.
        timer.init(prescaler=timer.source_freq() // 2000 - 1, period=2 * ms, callback=_interrupt)
    else:
        timer.deinit()


def _interrupt(_):
    # Nothing here may take memory. Standby from here is a reset as from anywhere.
    try:
        machine.deepsleep(_sleep_ms)
    finally:
        machine.reset()


def radio():
    """The module that drives this port's radio."""
    from power import radio_stm32

    return radio_stm32


def wake():
    """The module for a pin that ends the sleep."""
    from power import wake_stm32

    return wake_stm32


def adc_mv(pin):
    """Millivolts at a pin. pin: its name, "X2" or the CPU's "A1".

    The converter counts in parts of the chip's supply, which falls with an empty battery: below 3.3 V that would show more than
    there is. So the supply is measured too, by the chip's reference and its factory value (ports/stm32/adc.c, read_vref). The
    mask is the inner channels: without it every pin becomes an analogue input.
    """
    import pyb

    supply_mv = int(pyb.ADCAll(12, 0x70000).read_vref() * 1000)
    return machine.ADC(machine.Pin(pin)).read_u16() * supply_mv // 65535


def i2c_open(bus, scl, sda):
    """The hardware I2C bus at 100 kHz. bus: "X" or "Y", which name their pins; scl, sda: ignored.

    A line that a part holds low costs each transfer 10 ms, not 50 (ports/stm32/i2c.c). EN_3V3, off in standby, sets it free.
    """
    return machine.I2C(bus, freq=100000, timeout=10000)


def deepsleep(ms):
    """Standby for milliseconds, 1 to MAX_SLEEP_MS, then start again. Does not return."""
    machine.deepsleep(ms)
