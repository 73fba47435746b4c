"""MQTT 5's packets byte by byte. Oracle: the figures and tables of MQTT 5 (OASIS, 2019), sections beside the bytes."""

from test_mqtt_packet import made, refused

from mqtt import properties
from mqtt.unsubscribe import unsubscribe
from mqtt.v5 import V5, MQTT5Error


def test_connect_3_1_2_example():
    # Figure 3-6: all flags but will retain, QoS 1, keep alive 10 s, session expiry interval 10 s.
    expected = b"\x10\x1e\0\4MQTT\5\xce\0\x0a\5\x11\0\0\0\x0a" + b"\0\0" + b"\0" + b"\0\1w\0\0" + b"\0\1u" + b"\0\1p"
    assert made(V5({0x11: 10}).connect, "", "u", "p", 10, True, ("w", "", False, 1)) == expected


def test_a_session_that_is_not_clean_lasts():
    # 3.1.2.11.2: without the interval it would end with the connection; 0xFFFFFFFF never expires.
    assert made(V5().connect, "c", keepalive=0, clean=False) == b"\x10\x13\0\4MQTT\5\0\0\0\5\x11\xff\xff\xff\xff\0\1c"
    assert made(V5({0x11: 1}).connect, "c", keepalive=0, clean=False) == b"\x10\x13\0\4MQTT\5\0\0\0\5\x11\0\0\0\1\0\1c"
    own = {0x21: 1}
    assert len(made(V5(own).connect, "c", clean=False)) == 24
    assert own == {0x21: 1}


def test_a_password_needs_no_user():
    assert made(V5().connect, "", None, "p", 0) == b"\x10\x10\0\4MQTT\5\x42\0\0\0\0\0\0\1p"  # 3.1.2.9


def test_will_properties_go_with_the_will():
    v5 = V5(None, {0x18: 3})
    assert made(v5.connect, "", None, None, 0, True, ("w", "x", True, 0))[13:] == b"\0\0\5\x18\0\0\0\3\0\1w\0\1x"
    assert made(v5.connect, "", None, None, 0) == b"\x10\x0d\0\4MQTT\5\2\0\0\0\0\0"


def test_connect_refuses():
    wrong = [{0x11: -1}, {0x11: 1 << 32}, {0x21: 0}, {0x27: 0}, {0x17: 2}, {0x22: 65536}]  # out of range
    for own in wrong + [{0x23: 1}, {0x01: 1}, {0: 1}, {4: 1}]:  # not in a CONNECT
        assert refused(ValueError, V5(own).connect, "c"), own
    for last in ({0x18: -1}, {0x08: "a/#"}, {0x08: ""}, {0x11: 1}, {0x03: "\0"}):
        assert refused(ValueError, V5(None, last).connect, "c", will=("w", "", False, 0)), last
    assert refused(ValueError, V5().connect, "c", will=("w", "", False, 2))
    assert refused(ValueError, V5().connect, "c\0")
    assert refused(TypeError, V5({0x15: 5}).connect, "c")


def test_publish_3_3():
    assert made(V5().publish, "a/b", b"", False, 1, 10) == b"\x32\x08\0\3a/b\0\x0a\0"  # figure 3-9 and its table
    assert made(V5().publish, "a", b"x", properties={}) == b"\x30\5\0\1a\0x"
    assert made(V5().publish, "a", b"x", True, 1, 1, True, {2: 86400}) == b"\x3b\x0c\0\1a\0\1\5\2\0\1\x51\x80x"
    assert made(V5().publish, "a", b"", properties={0x26: {"k": "v", "": "\u00b0"}})[5:6] == b"\x0e"


def test_properties_as_mqtt_as_takes_them():
    # Its README: a byte may come as bytes, a user property is {0x26: {key: value}}.
    assert bytes(properties.encode({1: b"\1"}, properties.PUBLISH)) == b"\2\1\1"
    assert bytes(properties.encode({9: b"\0\xff"}, properties.PUBLISH)) == b"\5\x09\0\2\0\xff"
    assert bytes(properties.encode(None, ())) == b"\0"


def test_a_user_property_may_stand_several_times():
    # 3.1.2.11.8
    expected = (b"\x0e\x26\0\1a\0\1b\x26\0\1c\0\1d", b"\x0e\x26\0\1c\0\1d\x26\0\1a\0\1b")  # a dictionary has no order
    assert bytes(properties.encode({0x26: {"a": "b", "c": "d"}}, properties.PUBLISH)) in expected


