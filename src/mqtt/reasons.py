# What MQTTError's codes mean, in words. Loaded when one is printed.

_REASONS = {
    1: "unacceptable protocol level",
    2: "client id rejected",
    3: "server unavailable",
    4: "bad user name or password",
    5: "not authorised",
    6: "throttled",
    7: "banned",
    0x81: "malformed packet",
    0x82: "protocol error",
    0x95: "packet too large",
}


def reason(code):
    """The text for MQTTError.code: MQTT 3.1.1, table 3.1, Adafruit IO's 6 and 7, and MQTT 5, 2.4. Any code gives one."""
    return "%s (code %s)" % (_REASONS.get(code, "refused"), code)
