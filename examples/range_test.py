"""A Wi-Fi range test: walk away with the board on a battery, and watch on a PC what it still reports.

It publishes to examples/range, five seconds apart, a counter, the outages so far, the QoS 1 packets sent again, the signal's
strength and the free memory; LED_PIN of broker_settings.py lights while the broker cannot be reached. The signal is left out
where asking for it breaks the link: the Arduino Nano RP2040 Connect.
Board: as examples/hello.py says, with examples/range_test.py in its place; to start it from a battery:
       mpremote cp examples/range_test.py :main.py
PC:    it runs, but there is no signal to measure.
"""

import asyncio
import gc
import sys

from broker_settings import EVERY_S, LED_PIN, config

from mqtt import MQTTClient

NO_RSSI = "Nano RP2040" in getattr(sys.implementation, "_machine", "")
outages = 0
led = None
if LED_PIN is not None:
    from machine import Pin

    led = Pin(LED_PIN, Pin.OUT)


async def wifi(is_up):
    global outages
    if led:
        led.value(not is_up)
    if not is_up:
        outages += 1
    print("connected" if is_up else "disconnected")


def rssi(client):
    if NO_RSSI or not client.link.sta:
        return None
    try:
        return client.link.sta.status("rssi")  # dBm
    except (OSError, ValueError, TypeError):  # a driver that does not tell
        return None


async def main(client):
    await client.connect(quick=True)
    n = 0
    while True:
        gc.collect()
        free = gc.mem_free() if hasattr(gc, "mem_free") else None
        text = "%d outages: %d again: %d rssi: %s free: %s" % (n, outages, client.REPUB_COUNT, rssi(client), free)
        await client.publish("examples/range", text, qos=1)
        print("published", text)
        n += 1
        await asyncio.sleep(EVERY_S)


will = ("examples/range", "gone", False, 0)
client = MQTTClient(dict(config, wifi_coro=wifi, will=will, keepalive=120))
try:
    asyncio.run(main(client))
finally:
    client.close()
