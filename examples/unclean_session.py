"""A session that the broker keeps through an outage: what others published with QoS 1 meanwhile arrives afterwards.

clean_init=True starts with an empty session after a power-up; clean=False keeps it from then on. The subscription is part of
the session, so it is renewed only if the broker had to forget it (`session_present` is False then).
Run it, then stop and start the network between board and broker. Publish to examples/in before, during and after.
Board and PC: as examples/hello.py says, with examples/unclean_session.py in its place. Ctrl-C ends it.
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
        print("connected, session present:", client.session_present)
        if not client.session_present:
            await client.subscribe("examples/in", 1)


async def main(client):
    await client.connect(quick=True)
    tasks = [asyncio.create_task(part(client)) for part in (messages, up)]  # kept: CPython drops what nobody holds
    n = 0
    while tasks:
        await client.publish("examples/out", "%d" % n, qos=1)
        print("published", n)
        n += 1
        await asyncio.sleep(EVERY_S)


client = MQTTClient(dict(config, clean=False, clean_init=True, queue_len=64))
try:
    asyncio.run(main(client))
finally:
    client.close()
