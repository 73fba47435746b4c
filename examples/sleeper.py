"""A node that sleeps: wake, join, publish and take commands in one burst, sleep again. 25 lines, no event loop.

The session is kept, so a command published to examples/sleeper/set with QoS 1 while the board sleeps is there when it wakes.
For more than an example take the whole template: it keeps readings that could not be delivered, spaces out failures and
watches its time and battery.
Board: mpremote mip install package.json
       mpremote cp examples/broker_settings.py : + cp examples/sleeper.py :main.py + reset
       (ESP8266: GPIO16 must be wired to RST. USB may vanish while it sleeps: press reset, then Ctrl-C.)
PC:    it needs the modules `network` and `machine`.
"""

import time

import machine
import network
from broker_settings import SLEEP_S, config

from mqtt.blocking import run
from mqtt.burst import exchange


def command(topic, payload, retain, dup):
    print("command:", payload.decode())


sta = network.WLAN(network.STA_IF)
try:
    sta.active(True)
    sta.connect(config["ssid"], config["wifi_pw"])
    start = time.ticks_ms()
    while not sta.isconnected() and time.ticks_diff(time.ticks_ms(), start) < 10000:
        time.sleep_ms(20)
    reading = ("examples/sleeper/uptime_ms", "%d" % time.ticks_ms(), False, 1, 0, False)
    run(exchange(
        config["server"], config["client_id"], config["port"] or 1883,
        publish=(reading,), subscribe=(("examples/sleeper/set", 1),), on_message=command, timeout_ms=5000,
    ))
except (OSError, ValueError) as error:  # whatever the network does, it sleeps again
    print("failed:", error)
sta.active(False)
machine.deepsleep(SLEEP_S * 1000)
