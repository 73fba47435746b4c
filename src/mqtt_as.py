# mqtt_as's name and habits for programs written for it (0.7 and 0.8): change nothing in them but where this file lies.
# Everything else is in the package mqtt; a new program writes `from mqtt.client import MQTTClient`.
import sys
from binascii import hexlify
from errno import EINPROGRESS, ETIMEDOUT

from mqtt.client import MQTTClient as MQTT_base
from mqtt.client import defaults, eliza  # noqa: F401  (eliza: programs import it)
from mqtt.errors import MQTTError as MQTTException  # noqa: F401

VERSION = (0, 8, 3)  # the mqtt_as whose API this is
IBUFSIZE = 50  # has no effect: the buffer is as long as the longest packet so far, up to config["max_packet"]
MSG_BYTES = True  # has no effect: messages are bytes
BUSY_ERRORS = [EINPROGRESS, ETIMEDOUT]
ESP8266 = sys.platform == "esp8266"
ESP32 = sys.platform == "esp32"
RP2 = sys.platform == "rp2"
PYBOARD = sys.platform == "pyboard"
_ANY = range(1, 0x2B)  # every property that there is (MQTT 5, 2.2.2.2)


def __getattr__(name):
    if name == "MsgQueue":  # loaded only by a program that asks for it
        from mqtt.queue import MsgQueue

        return MsgQueue
    raise AttributeError(name)


def pid_gen():
    """Generate 1, 2... 65535, 1... for ever."""
    pid = 0
    while True:
        pid = pid % 65535 + 1
        yield pid


def qos_check(qos):
    """ValueError unless qos is 0 or 1."""
    if qos not in (0, 1):
        raise ValueError("Only qos 0 and 1 are supported.")


def vbi(buf, offs, x):
    """Put x into the bytearray buf at offs as a variable byte integer (MQTT 5, 1.5.5); returns the index behind it."""
    while x > 127:
        buf[offs] = x & 127 | 128
        offs += 1
        x >>= 7
    buf[offs] = x
    return offs + 1


def encode_properties(properties):
    """MQTT 5 properties, {identifier: value} or None, as bytes with their length in front. Raises as properties.encode()."""
    from mqtt.properties import encode

    return encode(properties, _ANY)


def decode_properties(props, properties_length):
    """The dictionary of the first properties_length bytes of props (bytes or memoryview). Raises as properties.decode()."""
    from mqtt import properties

    return properties.decode(properties.vbi(properties_length) + bytes(props[:properties_length]), 0, _ANY)[0]


def _unique_id():
    try:
        from machine import unique_id

        return hexlify(unique_id())
    except ImportError:  # a PC
        from random import getrandbits

        return b"%08x" % getrandbits(30)


config = defaults()
config["client_id"] = _unique_id()


class MQTTClient(MQTT_base):
    """mqtt.client.MQTTClient under mqtt_as's names. config: the module's dictionary `config`, or one like it.

    What is here and not there is for old programs only: names that mqtt_as did not document, and its close().
    """

    topic_alias_maximum = 0

    def __init__(self, config, link=None):
        super().__init__(config, link)
        self._ssid = self._c["ssid"]
        self._wifi_pw = self._c["wifi_pw"]

    async def _network(self, quick):
        await self.wifi_connect(*(quick,) if quick else ())  # before 0.7 there was no argument

    async def wifi_connect(self, quick=False):
        """Bring the network up. Made to be overridden; `_sta_if` is then the network.WLAN, or what was assigned to it."""
        await super()._network(quick)

    def _reconnect(self):
        self._lost("asked to reconnect")

    @property
    def _has_connected(self):
        return not (self._first or self._closed)

    async def wait_msg(self):
        """Return once something has come in; it has been dealt with then."""
        self._heard.clear()
        await self._heard.wait()

    def kill_pid(self, pid, msg):
        """Take what waits for this packet identifier as acknowledged. OSError: nothing does."""
        for r in self._session.requests:
            if r.pid == pid:
                return self._session.answer(r.answer, pid, b"\0")
        raise OSError(-1, "Invalid pid in %s packet" % msg)

    def close(self):
        """Close the connection without a word, and turn Wi-Fi off, whoever turned it on."""
        super().close()
        sta = self._sta_if
        if sta:
            try:
                sta.disconnect()
            except (OSError, AttributeError):  # not up, or no Wi-Fi but a network.LAN
                pass
            sta.active(False)

    @property
    def newpid(self):
        """An iterator: next() gives a packet identifier that nothing unanswered uses."""
        while True:
            yield self._session.new_pid()

    @property
    def rcv_pids(self):
        """The packet identifiers that wait for an answer; changing this set changes nothing."""
        return {r.pid for r in self._session.requests}

    @property
    def mqttv5(self):
        """config's."""
        return self._c["mqttv5"]

    @property
    def mqttv5_con_props(self):
        """config's."""
        return self._c["mqttv5_con_props"]

    @property
    def _sta_if(self):
        link = self.link
        if hasattr(link, "sta"):
            link.isconnected()
            return link.sta
        return None

    @_sta_if.setter
    def _sta_if(self, interface):
        self.link.sta = interface
