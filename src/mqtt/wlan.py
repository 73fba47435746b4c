# Joining Wi-Fi for the client. Any object with these four methods can take its place (Ethernet, PPP, a board's own way of joining).
import asyncio
from errno import ENOTCONN, ETIMEDOUT

from micropython import const

_POLL_MS = const(20)
_STABLE_MS = const(5000)


class Wlan:
    """Drives network.WLAN as a station; where there is no `network` module (a PC) the link counts as up.

    ssid, key: str or bytes; ssid None: the network that the chip has stored (ESP8266).
    static: None for DHCP, or (address, netmask, gateway, dns), text, as WLAN.ifconfig() takes it.
    timeout_s: to join and get an address, seconds.
    A link that somebody else brought up is used and left alone. Nothing happens before connect().
    """

    def __init__(self, ssid=None, key=None, static=None, timeout_s=30):
        self._ssid = ssid
        self._key = key
        self._static = static
        self._timeout_ms = timeout_s * 1000
        self._sta = None
        self._ours = False

    def station(self):
        """The network.WLAN object in station mode; None where there is no `network` module."""
        if self._sta is None:
            try:
                import network
            except ImportError:
                return None
            self._sta = network.WLAN(network.STA_IF)
        return self._sta

    def isconnected(self):
        """True while the interface has a link and an address."""
        sta = self.station()
        return sta is None or sta.isconnected()

    async def connect(self, quick=False):
        """Join, or return at once if the link is up.

        quick: skip the check that a link just made holds for 5 s.
        Raises OSError(ETIMEDOUT), OSError(ENOTCONN, text with the driver's status) as soon as the driver reports a failure,
        ValueError for ssid None on a chip that stores none. Status codes: network.WLAN.status() of each port.
        """
        if self.isconnected():
            return
        sta = self.station()
        self._ours = True
        sta.active(True)
        try:
            sta.config(reconnects=1)  # ESP32: else its driver retries for ever and reports no failure
        except (ValueError, TypeError, OSError):
            pass
        if self._static:
            sta.ifconfig(self._static)
        if self._ssid:
            sta.connect(self._ssid, self._key)
        else:
            try:
                sta.connect()
            except TypeError:
                raise ValueError("ssid")
        await self._joined(sta, self._timeout_ms)
        if not quick:  # at the edge of its range a link comes and goes
            for _ in range(_STABLE_MS // 500):
                await asyncio.sleep(0.5)
                if not sta.isconnected():
                    raise OSError(ENOTCONN, "Wi-Fi unstable")

    async def _joined(self, sta, left_ms):
        import network

        failures = [getattr(network, "STAT_" + n, None) for n in ("WRONG_PASSWORD", "NO_AP_FOUND", "CONNECT_FAIL", "ASSOC_FAIL", "HANDSHAKE_TIMEOUT")]
        # ESP32's three states of progress are 1000 and more, everything below is an 802.11 reason code
        reason_below = 1000 if getattr(network, "STAT_GOT_IP", 0) >= 1000 else 0
        while not sta.isconnected():
            status = sta.status()
            if status in failures or status < reason_below:
                sta.disconnect()
                raise OSError(ENOTCONN, "Wi-Fi status %d" % status)
            if left_ms <= 0:
                sta.disconnect()
                raise OSError(ETIMEDOUT, "Wi-Fi")
            await asyncio.sleep(_POLL_MS / 1000)
            left_ms -= _POLL_MS

    def drop(self):
        """Leave the network, so that the next connect() joins anew; not a link that somebody else brought up."""
        if self._ours:
            self._sta.disconnect()

    def close(self):
        """Radio off, if connect() turned it on."""
        if self._ours:
            self._ours = False
            self._sta.disconnect()
            self._sta.active(False)
