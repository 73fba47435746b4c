# A weather station in a garden: the most that an example asks of a node. Each line replaces the line of that name in config.py.
# Copy to nodes/NAME.py. Drivers and options: docs/sensors.md. This much fits an ESP8266 too.

NAME = "garden"
WAKE_EVERY_S = 10 * 60        # from one wake to the next, 10 s to 30 days
SENSORS = {                   # your name: driver and its options
    "sky": {"driver": "bme280", "offset": {"pressure_hpa": 12.1}},
    "ground": {"driver": "ds18b20", "pin": 5},
    "bed": {"driver": "soil", "pin": 6, "dry_mv": 2400, "wet_mv": 1100, "supply": 7, "settle_ms": 300, "every": 3},
}
