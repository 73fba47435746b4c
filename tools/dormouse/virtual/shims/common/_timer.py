# Soft timers. The supervisor says when one is due; a thread, blocked on a pipe, hands that to the scheduler, which runs the
# callback between two bytecodes of the main program, as the ports do. A call that blocks inside the interpreter delays it.
import _thread
import micropython

import _wire

_running = {}
_fd = None
_free = 1


def _setup(fd):
    global _fd
    _fd = fd


def _fire(key):
    if _wire.busy:  # it would mix two requests: a bytecode later
        micropython.schedule(_fire, key)
        return
    timer = _running.get(key)
    if timer is None:
        return  # stopped between its due time and this bytecode
    if timer._once:
        timer._stop()
    if timer._callback:
        timer._callback(timer)


def _watch(f, buf):
    while f.readinto(buf):
        try:
            micropython.schedule(_fire, buf[0])
        except RuntimeError:
            pass  # the queue is full: the ports drop the callback too


class SoftTimer:
    def __init__(self, id=-1, **kwargs):
        global _free
        self._check(id)
        self._key = _free & 0xFF
        _free += 1
        self._callback = None
        self._once = False
        if kwargs:
            self.init(**kwargs)

    def _check(self, id):
        pass

    def init(self, *, mode=None, period=-1, callback=None, freq=None, hard=False, tick_hz=1000):
        global _fd
        self._stop()
        if isinstance(_fd, int):
            # Not earlier: a program without timers has no second thread.
            _fd = open(_fd, "rb")
            _thread.start_new_thread(_watch, (_fd, bytearray(1)))
        if freq is not None:
            period = int(1000 / freq)
        elif tick_hz != 1000:
            period = period * 1000 // tick_hz
        self._once = mode == self.ONE_SHOT
        self._callback = callback
        _running[self._key] = self
        _wire.call(b"timer", _wire.pack("<BBI", self._key, 0 if self._once else 1, max(0, period)))

    def _stop(self):
        if _running.pop(self._key, None):
            _wire.call(b"timer", _wire.pack("<BBI", self._key, 2, 0))

    def deinit(self):
        self._stop()
