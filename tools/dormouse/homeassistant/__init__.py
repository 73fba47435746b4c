"""A node in Home Assistant: the discovery messages that make its entities, prepared here: the node only sends them.

A deploy puts them on the board as /discovery.txt (discovery.py), when SERVICE is "homeassistant".
Source of every word in them: www.home-assistant.io, MQTT, MQTT Sensor, MQTT Number, MQTT Binary sensor; of the short forms,
homeassistant/components/mqtt/abbreviations.py. tests/homeassistant compares them with the real Home Assistant.
"""
