"""What a broker says about itself on $SYS. mosquitto does (mosquitto(8), "Broker Status"); many do not, or not to everybody."""

from __future__ import annotations

FILTER = "$SYS/broker/#"
WAIT_S = 12.0  # mosquitto retains them and makes them anew every 10 s (sys_interval)

# Topic below $SYS/broker: what it is. In the order in which they are shown.
_SHOWN = {
    "version": "", "uptime": "up", "clients/connected": "connected", "clients/disconnected": "sessions of sleepers",
    "clients/expired": "sessions expired", "subscriptions/count": "subscriptions", "retained messages/count": "retained",
    "store/messages/count": "messages kept", "store/messages/bytes": "bytes kept",
    "load/publish/received/1min": "published a minute", "load/publish/sent/1min": "delivered a minute",
    "publish/messages/dropped": "dropped in all", "heap/current": "bytes of memory",
}  # fmt: skip
ABSENT = "the broker gives no $SYS topics, or this user may not read them (mosquitto: topic read $SYS/# in the acl_file)"


class BrokerStats:
    """The newest of each. Attribute: values, topic below $SYS/broker to text."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def take(self, topic: str, payload: bytes) -> bool:
        """Note a message. Returns whether it was one of $SYS."""
        if not topic.startswith("$SYS/"):
            return False
        self.values[topic.removeprefix("$SYS/broker/")] = payload.decode("utf-8", "replace")
        return True

    def text(self) -> str:
        """The best known of them in one line."""
        found = []
        for topic, what in _SHOWN.items():
            if topic in self.values:
                value = self.values[topic]
                try:
                    value = f"{float(value):.0f}"
                except ValueError:
                    pass
                found.append(f"{value} {what}" if what and what != "up" else f"{what} {value}".strip())
        return ", ".join(found)
