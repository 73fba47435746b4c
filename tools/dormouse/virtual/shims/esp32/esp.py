# esp of the ESP32 port.
import _wire

LOG_NONE = 0
LOG_ERROR = 1
LOG_WARNING = 2
LOG_INFO = 3
LOG_DEBUG = 4
LOG_VERBOSE = 5


def osdebug(_uart, _level=None):
    pass


def flash_size():
    return _wire.model["flash_bytes"]
