"""The one description of every setting: the board checks config.py with it on a cold boot, the PC checks it before
a deploy, and the documentation and the commands' ranges are made from it.

A row is (name, kind, unit, low, high, default, note). For numbers low and high are values, for text they are lengths in
UTF-8 bytes. A name with a dot is an entry of that dictionary. A trailing ? on the kind allows None.
"""

SETTINGS = (
    ("BOARD", "word", "", 1, 32, "feather_s2", "a folder of boards/"),
    ("NAME", "name?", "", 1, 32, None, "None: made from the chip's id"),
    ("AREA", "text?", "bytes", 1, 32, None, "the room shown in Home Assistant"),
    ("WAKE_EVERY_S", "int", "s", 10, 30 * 86400, 900, "from one wake to the next"),
    ("UPLOAD_EVERY", "int", "wakes", 1, 96, 1, "wakes per upload"),
    ("UPLOAD_IF", "news", "", 0, 4, {}, '{"air.temperature_c": {"change": 1.0, "below": 2.0, "above": 30}}'),
    ("WAKE_PIN", "pin?", "", 1, 3600, None, '{"pin": 5, "edge": "both", "min_gap_s": 10}'),
    ("SENSORS", "sensors", "", 0, 8, {}, "your name: driver and its options (docs/sensors.md)"),
    ("BATTERY", "dict?", "", None, None, None, "None: on mains"),
    ("BATTERY.type", "choice", "", None, None, "lipo", ("lipo", "lifepo4", "2xaa", "3xaa")),
    ("BATTERY.mah", "int", "mAh", 10, 100000, 1000, "capacity"),
    ("BATTERY.stretch_below_v", "number?", "V", 0, 6, None, "wakes four times less often"),
    ("BATTERY.stop_below_v", "number?", "V", 0, 6, None, "the radio stays off"),
    ("BATTERY.want_months", "int?", "months", 1, 120, None, "warn if it will not last that long"),
    ("BROKER", "host", "", 1, 128, "192.168.1.10", "host or host:port"),
    ("TLS", "bool", "", None, None, False, "port 8883; CA in credentials.py"),
    ("MQTT5", "bool", "", None, None, False, "the broker tells when the node misses its uploads"),
    ("SERVICE", "word", "", 1, 32, "plain", "a module of src/node/services/"),
    ("TOPIC", "topic", "bytes", 1, 64, "dormouse/{name}", "below it: readings, set, result"),
    ("STATIC_IP", "address?", "", None, None, None, '("192.168.1.50/24", "192.168.1.1")'),
    ("COUNTRY", "country?", "", 2, 2, None, "two letters, Wi-Fi regulations"),
    ("NTP", "host?", "", 1, 128, None, "None: the broker's host, then pool.ntp.org"),
    ("MAX_AWAKE_S", "int", "s", 5, 60, 20, "asleep by then, whatever happens"),
    ("TEST_MODE", "bool", "", None, None, False, "USB stays up, sleep is a plain wait"),
)
# What a command may change: settings that are obeyed without another file, and that leave the node within reach of the next
# command whatever their value. Not MAX_AWAKE_S (too little never gets to the broker), nor what names the network, the broker or
# the topics; sensors, battery and pin go with the wiring, and who changes that has the board in hand.
COMMANDED = ("WAKE_EVERY_S", "UPLOAD_EVERY")
# What a command may ask for once; the same rows as above.
WORDS = (
    ("UPLOAD_NOW", "true", "", None, None, None, "the next wake uploads too, whatever UPLOAD_EVERY says"),
    ("RESTART", "true", "", None, None, None, "the board resets at the end of the wake"),
    ("CLEAR", "true", "", None, None, None, "forget commanded settings, what was learned of the network, and failure counters"),
    ("STAY_AWAKE", "int", "s", 0, 600, None, "stay awake with USB up at the end of the wake, at most 1800 s a day"),
)
_NAME = "abcdefghijklmnopqrstuvwxyz0123456789-"


def check(settings):
    """Compare the settings with SETTINGS.

    settings: dict, every name of config.py with its value.
    Returns a list of (name, message), empty when all is well; name is "BATTERY.mah" for an entry of a dictionary.
    """
    wrong = []
    for row in SETTINGS:
        name = row[0]
        if "." in name:
            outer, inner = name.split(".")
            group = settings.get(outer)
            if not isinstance(group, dict):
                continue
            value = group.get(inner, row[5])
        elif name in settings:
            value = settings[name]
        else:
            wrong.append((name, "is missing; add the line {} = {!r}".format(name, row[5])))
            continue
        message = problem(row, value)
        if message:
            wrong.append((name, message))
    names = [row[0] for row in SETTINGS]
    for name in settings:
        if name == name.upper() and name[0] != "_" and name not in names:
            wrong.append((name, "is not a setting"))
    conditions = settings.get("UPLOAD_IF")
    if isinstance(conditions, dict) and "UPLOAD_IF" not in [found[0] for found in wrong]:
        sensors = settings.get("SENSORS")
        for field in conditions:
            sensor = field.partition(".")[0]
            if isinstance(sensors, dict) and sensor not in sensors:
                wrong.append(("UPLOAD_IF", "names {!r}; SENSORS has: {}".format(field, ", ".join(sorted(sensors)) or "none")))
    battery = settings.get("BATTERY")
    for inner in battery if isinstance(battery, dict) else ():
        if "BATTERY." + str(inner) not in names:
            wrong.append(("BATTERY." + str(inner), "is not a setting"))
    return wrong


