"""Who the node is to its broker: made while the configuration is at hand, before the client is loaded."""

import binascii

from node import state as states
from power import awake
from power.retained import check


def settings(memory, config, credentials, broker):
    """What upload.run() needs beside the memory.

    memory: node.memory.Memory. config, credentials: the modules. broker: "host" or "host:port".
    The client id always contains the chip's: a copied configuration cannot make two boards share a session.
    """
    state = memory.state
    service = __import__("node.services." + config.SERVICE, None, None, ("*",))
    unique_id = memory.board().unique_id()
    chip = binascii.hexlify(unique_id).decode()
    name = config.NAME or chip[-6:]
    template = config.TOPIC.replace("{user}", credentials.USER or "")
    asked = filters = service.subscriptions(template, name)
    if state.refused:
        from node import grants

        asked = grants.ask(state, filters)
    began_ms = wake_s = 0
    lost = '{"state":"lost"}'
    if state.fixed_at:
        from node import drift

        now_ms = drift.now_ms(state)
        began_ms = now_ms - awake.elapsed_ms()
        lost = '{{"state":"lost","time":{}}}'.format(now_ms // 1000)
        # The pin ended a sleep early: the rest of it comes now (node.pin: the seconds of it, in state.news).
        left_s = int.from_bytes(bytes(state.news[20:24]), "little") if memory.pin else 0
        if left_s * 1000 > awake.elapsed_ms() + 2000:
            wake_s = began_ms // 1000 + left_s
    said = (began_ms, int.from_bytes(check(unique_id), "little"), wake_s, config.UPLOAD_EVERY)
    host, _, port = broker.partition(":")
    options = {
        "port": int(port or (8883 if config.TLS else 1883)),
        "client_id": name + "-" + chip,
        "subscribe": asked,
        "user": credentials.USER,
        "password": credentials.PASSWORD,
        # A clean goodbye takes it back (MQTT 3.1.1 section 3.1.2.5): it is for a node that dies in its upload.
        "will": (service.topic(template, name, "status"), lost, True, 1),
        # With MQTT 5 seconds: the will's delay, in which it is due twice.
        "v5": _delay_s(memory, config) if config.MQTT5 else None,
        "pipeline": not state.flags & states.STEP_BY_STEP,
    }
    if config.TLS:
        from node import secure

        secure.add(options, state, credentials, config.BROKER.partition(":")[0])
    return config.SERVICE, template, name, host, options, filters, said


def _delay_s(memory, config):
    interval_s = memory.interval_s() << (2 if memory.state.flags & states.STRETCHED else 0)
    return 2 * interval_s * (memory.state.upload_every or config.UPLOAD_EVERY) + 60
