# What this node is and does. Constants only: the PC reads this file without running it.
# Wi-Fi, user, password: credentials.py. A fleet: nodes/NAME.py replaces single lines of this file.

BOARD = "feather_s2"          # a folder of boards/
NAME = None                   # a-z 0-9 -, at most 32 characters; None: made from the chip's id
AREA = None                   # "Garden": the room shown in Home Assistant, at most 32 bytes; None: no room

WAKE_EVERY_S = 15 * 60        # from one wake to the next, 10 s to 30 days
UPLOAD_EVERY = 1              # wakes per upload, 1 to 96; the others keep the radio off
UPLOAD_IF = {}                # upload at once: {"air.temperature_c": {"change": 1.0, "below": 2.0, "above": 30}}; at most 4
#                               fields; change: since the last value delivered; below, above: once when crossed, once when back
WAKE_PIN = None               # {"pin": 5, "edge": "both", "min_gap_s": 10}: wakes, counts, uploads at once; None: no pin
#                               edge: both, rising, falling; min_gap_s: 1 to 3600 between two such wakes; needs a resistor

SENSORS = {                   # your name: driver and its options
    "air": {"driver": "sht4x", "offset": {"temperature_c": -0.4}},
    "light": {"driver": "feather_light"},
}
BATTERY = {                   # None: on mains; published as volts and percent
    "type": "lipo",           # lipo, lifepo4, 2xaa, 3xaa
    "mah": 1000,              # capacity, 10 to 100000 mAh
    "stretch_below_v": 3.6,   # wakes four times less often below it, 0 to 6 V; None: never
    "stop_below_v": 3.4,      # the radio stays off below it, 0 to 6 V; None: never
    "want_months": 4,         # 1 to 120; `dormouse check` warns if it will not last that long; None: no warning
}
BROKER = "192.168.1.10"       # host or host:port; user and password: credentials.py
TLS = False                   # True: port 8883; the CA certificate is in credentials.py
MQTT5 = False                 # True: the broker itself tells (status: lost) when the node misses two uploads
SERVICE = "plain"             # a module of src/node/services/: plain, adafruit, homeassistant, ibm (docs/services.md)
TOPIC = "dormouse/{name}"     # at most 64 bytes; {name}, {user}; below it: readings, set, result
STATIC_IP = None              # ("192.168.1.50/24", "192.168.1.1"): the largest saving; None: DHCP
COUNTRY = None                # "DE": Wi-Fi channels 12 and 13 need it; None: the firmware's default
NTP = None                    # time server; None: the broker's host, then pool.ntp.org
MAX_AWAKE_S = 20              # 5 to 60 s: asleep by then, whatever happens
TEST_MODE = False             # True: USB stays up, sleep is a plain wait; ends by itself after 2 h
