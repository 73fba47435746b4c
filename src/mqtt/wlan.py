# Joining Wi-Fi for the client. Any object with these four methods can take its place: Ethernet, PPP, a board's own way.
import asyncio
from errno import ENOTCONN, ETIMEDOUT

from micropython import const

_POLL_MS = const(20)
_LOOKS = const(250)  # at a link just made: 5 s


class Wlan:
    """Drives network.WLAN as a station; where there is no `network` module (a PC) the link counts as up.

    ssid, key: str or bytes; ssid None: the network that the chip has stored (ESP8266).
    static: None for DHCP, or (address, netmask, gateway, dns), text, as WLAN.ifconfig() takes it.
    timeout_s: to join and get an address, seconds.
    A link that somebody else brought up is used and left alone. Nothing happens before connect().
    """

    def __init__(self, ssid=None, key=None, static=None, timeout_s=30):
        self._settings = ssid, key, static, timeout_s
        self.sta = None
        self._ours = False

    def isconnected(self):
        """True while the interface has a link and an address. From then on `sta` is the network.WLAN, if any."""
        if not self.sta:
            try:
                import network
            except ImportError:
                return True
            self.sta = network.WLAN(network.STA_IF)
        return self.sta.isconnected()

    async def connect(self, quick=False):
        """Join, or return at once if the link is up.

        quick: skip the check that a link just made holds for 5 s.
        Raises OSError(ETIMEDOUT, text with the driver's status) when it takes too long or the link goes again,
        OSError(ENOTCONN, the same text) as soon as the driver reports a failure, ValueError for ssid None on a chip that stores
        none. Status codes: network.WLAN.status() of each port.
        """
        if self.isconnected():
            return
        import network

        ssid, key, static, timeout_s = self._settings
        sta = self.sta
        self._ours = True
        sta.active(True)
        try:
            sta.config(reconnects=1)  # ESP32: else its driver retries for ever and reports no failure
        except (ValueError, TypeError, OSError):
            pass
        if static:
            sta.ifconfig(static)
        # How status() tells a failure. ESP32: an 802.11 reason, below 1000. ESP8266: 2 to 4. CYW43: below 0.
        success = getattr(network, "STAT_GOT_IP", 3)
        low, high = (0, 1000) if success > 999 else (2, 5) if success > 4 else (-9, 0)
        left = timeout_s * 1000
        looks = 1 if quick else _LOOKS
        names = (ssid, key) if ssid else ()
        try:
            try:
                sta.connect(*names)
            except OSError:  # ESP32, while it still tries on somebody else's behalf
                sta.disconnect()
                sta.connect(*names)
            while True:
                if sta.isconnected():
                    looks -= 1
                    if not looks:
                        return
                    left = 0  # at the edge of its range a link comes and goes: gone again is failed
                else:
                    status = sta.status()
                    if left <= 0 or low <= status < high:
                        raise OSError(ENOTCONN if left > 0 else ETIMEDOUT, "Wi-Fi status %d" % status)
                await asyncio.sleep(_POLL_MS / 1000)
                left -= _POLL_MS
        except TypeError:
            raise ValueError("ssid")
        finally:
            if looks:  # failed or cancelled
                sta.disconnect()

    def drop(self):
        """Leave the network, so that the next connect() joins anew; not a link that somebody else brought up."""
        if self._ours:
            self.sta.disconnect()

    def close(self):
        """Radio off, if connect() turned it on."""
        self.drop()
        if self._ours:
            self._ours = False
            self.sta.active(False)
