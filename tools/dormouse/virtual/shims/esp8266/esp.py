# esp of the ESP8266 port. Source: ports/esp8266/modesp.c.
import _rtc
import _wire

SLEEP_NONE = 0
SLEEP_LIGHT = 1
SLEEP_MODEM = 2


def osdebug(_uart):
    pass


def deepsleep(_us=0, _option=0):
    # A C int of microseconds: 35.8 minutes.
    _wire.end(b"deepsleep", _wire.pack("<q", _rtc.word(_us) or -1))


def flash_size():
    return 4 << 20


def flash_id():
    return 0x1640EF


def freemem():
    return 20000


def sleep_type(_type=None):
    return SLEEP_MODEM if _type is None else None
