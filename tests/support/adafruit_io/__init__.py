"""A stand-in for Adafruit IO's MQTT broker, with the rules that it documents.

account.py: what an account may do, and how often. packets.py: MQTT 3.1.1 on the wire. broker.py: connections.

Sources, by the marks in the code:
[limits] Adafruit_IO_Documentation, source/includes/mqtt/_rate_limiting.md.erb   [trouble] _troubleshooting.md.erb, the words
[topics] _mqtt_topics.md.erb   [group] _mqtt_group_topics.md.erb   [get] _get_topic.md.erb   [time] _time_topics.md.erb
[qos] _mqtt_qos.md.erb   [index] _mqtt_index.md.erb   [format] _mqtt_data_format.md.erb
[codes] io blog 2016-06-28, "Extending the MQTT Protocol"; Adafruit_MQTT_Library PR #47: the refusal comes after 5 s
[will] io blog 2016-06-28, "Using MQTT Last Will with Adafruit IO"   [rolling] io blog 2017-06-30

Where they are silent it does what is worst for a node: it acknowledges what it does not take, keeps no session, knows only the
groups that it was told of, and answers from its database a moment later.
"""

from adafruit_io.account import Account
from adafruit_io.broker import AdafruitIO

__all__ = ["Account", "AdafruitIO"]
