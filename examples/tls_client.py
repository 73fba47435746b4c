"""A connection that is encrypted and checked: TLS with the broker's certificate verified.

CA_FILE of broker_settings.py is the certificate authority's certificate in DER; config's server must be the name in the
broker's certificate. A certificate has dates, and a board that was just powered has none: its clock is set by NTP first.
Board: as examples/hello.py says, with examples/tls_client.py in its place, and: mpremote cp ca.der :
PC:    as examples/hello.py says.
"""

import asyncio
import time

from broker_settings import CA_FILE, config

from mqtt import MQTTClient


def set_clock():
    if time.gmtime()[0] < 2025:
        import ntptime

        ntptime.settime()


async def main():
    client = MQTTClient(dict(config, ssl=True, ssl_params={"cadata": CA_FILE}, queue_len=8))
    if not client.link.isconnected():
        await client.link.connect(quick=True)
    set_clock()
    await client.connect(quick=True)
    await client.subscribe("examples/tls", 1)
    await client.publish("examples/tls", "in private", qos=1)
    async for topic, message, _ in client.queue:
        print(topic.decode(), message.decode())
        break
    await client.disconnect()
    client.close()


asyncio.run(main())
