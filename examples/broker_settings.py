"""What the examples share: the broker, the Wi-Fi and the rhythm. Edit it, and copy it to the board beside the example.

On a PC the Wi-Fi's lines have no effect.
"""

from binascii import hexlify

try:
    from machine import unique_id
except ImportError:  # a PC

    def unique_id():
        return b"pc"


EVERY_S = 5  # seconds between two publications
SLEEP_S = 15 * 60  # the sleeper's
LED_PIN = None  # a pin's number or name: lit while the broker cannot be reached (range_test.py)
CA_FILE = "ca.der"  # for tls_client.py: the certificate authority's certificate, in DER

config = {
    "server": "192.168.1.10",  # the broker's address or name
    "port": 0,  # 0: 1883, with TLS 8883
    "user": "",
    "password": "",
    "ssid": "my network",
    "wifi_pw": "my password",
    "client_id": b"example-" + hexlify(unique_id()),  # of its own for each board, or they throw each other out
}
