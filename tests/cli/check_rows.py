"""What `dormouse check` looks at, row by row: the mistake, its words and line, and what the node does with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from checked_nodes import SECRETS

LIPO = {"type": "lipo", "mah": 1000}
SOIL = {"driver": "soil", "dry_mv": 2400, "wet_mv": 1100}
HOT = {"driver": "ds18b20"}
AIR = {"driver": "sht4x"}


@dataclass
class Row:
    """A mistake. at: the line's beginning, in config.py or credentials.py. does: a pattern of what the node prints; "": it
    uploads nothing and sleeps; None: it works, or `why` says why no wake shows it."""

    kind: str
    board: str
    changes: dict[str, Any]
    words: str
    does: str | None = None
    secrets: dict[str, Any] = field(default_factory=dict)
    at: str = "SENSORS"
    why: str = ""


def sensor(kind: str, board: str, options: dict[str, Any], words: str, does: str | None = "fails", **more: Any) -> Row:
    """A row of one sensor, whose name is its rule's."""
    name = more.pop("name", kind)
    return Row(kind, board, {"SENSORS": {name: options}, **more.pop("changes", {})}, words, does, **more)


# What is wrong by itself: the kind is "setting".
BASICS = [
    Row("setting", "esp8266", {"WAKE_EVERY_S": 5}, "WAKE_EVERY_S is 5; allowed: 10 to 2592000 s",
        "ValueError: config.py: WAKE_EVERY_S is 5; allowed: 10 to 2592000 s", at="WAKE_EVERY_S"),
    Row("setting", "esp8266", {"TOPIC": "a/#"}, "TOPIC is 'a/#'; allowed:", at="TOPIC", why="as above: the same schema"),
    Row("setting", "feather_s2", {"WAKE_PIN": {"pin": 33}}, "WAKE_PIN has the pin 33; pins that end feather_s2's sleep: 0, 1,",
        at="WAKE_PIN", why="refuses it itself: src/node/pin.py, woke()"),
    sensor("setting", "esp8266", {**AIR, "gain": 2}, "has 'gain'; sht4x takes: driver, offset",
           "sensor setting failed: ValueError"),
    sensor("setting", "esp8266", {"driver": "dht22", "pin": 12, "samples": 9},
           "needs 18450 ms; MAX_AWAKE_S 60 leaves 15000 ms to the sensors", "sensor setting failed: OSError('too slow",
           changes={"MAX_AWAKE_S": 60}),
    sensor("setting", "esp8266", {"driver": "thermometer"}, "has the driver 'thermometer'; allowed: adc,", None,
           why="no such module: nothing to deploy"),
    Row("setting", "esp8266", {"SERVICE": "pigeon"}, "SERVICE is 'pigeon'; allowed:", at="SERVICE",
        why="no such module: nothing to deploy"),
    Row("setting", "esp8266", {"SENSORS": {"a": AIR, "b": AIR}},
        "SENSORS['b'] has the I2C address 0x44, as 'a' on the same bus",
        why="both names would have one part's values"),
    Row("setting", "esp8266", {"SENSORS": {"a": AIR}, "UPLOAD_IF": {"a.pressure_hpa": {"change": 1}}},
        "UPLOAD_IF names 'a.pressure_hpa'; a has: temperature_c", at="UPLOAD_IF", why="that condition is never true"),
]  # fmt: skip
# Their sensors share a wake for each board.
SENSORS = [
    sensor("pin-unknown", "esp32", {**HOT, "pin": 24},
        "has pin 24, which esp32 does not have; allowed: 0, 1, 2, 3, 4, 5, 12,"),
    sensor("pin-unknown", "d1_mini", {**HOT, "pin": "D6"},
        "does not have; D6 is 12; allowed: 0, 1, 2, 3, 4, 5, 12, 13, 14, 15"),
    sensor("pin-unknown", "pyboard_d", {**HOT, "pin": 12},
        "has pin 12, which pyboard_d does not have; allowed: 'X1', 'X2',"),
    sensor("pin-analogue", "esp32", {**SOIL, "pin": 23},
        "has pin 23, which has no converter on esp32; allowed: 0, 2, 4, 12,"),
    sensor("pin-analogue", "pyboard_d", {**SOIL, "pin": "X9"},
        "has pin 'X9', which has no converter on pyboard_d; allowed: 'X1',"),
    sensor("pin-analogue", "pico_w", {"driver": "adc", "pin": 22}, "allowed: 26, 27, 28"),
    sensor("pin-input-only", "esp32", {**HOT, "pin": 35}, "has pin 35, which can only be read; allowed: 0, 1, 2,"),
    sensor("pin-input-only", "feather_s2", {**AIR, "supply": 46}, "has supply 46, which can only be read"),
    sensor("i2c-bus", "esp32", {**AIR, "i2c": (2, 18, 19)},
        "has i2c (2, 18, 19); allowed: (0 or 1, scl, sda) with two pins"),
    sensor("i2c-bus", "pico_w", {**AIR, "i2c": (1, 5, 4)},
        "bus 1 has SCL on 3, 7, 11, 15, 19, 23, 27 and SDA on 2, 6, 10,"),
    sensor("i2c-bus", "pyboard_d", {**AIR, "i2c": (0, "Y9", "Y10")}, "allowed: (\"X\", None, None) or (\"Y\", None, None)"),
    sensor(
        "scd41-cut", "pyboard_d", {"driver": "scd41", "sleep": False},
        "pyboard_d has no supply that stays on; allowed: \"sleep\": True"
    ),
]  # fmt: skip
NODES = [
    sensor("pin-radio", "esp32", {"driver": "adc", "pin": 4, "settle_ms": 50},
        "the radio takes before supply and settle_ms are over; allowed: 32, 33,"),
    sensor("pin-taken", "feather_s2", {**HOT, "pin": 21},
        "has pin 21: the switch of the sensors' supply; allowed: 0, 1, 2,"),
    Row("scd41-cut", "virtual", {"SENSORS": {"co2": {"driver": "scd41", "sleep": False, "supply": 7}}},
        'has "sleep": False and a supply that is off between wakes', "sensor co2 failed"),
    Row("battery-stop", "esp8266", {"BATTERY": {**LIPO, "stop_below_v": 4.2}},
        "stop_below_v is 4.2: a full battery of this type has 4.15 V, the radio would never start", "", at='BATTERY'),
    Row("local-name", "esp8266", {"BROKER": "broker.local"}, "is 'broker.local', which esp8266 cannot find",
        "upload failed", at="BROKER"),
    Row("local-name", "nano_rp2040", {"NTP": "clock.local"}, "NTP is 'clock.local', which nano_rp2040 cannot find",
        at="NTP",
        why="it takes another server's time, or none"),
    Row("static-ip", "esp8266", {"STATIC_IP": ("192.168.1.255/24", "192.168.1.1")},
        "has the address 192.168.1.255, which is no host's; allowed in 192.168.1.0/24: 192.168.1.1 to 192.168.1.254",
        "upload failed", at="STATIC_IP"),
    Row("static-ip", "feather_s2", {"STATIC_IP": ("192.168.1.50/24", "192.168.2.1")},
        "has the gateway 192.168.2.1; allowed in 192.168.1.0/24", "upload failed", at="STATIC_IP"),
    Row("static-ip", "feather_s2", {"STATIC_IP": ("192.168.1.1/24", "192.168.1.1")},
        "has 192.168.1.1 for the node and for the gateway",
        at="STATIC_IP", why="as the gateway of another network"),
    Row("own-address", "feather_s2", {"STATIC_IP": ("127.0.0.9/24", "127.0.0.1"), "BROKER": "127.0.0.9"},
        "BROKER is '127.0.0.9', the node's own STATIC_IP", "upload failed", at="BROKER"),
    Row("broker-address", "esp8266", {"BROKER": "224.0.0.1"}, "is '224.0.0.1', which is no host's address",
        "upload failed", at="BROKER"),
]  # fmt: skip
CREDENTIALS = [
    Row("secret-missing", "esp8266", {}, "USER is missing; add the line USER = None", "has no attribute 'USER'",
        {"USER": ...}, ""),
    Row("wifi", "esp8266", {}, "WIFI is no list of networks; allowed: 1 to 4 networks", "", {"WIFI": ("dormouse",
        "sleep-tight")}, "WIFI"),
    Row("wifi-name", "esp8266", {}, "33 bytes; allowed: 1 to 32 bytes", "no_ap", {"WIFI": (("x" * 33, "sleep-tight"),)},
        "WIFI"),
    Row("wifi-password", "esp8266", {}, "has a password of 7 characters for 'dormouse'; allowed: 8 to 63,", "password",
        {"WIFI": (("dormouse", "acorns7"),)}, "WIFI"),
    Row("user", "esp8266", {}, "PASSWORD is set and USER is None", "ValueError: password", {"PASSWORD": "acorn"},
        "PASSWORD"),
    Row("user-in-topic", "esp8266", {"TOPIC": "{user}/x/{name}"},
        "USER is None, and TOPIC '{user}/x/{name}' has {user} in it",
        secrets={"USER": None}, at="USER", why="the broker may take it: it is somebody else's topic"),
    Row("tls-kind", "esp8266", {"TLS": True}, "CA is no text; allowed: a file such as", "ssl_params: cadata", {"CA": 5},
        "CA"),
    Row("tls-file", "esp8266", {"TLS": True}, "CA is 'no.der': no such file or directory; allowed: a file beside",
        "upload failed",
        {"CA": "no.der"}, "CA"),
    Row("tls-data", "pyboard_d", {"TLS": True}, "CA is PEM, and pyboard_d reads DER only", "ssl_params: cadata",
        {"CA": "PEM"}, "CA"),
    Row("tls-data", "feather_s2", {"TLS": True}, "CA is no certificate in DER or PEM", "ssl_params: cadata",
        {"CA": b"acorn"}, "CA"),
    Row("tls-pair", "feather_s2", {"TLS": True}, "CERT is set and KEY is None; allowed: both or none",
        "ssl_params: cert, key",
        {"CERT": "CERT"}, "CERT"),
    Row("tls-date", "feather_s2", {"TLS": True}, "CA has expired: its last day was ", secrets={"CA": "EXPIRED"}, at="CA",
        why="a handshake: below, in test_check_rules.py"),
    Row("tls-date", "feather_s2", {"TLS": True}, "CA is not yet valid: its first day is ", secrets={"CA": "EARLY"}, at="CA",
        why="a handshake: below, in test_check_rules.py"),
    Row("tls-ca-unread", "esp8266", {"TLS": True}, "CA is set, and esp8266 can check no certificate",
        secrets={"CA": "CERT"}, at="CA",
        why="the virtual board's TLS is mbedTLS on every port (docs/virtual.md): docs/tls.md"),
]  # fmt: skip
WARNINGS = [
    Row("test-mode", "feather_s2", {"TEST_MODE": True}, "TEST_MODE is True: for the bench", at="TEST_MODE"),
    Row("battery-board", "pico_w", {"BATTERY": LIPO},
        "BATTERY is set: pico_w is not for batteries: asleep it takes 1.2 mA", at="BATTERY"),
    Row("battery-short", "feather_s2", {"BATTERY": {**LIPO, "want_months": 60}}, "want_months is 60; by a model",
        at="BATTERY"),
    Row("battery-limits", "feather_s2", {"BATTERY": {**LIPO, "stretch_below_v": 3.4, "stop_below_v": 3.6}},
        "stretch_below_v is 3.4, not above stop_below_v 3.6", at="BATTERY"),
    Row("battery-limits", "feather_s2", {"BATTERY": {"type": "2xaa", "mah": 2000, "stop_below_v": 1.0}},
        "stop_below_v is 1.0: at 1.8 V a battery of this type is empty already", at="BATTERY"),
    Row("awake-short", "feather_s2", {"MAX_AWAKE_S": 5, "TLS": True},
        "MAX_AWAKE_S is 5; a first upload of feather_s2 takes about",
        at="MAX_AWAKE_S"),
    Row("interval-short", "pico_w", {"WAKE_EVERY_S": 10, "SENSORS": {"co2": {"driver": "scd41"}}},
        "WAKE_EVERY_S is 10; a wake takes about", at="WAKE_EVERY_S"),
    Row("pin-gap", "feather_s2", {"WAKE_PIN": {"pin": 5, "min_gap_s": 900}},
        "has min_gap_s 900, and WAKE_EVERY_S is 900", at="WAKE_PIN"),
    Row("this-machine", "feather_s2", {"BROKER": "localhost"},
        "BROKER is 'localhost': on a board that is the node itself", at="BROKER"),
    Row("port-tls", "feather_s2", {"BROKER": "192.168.1.10:8883"}, "port 8883 without TLS", at="BROKER"),
    Row("topic-level", "feather_s2", {"TOPIC": "a//{name}"}, "is 'a//{name}', with an empty level", at="TOPIC"),
    Row("topic-deep", "feather_s2", {"TOPIC": "a/b/c/d/e/f/g/{name}"},
        "TOPIC has 8 slashes with /readings behind it; some services take 7",
        at="TOPIC"),
    Row("name-all", "feather_s2", {"NAME": "all"}, "NAME is 'all': what is sent to dormouse/all/set, every node obeys",
        at="NAME"),
    sensor("pin-care", "esp8266", {**HOT, "pin": 15}, "has pin 15: a strapping pin", None),
    sensor("pin-pull", "esp32", {"driver": "pulse", "pin": 34}, "has pin 34, which has no pull-up inside", None),
    sensor("sensor-hungry", "esp8266", {**SOIL, "pin": 0},
        "draws 5 mA all the time: 3V is never off; give it a supply pin", None,
           changes={"BATTERY": LIPO}),
    sensor("scd41-rail", "feather_s2", {"driver": "scd41", "sleep": False},
        "wire it to 3V3, which stays on, not to LDO2_OUT", None),
    sensor("upload-if-every", "feather_s2", {**AIR, "every": 3},
        "looks at a.temperature_c, which is measured every 3 wakes only", None,
           changes={"UPLOAD_IF": {"a.temperature_c": {"change": 1}}, "UPLOAD_EVERY": 4}, at="UPLOAD_IF", name="a"),
    sensor("upload-if-idle", "feather_s2", AIR, "changes nothing: with UPLOAD_EVERY 1 each wake uploads", None,
           changes={"UPLOAD_IF": {"a.temperature_c": {"change": 1}}}, at="UPLOAD_IF", name="a"),
    sensor("upload-if-never", "feather_s2", AIR, "has above 200 for a.temperature_c, which is -40 to 125", None,
           changes={"UPLOAD_IF": {"a.temperature_c": {"above": 200}}, "UPLOAD_EVERY": 4}, at="UPLOAD_IF", name="a"),
    Row("record-may-be-long", "feather_s2", {"SENSORS": {
        f"sensor-number-{i:02}": {"driver": "ads1115", "address": 0x48 + i % 4, "i2c": (i // 4, 12,
        11)} for i in range(8)}},
        "may make readings of 1"),
    Row("record-flash", "esp8266", {"SENSORS": {
        f"sensor-number-{i:02}": {"driver": "ina219", "address": 0x40 + i} for i in range(6)}},
        "bytes or more; esp8266 keeps 240 across its sleep, longer ones go to flash"),
    Row("secret-unknown", "feather_s2", {}, "PASWORD is not one of WIFI, USER, PASSWORD, CA, CERT, KEY; is it PASSWORD?",
        secrets={"PASWORD": "acorn"}, at="PASWORD"),
    Row("wifi-example", "feather_s2", {}, "WIFI is still the example's 'your network'",
        secrets={"WIFI": (("your network", "acorns99"),)},
        at="WIFI"),
    Row("wifi-twice", "feather_s2", {}, "has the network 'dormouse' 2 times", secrets={"WIFI": SECRETS["WIFI"] * 2},
        at="WIFI"),
    Row("password-open", "feather_s2", {"BROKER": "broker.example.com"},
        "PASSWORD goes to broker.example.com as it is: TLS is False",
        secrets={"USER": "me", "PASSWORD": "acorn"}, at="PASSWORD"),
    Row("tls-no-ca", "feather_s2", {"TLS": True}, "CA is None: with TLS and without it nobody checks who the broker is",
        secrets={"CA": None}, at="CA"),
    Row("tls-no-ca", "esp8266", {"TLS": True}, "CA is None, as it must be: with TLS an esp8266 encrypts and checks nobody",
        secrets={"CA": None}, at="CA"),
    Row("tls-authority", "feather_s2", {"TLS": True}, "CA is no authority's certificate (CN=dormouse)",
        secrets={"CA": "LEAF"}, at="CA"),
]  # fmt: skip
ROWS = [*BASICS, *SENSORS, *NODES, *CREDENTIALS, *WARNINGS]
