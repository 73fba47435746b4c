# An asyncio MQTT client for MicroPython and CPython. Nothing is loaded before it is asked for: a node that only wakes, bursts
# and sleeps never has the always-on client in memory.


def __getattr__(name):
    # MicroPython asks here for a submodule too, before it looks for the file.
    where = {"MQTTClient": "client", "MQTTError": "errors"}.get(name, name)
    module = getattr(__import__("mqtt." + where), where)
    return module if where == name else getattr(module, name)


try:
    import micropython  # noqa: F401
except ImportError:  # CPython
    import mqtt.cpython  # noqa: F401
