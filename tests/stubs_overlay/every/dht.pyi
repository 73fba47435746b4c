# micropython-lib micropython/drivers/sensor/dht/dht.py, frozen into every port: it imports this name from the port.
from _port_dht import *

def dht_readinto(pin: object, buffer: bytearray, /) -> None: ...  # drivers/dht/dht.c: two arguments
