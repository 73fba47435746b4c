"""What a station can be doing, and how each radio's WLAN.status() says so.

Sources of the codes: ports/esp32/network_wlan.c (1000, 1001, 1010 and 802.11 reasons), ports/esp8266 (0 to 5),
extmod/network_cyw43.c and cyw43.h (-3 to 3), extmod/network_ninaw10.c (0 and 1).
"""

# Idle, connecting, associated without address, connected, no such network, wrong password: places in CODES.
IDLE, JOINING, NO_IP, UP, NO_AP, BAD_KEY = range(6)
CODES = {
    "esp32": (1000, 1001, 1001, 1010, 201, 202),
    "esp8266": (0, 1, 1, 5, 3, 2),
    "cyw43": (0, 1, 2, 3, -2, -3),
    "nina": (0, 0, 0, 1, 0, 0),  # it says connected or not
}
