"""Packets byte by byte. Oracle: the figures and tables of MQTT 3.1.1 (OASIS, 2014), sections beside the bytes."""

from mqtt import packet
from mqtt.errors import MQTTError
from mqtt.unsubscribe import unsubscribe


def made(function, *args, **kwargs):
    out = bytearray(b"before")
    function(out, *args, **kwargs)
    assert out[:6] == b"before"
    return bytes(out[6:])


def refused(error, function, *args, **kwargs):
    out = bytearray(b"before")
    try:
        function(out, *args, **kwargs)
    except error:
        assert out == b"before"
        return True
    return False


def test_connect_3_1_2_example():
    # Figure 3.6: user name, password, will QoS 1, clean session, keep alive 10 s. Payload in the order of 3.1.3.
    expected = b"\x10\x1b\0\4MQTT\4\xce\0\x0a" + b"\0\1c" + b"\0\1w\0\3bye" + b"\0\1u" + b"\0\1p"
    assert made(packet.connect, "c", "u", "p", 10, True, ("w", "bye", False, 1)) == expected


def test_connect_flags_of_figure_3_4():
    def flags(*args, **kwargs):
        return made(packet.connect, "c", *args, **kwargs)[9]

    assert flags() == 0x02
    assert flags(clean=False) == 0x00
    assert flags(user="u") == 0x82
    assert flags(user="") == 0x82
    assert flags("u", "p") == 0xC2
    assert flags("u", b"") == 0xC2
    assert flags(will=("w", "", False, 0)) == 0x06
    assert flags(will=("w", "", True, 0)) == 0x26
    assert flags(will=("w", "", 7, 1)) == 0x2E


def test_user_without_password():
    # W19: no empty password field where none was given (3.1.2.9).
    assert made(packet.connect, "c", "u", None, 0) == b"\x10\x10\0\4MQTT\4\x82\0\0\0\1c\0\1u"


def test_connect_refuses():
    assert refused(ValueError, packet.connect, "c", None, "p")  # 3.1.2-22
    assert refused(ValueError, packet.connect, "c", keepalive=-1)
    assert refused(ValueError, packet.connect, "c", keepalive=65536)
    assert refused(ValueError, packet.connect, "c\0")  # 1.5.3-2
    assert refused(ValueError, packet.connect, "c" * 65536)
    assert refused(ValueError, packet.connect, "c", "u\0", "p")
    assert refused(ValueError, packet.connect, "c", "u", b"p" * 65536)
    assert refused(ValueError, packet.connect, "c", will=("", "x", False, 0))
    assert refused(ValueError, packet.connect, "c", will=("a/#", "x", False, 0))
    assert refused(ValueError, packet.connect, "c", will=("w", "x", False, 2))
    assert refused(TypeError, packet.connect, "c", will=("w", None, False, 0))
    assert refused(TypeError, packet.connect, None)


def test_text_is_measured_in_bytes():
    # W16: 1.5.3's own example, U+2A6D4 behind an A, and a degree sign.
    assert made(packet.connect, "A\U0002a6d4", keepalive=0) == b"\x10\x11\0\4MQTT\4\2\0\0\0\5A\xf0\xaa\x9b\x94"
    assert made(packet.publish, "t", "21.5 \u00b0C") == b"\x30\x0b\0\1t21.5 \xc2\xb0C"
    assert made(packet.publish, "\u00e9", b"") == b"\x30\4\0\2\xc3\xa9"
    assert not refused(ValueError, packet.publish, "\u00e9" * 32767, b"")
    assert refused(ValueError, packet.publish, "\u00e9" * 32768, b"")


