"""Defects in the bytes that go out and come in."""

from __future__ import annotations

from defects import CLIENT, INPUT, MP, OUTPUT, PACKET, PARSER, POWER, Defect

BYTES = [
    # Lengths: more than four bytes; a buffer as large as the header says; one that never shrinks.
    *(
        Defect(10, INPUT + test, PARSER, "if head > 5:", "if head > 500:")
        for test in (
            "w10_a_length_of_five_bytes_closes_the_link[micropython]",
            "w10_a_length_of_five_bytes_ends_the_burst[cpython]",
        )
    ),
    *(
        Defect(11, POWER + "w11_a_hostile_length_takes_no_memory_and_a_long_message_none_for_good" + MP, PARSER, old, new)
        for old, new in (
            ("need += length if length <= limit else 2", "need += length"),
            ("if len(buf) != need:", "if len(buf) < need:"),
        )
    ),
    # Bytes of the buffer behind a short packet become a message; a body of unknown type is read as packets.
    *(
        Defect(12, INPUT + test, PARSER, "if i <= n and (", "if i <= 999 and (")
        for test in (
            "w12_no_message_from_a_topic_longer_than_its_packet[micropython]",
            "w12_a_topic_longer_than_its_packet_ends_the_burst[cpython]",
        )
    ),
    *(
        Defect(
            13,
            INPUT + test,
            PARSER,
            "            flags = buf[start] & 15",
            "            if kind in (0, 0xF0):\n                start += head\n                continue\n"
            "            flags = buf[start] & 15",
        )
        for test in (
            "w13_an_unknown_type_closes_the_link_and_its_body_is_no_packet[micropython]",
            "w13_an_unknown_type_ends_the_burst[cpython]",
        )
    ),
    # Characters counted, not bytes.
    Defect(
        16,
        "test_mqtt_as_arguments::test_w16_text_is_measured_in_bytes" + MP,
        PACKET,
        "n += len(part)",
        "n += len([byte for byte in part if byte & 192 != 128])",
    ),
    *(
        Defect(
            16,
            OUTPUT + test,
            PACKET,
            "to_bytes(len(value)",
            "to_bytes(len([byte for byte in value if byte & 192 != 128])",
        )
        for test in (
            "w16_every_text_of_a_connection_is_measured_in_bytes[micropython]",
            "w16_w19_w26_the_bytes_of_a_burst[cpython]",
        )
    ),
    # No look at topics; a number for a payload.
    *(
        Defect(
            17,
            "test_mqtt_as_arguments::test_w17_what_a_broker_would_hang_up_for_raises_before_it_is_sent" + MP,
            PACKET,
            old,
            new,
        )
        for old, new in (("    if bad:", "    if False:"), ('b"" + value', "bytes(value)"))
    ),
    # A remaining length has three bytes at most.
    Defect(
        18,
        OUTPUT + "w18_a_message_of_more_than_two_megabytes_arrives_whole" + MP,
        PACKET,
        "while n > 127:",
        'if n >> 21:\n        raise IndexError("bytearray index out of range")\n    while n > 127:',
    ),
    # An empty password where none was given.
    Defect(
        19,
        "test_mqtt_as_arguments::test_w19_user_password_and_will_arrive" + MP,
        CLIENT,
        'c["password"] or None',
        'c["password"] or ("" if c["user"] else None)',
    ),
    Defect(
        19,
        OUTPUT + "w16_w19_w26_the_bytes_of_a_burst[micropython]",
        PACKET,
        "if password is not None:",
        'password = password or ("" if user else None)\n    if password is not None:',
    ),
    # A property of one byte only as bytes, though the documentation says byte.
    Defect(
        21,
        "test_v5_client::test_w21_bytes_may_be_given_as_int_or_as_bytes" + MP,
        "mqtt/properties.py",
        "if isinstance(value, bytes):",
        "if kind == 1:",
    ),
]
