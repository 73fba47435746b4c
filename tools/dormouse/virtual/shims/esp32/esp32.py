# esp32: what a sleeping node asks of it. Source: ports/esp32/modesp32.c.
import _wire

WAKEUP_ALL_LOW = False
WAKEUP_ANY_HIGH = True


def _rtc_pin(pin):
    if not 0 <= pin._id <= 21:
        raise ValueError("invalid pin")
    return pin._id


def wake_on_ext0(pin=None, level=None):
    if pin is not None:
        _wire.call(b"wake.pin", "{}={}".format(_rtc_pin(pin), int(level)).encode())


def wake_on_ext1(pins=None, level=None):
    for pin in pins or ():
        _wire.call(b"wake.pin", "{}={}".format(_rtc_pin(pin), int(level)).encode())


def wake_on_touch(wake):
    pass


def wake_on_ulp(wake):
    pass


def gpio_deep_sleep_hold(enable):
    pass


def raw_temperature():
    return 86