def test_publish_3_3():
    assert made(packet.publish, "a/b", b"", False, 1, 10) == b"\x32\7\0\3a/b\0\x0a"  # figure 3.11 and its table
    assert made(packet.publish, "a", b"x") == b"\x30\4\0\1ax"
    assert made(packet.publish, "a", "x", True) == b"\x31\4\0\1ax"
    assert made(packet.publish, b"a", bytearray(b"x"), True, 1, 65535, True) == b"\x3b\6\0\1a\xff\xffx"
    assert made(packet.publish, "a", memoryview(b"xyz")[1:]) == b"\x30\5\0\1ayz"
    assert made(packet.publish, "a", b"", dup=True) == b"\x30\3\0\1a"  # 3.3.1-2: DUP is 0 with QoS 0


def test_remaining_length_table_2_4():
    def header(n):  # 3 bytes are the topic's
        return made(packet.publish, "a", bytes(n - 3))[: -n]

    assert header(127) == b"\x30\x7f"
    assert header(128) == b"\x30\x80\x01"
    assert header(16383) == b"\x30\xff\x7f"
    assert header(16384) == b"\x30\x80\x80\x01"


def test_publish_refuses():
    # W17, and the bytes before it stay.
    for topic in ("", "#", "+", "a/#", "a+", "a/+/b", "a\0b", b"\xff", "x" * 65536):
        assert refused(ValueError, packet.publish, topic, b""), topic
    for topic in (None, 5, ["a"]):
        assert refused(TypeError, packet.publish, topic, b""), topic
    for payload in (None, 5, 2.5, {}, ["a"]):
        assert refused(TypeError, packet.publish, "a", payload), payload
    for pid in (0, -1, 65536):
        assert refused(ValueError, packet.publish, "a", b"", False, 1, pid), pid
    for qos in (2, 3, -1):
        assert refused(ValueError, packet.publish, "a", b"", False, qos, 1), qos


def test_subscribe_3_8():
    # Figure 3.23's example asks for QoS 1 and 2; 2 is not for us.
    assert made(packet.subscribe, 10, (("a/b", 1), ("c/d", 0))) == b"\x82\x0e\0\x0a\0\3a/b\1\0\3c/d\0"
    assert made(packet.subscribe, 1, [("#", 1)]) == b"\x82\6\0\1\0\1#\1"


def test_unsubscribe_3_10():
    assert made(unsubscribe, 10, ("a/b", "c/d")) == b"\xa2\x0c\0\x0a\0\3a/b\0\3c/d"
    assert refused(ValueError, unsubscribe, 1, ())
    assert refused(ValueError, unsubscribe, 0, ("a",))
    assert refused(ValueError, unsubscribe, 1, ("a#",))


def test_filters_4_7_1():
    for topic in ("#", "+", "/", "a/#", "sport/tennis/player1/#", "+/tennis/#", "sport/+/player1", "/+", "+/+", "$SYS/#", " "):
        assert not refused(ValueError, packet.subscribe, 1, ((topic, 0),)), topic
    for topic in ("", "sport/tennis#", "sport/#/ranking", "sport+", "+a", "##", "#/", "a/++", "a\0", b"\xc3", "x" * 65536):
        assert refused(ValueError, packet.subscribe, 1, ((topic, 0),)), topic
    for qos in (2, 3, 64, 128, -1):
        assert refused(ValueError, packet.subscribe, 1, (("a", qos),)), qos
    for pid in (0, 65536):
        assert refused(ValueError, packet.subscribe, pid, (("a", 0),)), pid


def test_error_carries_what_mqtt_as_documents():
    # Its section 7: two numbers in an OSError, 0x2002 and the reason.
    error = MQTTError(5)
    assert isinstance(error, OSError)
    assert error.args == (0x2002, 5)
    assert str(error) == "not authorised (code 5)"
    assert MQTTError(0x81, -1).args == (-1, 0x81)


def test_error_says_whether_a_retry_helps():
    # Design: 1, 2, 4 and 5 are configuration; 3 passes, 6 and 7 are Adafruit IO's.
    assert [code for code in range(1, 8) if not MQTTError(code).retry] == [1, 2, 4, 5]
    assert MQTTError(0x81, -1).retry


def test_every_code_has_a_text():
    for code in range(256):
        assert "code %d" % code in str(MQTTError(code))
