"""The programs that are measured: a subscription, one QoS 1 publish and a disconnect, each as its client's users write it."""

from __future__ import annotations

_BURST = """\
import sys
from mqtt import blocking, burst

publish = (("bench/readings", b'{"temperature_c": 21.42}', False, 1, 0, False),)
done = blocking.run(
    burst.exchange(
        sys.argv[1], client_id="bench-burst", port=int(sys.argv[2]), publish=publish, subscribe=(("bench/set", 1),)
    )
)
print("done" if done[1] == b"\\1" and done[3] else done)
"""

_ALWAYS_ON = """\
import asyncio
import sys
{imports}

async def main():
    await client.connect(quick=True)
    await client.subscribe("bench/set", 1)
    await client.publish("bench/readings", '{{"temperature_c": 21.42}}', qos=1)
    await client.disconnect()
    print("done")

config["client_id"] = "bench-always-on"
config["server"] = sys.argv[1]
config["port"] = int(sys.argv[2])
config["ssid"] = "dormouse"
config["wifi_pw"] = "sleep-tight"
client = MQTTClient(config)
asyncio.run(main())
"""

_UMQTT = """\
import sys
from umqtt.simple import MQTTClient

client = MQTTClient("bench-umqtt", sys.argv[1], port=int(sys.argv[2]), keepalive=60)
client.set_callback(lambda topic, message: None)
client.connect()
client.subscribe(b"bench/set", 1)
client.publish(b"bench/readings", b'{"temperature_c": 21.42}', qos=1)
client.disconnect()
print("done")
"""

BURST = _BURST
ALWAYS_ON = _ALWAYS_ON.format(imports="from mqtt import MQTTClient\nconfig = {}\n")
MQTT_AS = _ALWAYS_ON.format(imports="from mqtt_as import MQTTClient, config\n")
UMQTT = _UMQTT

# Modules that the unix port lacks and a peer's program imports: Wi-Fi that joins at once, and a chip with an id. Neither is
# measured; ours do without.
STAND_INS = {
    "machine.py": """\
def unique_id():
    return b"bench1"
""",
    "network.py": """\
STA_IF, AP_IF = 0, 1
STAT_IDLE, STAT_CONNECTING, STAT_GOT_IP = 1000, 1001, 1010


class WLAN:
    joined = False

    def __init__(self, interface=STA_IF):
        pass

    def active(self, on=True):
        return True

    def config(self, *names, **settings):
        return ""

    def connect(self, *access):
        WLAN.joined = True

    def disconnect(self):
        WLAN.joined = False

    def isconnected(self):
        return WLAN.joined

    def status(self, *what):
        return STAT_GOT_IP

    def ifconfig(self, *settings):
        return ("192.0.2.1", "255.255.255.0", "192.0.2.2", "192.0.2.2")
""",
}
