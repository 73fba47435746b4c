# Soft timers. The supervisor says when one is due; a thread, blocked on a pipe, hands that to the scheduler, which runs the
# callback between two bytecodes of the main program, as the ports do. A call that blocks inside the interpreter delays it.
# A timer whose callback is an interrupt (hard; pyb.Timer) runs it at once, in that thread, where nothing can take memory.
import _thread
import micropython
import sys

from _rtc import word as _word
import _wire

running = {}  # timers, and pins with an interrupt, by key
_fd = None
_free = 1
interrupt = False  # an interrupt's callback is running


def _setup(fd):
    global _fd
    _fd = fd


def _fire(key):
    if _wire.busy:  # it would mix two requests: a bytecode later
        micropython.schedule(_fire, key)
        return
    timer = running.get(key)
    if timer is None:
        return  # stopped between its due time and this bytecode
    if timer._once:
        timer._stop()
    if timer._callback:
        timer._callback(timer)


def _interrupt(timer):
    global interrupt
    interrupt = True
    micropython.heap_lock()
    try:
        timer._callback(timer)
    except BaseException as e:
        timer._callback = None  # as shared/runtime/mpirq.c does
        micropython.heap_unlock()
        print("uncaught exception in IRQ callback handler")
        sys.print_exception(e)
    else:
        micropython.heap_unlock()
    interrupt = False


def irq(on):
    # With the interrupts off no timer comes; what the port's watchdogs make of it, the supervisor knows.
    _wire.call(b"irq", b"\1" if on else b"\0")


def leave():
    # What an interrupt calls in C needs no heap; here it does.
    if interrupt:
        micropython.heap_unlock()


def _watch(f, buf):
    while f.readinto(buf):
        timer = running.get(buf[0])
        if timer and timer._hard:
            if timer._callback:
                _interrupt(timer)
            continue
        try:
            micropython.schedule(_fire, buf[0])
        except RuntimeError:
            pass  # the queue is full: the ports drop the callback too


def listen():
    global _fd
    if isinstance(_fd, int):
        # Not earlier: a program without timers has no second thread.
        _fd = open(_fd, "rb")
        _wire.lock = _thread.allocate_lock()
        _thread.start_new_thread(_watch, (_fd, bytearray(1)))


class SoftTimer:
    _hard = False

    def __init__(self, _id, **kwargs):
        global _free
        self._check(_id)
        self._key = _free % 199 + 1  # those above are pins, and pyb's timers
        _free += 1
        self._callback = None
        self._once = False
        if kwargs:
            self.init(**kwargs)

    def _check(self, id):
        pass

    def init(self, *, mode=None, period=-1, callback=None, freq=None, tick_hz=1000):
        _word(period)
        if freq is not None:
            period = int(1000 / freq)
        elif tick_hz != 1000:
            period = period * 1000 // _word(tick_hz)
        self._start(period, mode == self.ONE_SHOT, callback)

    def _start(self, period, once, callback):
        self._stop()
        listen()
        self._once = once
        self._callback = callback
        running[self._key] = self
        _wire.call(b"timer", _wire.pack("<BBI", self._key, 0 if self._once else 1, max(0, period)))

    def _stop(self):
        if running.pop(self._key, None):
            _wire.call(b"timer", _wire.pack("<BBI", self._key, 2, 0))

    def deinit(self):
        self._stop()
