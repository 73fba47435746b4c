# The stub was made on a Pyboard v1.1, which has no lwIP. A Pyboard D's module is extmod/modlwip.c,
# mp_module_lwip_globals_table.
from _port_socket import *
from _absent import Absent

SOL_SOCKET: int = 1
SO_KEEPALIVE: Absent
SO_RCVTIMEO: Absent
SO_SNDTIMEO: Absent
IPPROTO_IP: int = 0
IPPROTO_TCP: int = 6
IPPROTO_UDP: Absent
TCP_NODELAY: int = 64  # TF_NODELAY of lwIP's tcp.h
IP_ADD_MEMBERSHIP: int = 1024
IP_DROP_MEMBERSHIP: int = 1025