def test_variable_byte_integers_table_1_1():
    edges = ((0, b"\0"), (127, b"\x7f"), (128, b"\x80\1"), (16383, b"\xff\x7f"), (16384, b"\x80\x80\1"))
    edges += ((2097151, b"\xff\xff\x7f"), (2097152, b"\x80\x80\x80\1"), (268435455, b"\xff\xff\xff\x7f"))
    for number, data in edges:
        assert bytes(properties.vbi(number)) == data
        assert properties.number(memoryview(b"x" + data), 1) == (number, 1 + len(data))
        subscription = properties.encode({0x0B: number or 1}, properties.SUBSCRIBE)
        assert bytes(subscription)[2:] == (data if number else b"\1")
    for data in (b"\x80\x80\x80\x80\0", b"\xff\xff\xff\xff\x7f"):
        assert refused(ValueError, lambda out, data=data: properties.number(data, 0))
    assert refused(IndexError, lambda out: properties.number(b"\x80", 0))
    assert refused(ValueError, lambda out: properties.encode({0x0B: 268435456}, properties.SUBSCRIBE))


def allowing(**connack):
    v5 = V5()
    v5.connack = {int(key[1:], 16): value for key, value in connack.items()}
    return v5


def code(v5, *args, **kwargs):
    out = bytearray(b"before")
    try:
        v5.publish(out, *args, **kwargs)
    except MQTT5Error as error:
        assert out == b"before"
        assert error.args == (-1, error.code)
        return error.code
    return 0


def test_what_the_server_does_not_take_is_not_sent():
    assert code(allowing(), "a", b"", properties={0x23: 1}) == 0x94  # 3.2.2.3.8: none announced, none taken
    assert code(allowing(_22=3), "a", b"", properties={0x23: 3}) == 0
    assert code(allowing(_22=3), "a", b"", properties={0x23: 4}) == 0x94
    assert code(allowing(_24=0), "a", b"", False, 1, 1) == 0x9B  # 3.2.2-11
    assert code(allowing(_24=0), "a", b"") == 0
    assert code(allowing(_25=0), "a", b"", True) == 0x9A  # 3.2.2-14
    assert code(allowing(_25=1), "a", b"", True) == 0
    assert code(allowing(_27=8), "a", b"xx") == 0  # 3.2.2-15: the whole packet counts
    assert code(allowing(_27=8), "a", b"xxx") == 0x95


def test_an_alias_may_stand_for_the_topic():
    v5 = allowing(_22=3)
    assert made(v5.publish, "", b"x", properties={0x23: 2}) == b"\x30\7\0\0\3\x23\0\2x"
    assert made(v5.publish, "a", b"x", properties={0x23: 2}) == b"\x30\x08\0\1a\3\x23\0\2x"
    assert refused(ValueError, v5.publish, "", b"x")
    assert refused(ValueError, v5.publish, "", b"x", properties={0x23: 0})


def test_subscribe_3_8():
    # Its figures, QoS 2 apart, which is not for us.
    assert made(V5().subscribe, 10, (("a/b", 1), ("c/d", 0))) == b"\x82\x0f\0\x0a\0\0\3a/b\1\0\3c/d\0"
    assert made(V5().subscribe, 1, [("#", 0x2C)], {0x0B: 5}) == b"\x82\x09\0\1\2\x0b\5\0\1#\x2c"
    for options in (2, 3, 0x30, 0x40, 0x80, -1):  # 3.8.3.1: QoS 2 is not ours, 3 and handling 3 are errors, two bits reserved
        assert refused(ValueError, V5().subscribe, 1, [("a", options)]), options
    for pid in (0, 65536):
        assert refused(ValueError, V5().subscribe, pid, [("a", 0)])
    assert refused(ValueError, V5().subscribe, 1, [("a", 0)], {0x11: 1})


def test_unsubscribe_3_10():
    assert made(unsubscribe, 10, ("a/b", "c/d"), {}) == b"\xa2\x0d\0\x0a\0\0\3a/b\0\3c/d"
    assert made(unsubscribe, 1, ("a",), {0x26: {"k": ""}}) == b"\xa2\x0c\0\1\6\x26\0\1k\0\0\0\1a"
    assert refused(ValueError, unsubscribe, 1, ("a",), {0x0B: 1})


def test_disconnect_3_14():
    assert V5().goodbye == b"\xe0\0"  # 3.14.2.1: 0 may be left out
    assert V5(leave=4).goodbye == b"\xe0\2\4\0"
    assert V5().disconnect(0, {0x11: 7}) == b"\xe0\7\0\5\x11\0\0\0\7"
