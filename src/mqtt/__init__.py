# An asyncio MQTT client for MicroPython and CPython. Nothing is loaded before it is asked for: a node that only wakes, bursts and sleeps
# never has the always-on client in memory.
try:
    import micropython  # noqa: F401
except ImportError:
    from . import cpython  # noqa: F401

VERSION = (0, 1, 0)

_WHERE = {"MQTTClient": "client", "config": "client", "MQTTError": "errors", "exchange": "burst"}


def __getattr__(name):
    where = _WHERE.get(name)
    if where:
        return getattr(_load(where), name)
    if name[0] != "_":
        try:
            return _load(name)  # MicroPython asks here before it looks for a submodule
        except ImportError:
            pass
    raise AttributeError(name)


def _load(name):
    return __import__("mqtt." + name, None, None, (name,))
