# A `network` module for the tests of wlan.py: WLAN.script is what status() says, call by call; the last value stays.
# Values of the ports: ports/esp32/modnetwork_globals.h, ports/esp8266/modnetwork_globals.h, lib/cyw43-driver/src/cyw43.h.
STA_IF = 0
STAT_GOT_IP = 3
log = []


class WLAN:
    """Records what it is asked; counts as connected while status() is STAT_GOT_IP."""

    script = [1, 1, 3]
    started = False
    stored = True
    lost_after = None

    def __init__(self, interface):
        log.append("WLAN")

    def active(self, on):
        log.append("active %d" % on)

    def config(self, **settings):
        if STAT_GOT_IP < 1000:
            raise ValueError("unknown config param")
        log.append("config %s" % settings)

    def ifconfig(self, address):
        log.append("ifconfig %s" % address[0])

    def connect(self, *args):
        if not args and not WLAN.stored:
            raise TypeError("function missing required positional arguments")
        log.append("connect %s" % (args,))
        WLAN.started = True

    def disconnect(self):
        log.append("disconnect")
        WLAN.started = False

    def status(self):
        if len(WLAN.script) > 1:
            return WLAN.script.pop(0)
        return WLAN.script[0]

    def isconnected(self):
        if not WLAN.started:
            return False
        if WLAN.script[0] == STAT_GOT_IP and WLAN.lost_after is not None:
            WLAN.lost_after -= 1
            if WLAN.lost_after < 0:
                return False
        return WLAN.script[0] == STAT_GOT_IP
