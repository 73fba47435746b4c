# What a broker, or a broken one, can answer: one exception under OSError, so that `except OSError` still means "try later".

class MQTTError(OSError):
    """The broker refused, or broke the protocol. tls.TLSError is one too.

    code: CONNACK's return code, 1 to 5 (MQTT 3.1.1, 3.2.2.3), 6 throttled and 7 banned (Adafruit IO), 8 to 255 reserved; or
        a reason code of MQTT 5 (2.4). On both: 0x81 bytes that no packet can be, 0x82 a packet that must not come, 0x95 a
        packet (other than a PUBLISH) above the limit.
    retry: False when the same settings will fail again, as with a wrong password.
    args: (0x2002, code) when CONNACK refused, as mqtt_as documents; (-1, code) for a broken packet; else the refusing
        packet's first byte and the code. With MQTT 5 it is v5.MQTT5Error, which has the server's own words too.
    str(): the cause in words.
    """

    def __init__(self, code, first=0x2002):
        super().__init__(first, code)
        self.code = code
        self.retry = code not in (1, 2, 4, 5, 128)

    def __str__(self):
        from .reasons import reason

        return reason(self.code)
