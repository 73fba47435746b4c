# Pins: the level is kept here and told to the supervisor, which knows the rails and what drives the inputs. It also says when
# an edge comes on a pin that irq() watches, over the timers' pipe: keys 200 to 239 are pins.
import _timer
import _wire

_watched = {}  # key by pin


class Pin:
    def __init__(self, _id, *args, **kwargs):
        self._id = _wire.model["pins"].get(_id, _id) if isinstance(_id, str) else _id
        if isinstance(_id, Pin):
            self._id = _id._id
        self._check()
        self._mode = self._pull = None
        self._out = 0
        if args or kwargs:
            self.init(*args, **kwargs)

    def _check(self):
        low, high, names = _wire.model["pin_range"]
        if not ((isinstance(self._id, int) and low <= self._id <= high) or self._id in names):
            raise ValueError("invalid pin" if high else "Pin({}) doesn't exist".format(self._id))

    def _set(self, mode, pull, value):
        # What the ports' init() have in common. mode None: as it was; pull -1: as it was.
        if mode is not None:
            self._mode = mode
        if pull != -1:
            self._pull = pull
        if value is not None:
            self._out = 1 if value else 0
        if self._mode in (self.OUT, self.OPEN_DRAIN):
            _wire.call(b"pin.set", "{}={}".format(self._id, self._out).encode())
        else:
            _wire.call(b"pin.set", "{}=z".format(self._id).encode())

    def value(self, _x=None):
        if _x is None:
            if self._mode in (self.OUT, self.OPEN_DRAIN):
                return self._out
            return _wire.number(b"pin.get", "{}={}".format(self._id, int(self._pull == self.PULL_UP)).encode())
        self._out = 1 if _x else 0
        if self._mode in (self.OUT, self.OPEN_DRAIN):
            _wire.call(b"pin.set", "{}={}".format(self._id, self._out).encode())

    def __call__(self, _x=None):
        return self.value(_x)

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def irq(self, handler=None, trigger=None, *, hard=False):
        self._irq(handler, trigger, hard)

    def _irq(self, handler, trigger, hard):
        # As a timer's: the callback is scheduled, or runs at once, where nothing can take memory.
        if self._id == 16 and _wire.model["platform"] == "esp8266":
            raise OSError("pin does not have IRQ capabilities")
        if self._id not in _watched:
            _watched[self._id] = 200 + len(_watched)
        key = _watched[self._id]
        if _wire.model["platform"] == "pyboard":
            # One EXTI line for all pins of a number (extint.c).
            for taken in _timer.running.values():
                other = getattr(taken, "_id", None)
                if other and other != self._id and other[1:] == self._id[1:]:
                    raise OSError("IRQ resource already taken by Pin('{}')".format(other))
        edges = 0
        if handler is not None:
            edges = 3 if trigger is None else (trigger & self.IRQ_RISING == self.IRQ_RISING) + 2 * (
                trigger & self.IRQ_FALLING == self.IRQ_FALLING
            )
        _timer.running.pop(key, None)
        if edges:
            self._callback = handler
            self._hard = hard
            _timer.running[key] = self
            _timer.listen()
        _wire.call(b"pin.irq", bytes((key, edges)) + str(self._id).encode())

    _once = False  # as a timer that is periodic

    def __repr__(self):
        return "Pin({})".format(self._id)
