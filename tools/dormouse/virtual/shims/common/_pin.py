# Pins: the level is kept here and told to the supervisor, which knows the rails and what drives the inputs.
import _wire


class Pin:
    def __init__(self, id, mode=-1, pull=-1, *, value=None, drive=None, hold=None, alt=-1):
        self._id = _wire.model["pins"].get(id, id) if isinstance(id, str) else id
        if isinstance(id, Pin):
            self._id = id._id
        self._check()
        self._mode = self._pull = None
        self._out = 0
        if (mode is not None and mode != -1) or value is not None:
            self.init(mode, pull, value=value)

    def _check(self):
        low, high, names = _wire.model["pin_range"]
        if not ((isinstance(self._id, int) and low <= self._id <= high) or self._id in names):
            raise ValueError("invalid pin" if high else "Pin({}) doesn't exist".format(self._id))

    def init(self, mode=-1, pull=-1, *, value=None, drive=None, hold=None, alt=-1):
        if mode is not None and mode != -1:
            self._mode = mode
        if pull != -1:
            self._pull = pull
        if value is not None:
            self._out = 1 if value else 0
        if self._mode in (self.OUT, self.OPEN_DRAIN):
            _wire.call(b"pin.set", "{}={}".format(self._id, self._out).encode())
        else:
            _wire.call(b"pin.set", "{}=z".format(self._id).encode())

    def value(self, x=None):
        if x is None:
            if self._mode in (self.OUT, self.OPEN_DRAIN):
                return self._out
            return _wire.number(b"pin.get", "{}={}".format(self._id, int(self._pull == self.PULL_UP)).encode())
        self._out = 1 if x else 0
        if self._mode in (self.OUT, self.OPEN_DRAIN):
            _wire.call(b"pin.set", "{}={}".format(self._id, self._out).encode())

    def __call__(self, x=None):
        return self.value(x)

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def irq(self, handler=None, trigger=3, **kwargs):
        # Nothing on the virtual board moves a pin while it is awake.
        return None

    def __repr__(self):
        return "Pin({})".format(self._id)
