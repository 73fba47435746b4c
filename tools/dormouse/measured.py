"""The programs that `dormouse size` measures: each is one small use of the client, and lists what it has loaded."""

from __future__ import annotations

BURST = """\
import asyncio
import sys
from mqtt import burst

def on_message(topic, payload, retain, dup):
    return None

publish = (("size/a", b'{"temperature_c": 21.42}', False, 1, 0, False), ("size/b", b'{"voltage_v": 3.912}', False, 1, 0, False))
done = asyncio.run(
    burst.exchange(
        "127.0.0.1", client_id="size", port=int(sys.argv[-1]),
        publish=publish, subscribe=(("size/set", 1),), on_message=on_message,
    )
)
print("done", done[3])
for name in sys.modules:
    print("module", name)
"""

ALWAYS_ON = """\
import asyncio
import sys
from mqtt import MQTTClient

async def main():
    echo = asyncio.Event()
    client = MQTTClient({
        "client_id": "size", "server": "127.0.0.1", "port": int(sys.argv[-1]), "ssid": "dormouse", "wifi_pw": "sleep-tight",
        "subs_cb": lambda topic, message, retained: echo.set(),
    })
    await client.connect(quick=True)
    await client.subscribe("size/echo", 1)
    await client.publish("size/echo", "hello", qos=1)
    await echo.wait()
    await client.disconnect()

asyncio.run(main())
print("done True")
for name in sys.modules:
    print("module", name)
"""

# Wi-Fi that is there at once: joining is loaded and run, and counted; this stand-in is not.
NETWORK = """\
STA_IF = 0
class WLAN:
    up = False
    def __init__(self, interface): pass
    def active(self, on): pass
    def config(self, **settings): pass
    def connect(self, ssid, key): WLAN.up = True
    def isconnected(self): return WLAN.up
    def status(self): return 3
    def disconnect(self): pass
"""

# The same two in MQTT 5
BURST_5 = BURST.replace("from mqtt import burst", "from mqtt import burst, v5").replace(
    "on_message=on_message,", "on_message=on_message, v5=v5.V5({0x11: 3600, 0x21: 10}),"
)
ALWAYS_ON_5 = ALWAYS_ON.replace(
    "lambda topic, message, retained: echo.set(),", "lambda *message: echo.set(), 'mqttv5': True,"
)