def allowed(row):
    """The allowed values of one row of SETTINGS in words, such as "10 to 2592000 s"."""
    kind, unit, low, high, note = row[1], row[2], row[3], row[4], row[6]
    none = " or None" if kind[-1] == "?" else ""
    kind = kind.rstrip("?")
    if kind == "choice":
        return ", ".join(note) + none
    if kind in ("int", "number"):
        return "{} to {} {}".format(low, high, unit).rstrip() + none
    if kind == "bool":
        return "True or False"
    if kind == "true":
        return kind
    if kind == "name":
        return "1 to {} of a-z 0-9 -{}".format(high, none)
    if kind == "country":
        return "two letters, such as \"DE\"" + none
    if kind == "address":
        return note + none
    if kind == "sensors":
        return "a dictionary of at most {} sensors".format(high)
    if kind == "dict":
        return "a dictionary" + none
    if kind == "pin":
        return "{}: edge both, rising or falling, min_gap_s {} to {}{}".format(note, low, high, none)
    if kind == "news":
        return "at most {} fields of sensors with change (above 0), below, above, such as {}".format(high, note)
    return "{}, {} to {} bytes{}".format(note, low, high, none)


def problem(row, value):
    """What is wrong with a value, in words that name the allowed range; None when it is right.

    row: a row of SETTINGS. value: what config.py or a command says.
    """
    kind = row[1]
    if kind[-1] == "?":
        if value is None:
            return None
        kind = kind[:-1]
    if kind == "sensors":
        return _sensors_problem(value, row[4])
    if not _fits(kind, value, row[3], row[4], row):
        return "is {!r}; allowed: {}".format(value, allowed(row))
    return None


def _fits(kind, value, low, high, row):
    if kind == "bool":
        return isinstance(value, bool)
    if kind in ("int", "number"):
        whole = isinstance(value, int) and not isinstance(value, bool)
        return (whole or (kind == "number" and isinstance(value, float))) and low <= value <= high
    if kind == "dict":
        return isinstance(value, dict)
    if kind == "pin":
        return isinstance(value, dict) and _is_pin(value, low, high)
    if kind == "news":
        return isinstance(value, dict) and len(value) <= high and all(_is_condition(f, value[f]) for f in value)
    if kind == "address":
        return isinstance(value, (tuple, list)) and len(value) == 2 and _is_network(value[0]) and _is_ip(value[1])
    if not isinstance(value, str):
        return False
    if kind == "choice":
        return value in row[6]
    if not low <= len(value.encode()) <= high:
        return False
    if kind == "name":
        return all(c in _NAME for c in value)
    if kind == "text":
        return True
    if kind == "word":
        return all(c in _NAME or c == "_" for c in value)
    if kind == "country":
        return value.isalpha() and value == value.upper()
    if kind == "topic":
        return _is_topic(value)
    return _is_host(value)


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_pin(settings, low, high):
    # Which pins can end the sleep the board's profile says: node.pin, and the PC's check.
    pin, gap_s = settings.get("pin"), settings.get("min_gap_s", low)
    named = (isinstance(pin, int) and not isinstance(pin, bool) and pin >= 0) or (isinstance(pin, str) and bool(pin))
    timed = isinstance(gap_s, int) and not isinstance(gap_s, bool) and low <= gap_s <= high
    edge = settings.get("edge", "both") in ("both", "rising", "falling")
    return named and timed and edge and all(name in ("pin", "edge", "min_gap_s") for name in settings)


def _is_condition(field, rule):
    if not isinstance(field, str) or not all(field.partition(".")) or not isinstance(rule, dict) or not rule:
        return False
    if not all(name in ("change", "below", "above") and _is_number(rule[name]) for name in rule):
        return False
    return rule.get("change", 1) > 0


def _is_topic(text):
    # MQTT 3.1.1 section 4.7: no wildcard and no NUL in a topic name; a leading $ belongs to the broker.
    rest = text.replace("{name}", "x").replace("{user}", "x")
    return not any(c in rest for c in "+#{}\0") and rest[0] not in "$/" and rest[-1] != "/"


def _is_host(text):
    host, colon, port = text.partition(":")
    if colon and not (port.isdigit() and 0 < int(port) < 65536):
        return False
    return bool(host) and all(c.lower() in _NAME or c in "._" for c in host)


def _is_ip(text):
    parts = text.split(".") if isinstance(text, str) else ()
    return len(parts) == 4 and all(p.isdigit() and int(p) < 256 for p in parts)


def _is_network(text):
    if not isinstance(text, str):
        return False
    ip, slash, bits = text.partition("/")
    return bool(slash) and _is_ip(ip) and bits.isdigit() and 8 <= int(bits) <= 30


def _sensors_problem(sensors, most):
    if not isinstance(sensors, dict) or len(sensors) > most:
        return "is {!r}; allowed: a dictionary of at most {} sensors".format(sensors, most)
    for name in sensors:
        options = sensors[name]
        if not (isinstance(name, str) and 0 < len(name) <= 16 and all(c in _NAME or c == "_" for c in name)):
            return "has the name {!r}; allowed: 1 to 16 of a-z 0-9 - _".format(name)
        if name in ("seq", "boot", "time", "uptime_s", "battery", "wake", "pin"):
            return "has the name {!r}, which the record itself uses".format(name)
        if not isinstance(options, dict) or not isinstance(options.get("driver"), str):
            return "{!r} needs a driver: {{\"driver\": \"sht4x\"}}".format(name)
    return None
