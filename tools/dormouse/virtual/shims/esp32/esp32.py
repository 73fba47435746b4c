# esp32: what a sleeping node asks of it. Source: ports/esp32/modesp32.c.
import _wire

WAKEUP_ALL_LOW = False
WAKEUP_ANY_HIGH = True


_chip = _wire.model["chip"]
_gpio = ()  # machine.deepsleep() refuses them where the chip cannot


def _rtc_pin(pin):
    if pin._id not in _chip["wakes"]:
        raise ValueError("invalid pin")
    return pin._id


def _watch(source, pins, level):
    armed = ",".join(["{}={}".format(_rtc_pin(pin), int(bool(level))) for pin in pins])
    _wire.call(b"wake.pin", "{}:{}".format(source, armed).encode())


if _chip["wake"] == "ext":  # SOC_PM_SUPPORT_EXT0_WAKEUP, EXT1, SOC_TOUCH_SENSOR_SUPPORTED, SOC_ULP_SUPPORTED: not the C3

    def wake_on_ext0(pin=None, level=None):
        # None disarms (modesp32.c: ext0_pin = -1).
        _watch(2, () if pin is None else (pin,), level)

    def wake_on_ext1(pins=None, level=None):
        if pins is not None:  # left out, it keeps those that it had
            _watch(3, pins, level)

    def wake_on_touch(_wake):
        pass

    def wake_on_ulp(_wake):
        pass


def wake_on_gpio(pins=None, level=None):
    # Every chip takes any pin, for light sleep (1.27, micropython #17518).
    global _gpio
    if pins is None:
        return
    _gpio = tuple([pin._id for pin in pins])
    if _chip["wake"] == "gpio" and all(pin in _chip["wakes"] for pin in _gpio):
        _watch(7, pins, level)


def gpio_deep_sleep_hold(_enable):
    pass


if _wire.model["uname"][4].endswith("ESP32"):

    def raw_temperature():
        # Fahrenheit, not calibrated.
        return _wire.number(b"chip") * 9 // 5000 + 32

else:

    def mcu_temperature():
        # S2, S3, C3: whole degrees Celsius.
        return _wire.number(b"chip") // 1000
