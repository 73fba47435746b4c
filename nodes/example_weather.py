# A weather station in the garden: the most that an example asks of a node. Each line replaces the line of that name in config.py.
# Copy to nodes/NAME.py. Options and drivers: docs/sensors.md.

NAME = "garden"
WAKE_EVERY_S = 10 * 60        # from one wake to the next, 10 s to 30 days
UPLOAD_EVERY = 3              # wakes per upload, 1 to 96; the others keep the radio off
UPLOAD_IF = {                 # upload at once: frost, and a change that is worth knowing
    "air.temperature_c": {"change": 2.0, "below": 0.0},
    "bed.moisture_pct": {"below": 20},
}
SENSORS = {                   # your name: driver and its options
    "air": {"driver": "sht4x", "offset": {"temperature_c": -0.4}, "range": {"temperature_c": (-40, 60)}},
    "sky": {"driver": "bme280", "offset": {"pressure_hpa": 12.1}, "samples": 3},
    "ground": {"driver": "ds18b20", "pin": 5, "points": {"temperature_c": ((0.6, 0.0), (98.2, 99.8))}},
    "bed": {"driver": "soil", "pin": 6, "dry_mv": 2400, "wet_mv": 1100, "supply": 7, "settle_ms": 300, "every": 3},
    "light": {"driver": "feather_light"},
}
