"""A clean session through an outage: the client is back by itself, what others published meanwhile is lost.

Run it, then stop and start the broker's network, or the broker. Publish to examples/in before, during and after. What this
program publishes with QoS 1 during the outage waits, and arrives.
Board and PC: as examples/hello.py says, with examples/clean_session.py in its place. Ctrl-C ends it.
"""

import asyncio

from broker_settings import EVERY_S, config

from mqtt import MQTTClient


async def messages(client):
    async for topic, message, _ in client.queue:
        print("message:", topic.decode(), message.decode())


async def up(client):
    while True:
        await client.up.wait()
        client.up.clear()
        print("connected")
        await client.subscribe("examples/in", 1)  # a clean session has forgotten it


async def down(client):
    while True:
        await client.down.wait()
        client.down.clear()
        print("disconnected")


async def main(client):
    await client.connect(quick=True)
    tasks = [asyncio.create_task(part(client)) for part in (messages, up, down)]  # kept: CPython drops what nobody holds
    n = 0
    while tasks:
        await client.publish("examples/out", "%d" % n, qos=1)
        print("published", n)
        n += 1
        await asyncio.sleep(EVERY_S)


client = MQTTClient(dict(config, clean=True, clean_init=True, queue_len=16))
try:
    asyncio.run(main(client))
finally:
    client.close()
