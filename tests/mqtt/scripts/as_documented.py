# Runs a program of mqtt_as's documentation word for word: argv is HOST PORT FILE. Its broker is replaced by the test's.
import sys

import mqtt_as


class Local(mqtt_as.MQTTClient):
    """The client, whatever the program's configuration says of the broker."""

    def __init__(self, config):
        config["server"] = sys.argv[1]
        config["port"] = int(sys.argv[2])
        super().__init__(config)


mqtt_as.MQTTClient = Local
with open(sys.argv[3]) as f:
    exec(f.read(), {"__name__": "__main__"})
