# mqtt_as's name and habits for programs written for it (0.7 and 0.8): change nothing in them but where this file lies.
# Everything else is in the package mqtt; a new program writes `from mqtt.client import MQTTClient`.
import sys
from binascii import hexlify

from mqtt.client import MQTTClient as _Client
from mqtt.client import defaults, eliza  # noqa: F401  (eliza: programs import it)
from mqtt.errors import MQTTError as MQTTException  # noqa: F401

VERSION = (0, 8, 3)  # the mqtt_as whose API this is
ESP8266 = sys.platform == "esp8266"
ESP32 = sys.platform == "esp32"
RP2 = sys.platform == "rp2"
PYBOARD = sys.platform == "pyboard"


def __getattr__(name):
    if name == "MsgQueue":  # loaded only by a program that asks for it
        from mqtt.queue import MsgQueue

        return MsgQueue
    raise AttributeError(name)


def _unique_id():
    try:
        from machine import unique_id

        return hexlify(unique_id())
    except ImportError:  # a PC
        from random import getrandbits

        return b"%08x" % getrandbits(30)


config = defaults()
config["client_id"] = _unique_id()


class MQTTClient(_Client):
    """mqtt.client.MQTTClient under mqtt_as's names. config: the module's dictionary `config`, or one like it."""

    def __init__(self, config):
        super().__init__(config)

    async def _network(self, quick):
        await self.wifi_connect(quick)

    async def wifi_connect(self, quick=False):
        """Bring the network up. Made to be overridden."""
        await super()._network(quick)

    async def _connection(self):
        while not self._isconnected:
            await self._ready.wait()

    @property
    def _sta_if(self):
        self.link.isconnected()
        return self.link.sta
