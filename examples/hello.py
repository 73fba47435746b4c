"""First steps: connect, subscribe, publish a greeting, print what comes back, disconnect.

First edit examples/broker_settings.py. Each command is given in the repository's folder.
Board: mpremote mip install package.json
       mpremote cp examples/broker_settings.py :
       mpremote run examples/hello.py
PC:    MICROPYPATH=src:examples:.frozen micropython examples/hello.py
       PYTHONPATH=src python3 examples/hello.py
"""

import asyncio

from broker_settings import config

from mqtt import MQTTClient


async def main():
    client = MQTTClient(dict(config, queue_len=8))
    await client.connect(quick=True)  # quick: do not watch the new Wi-Fi link for 5 s first
    await client.subscribe("examples/hello", 1)
    await client.publish("examples/hello", "Good morning", qos=1)
    async for topic, message, retained in client.queue:
        print(topic.decode(), message.decode(), retained)
        break
    await client.disconnect()
    client.close()  # Wi-Fi off


asyncio.run(main())
