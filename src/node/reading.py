"""The first half of a wake: sensors, battery, the record; the radio is under way while conversions run."""

import gc

from micropython import const

from node import drop
from power import awake, rtc

_UNFINISHED = const(1)  # node.state's flag
_TEST_S = const(7200)  # power.sleep's TEST_MODE_MAX_S: then it sleeps as in the field
# An association takes no longer, as a rule. The radio draws more than all sensors: where one takes seconds, it comes later.
_LINK_MS = const(2000)
_SCARCE = const(20000)  # bytes of free heap


def run(memory, attempt):
    """Take a reading, and keep it before the network's fate is known; start the radio meanwhile when this wake uploads.

    memory: node.memory.Memory. attempt: see node.cycle.
    """
    import config

    awake.mark("measure")
    board = memory.board()
    if memory.test_mode and memory.state.test_s < _TEST_S:
        from power import led

        led.watch(board)
        memory.lamp = memory.state.sensor_errors
    from node import plan

    board.rails(True)
    # Before the radio pulls the voltage down.
    battery_mv = attempt(_battery_mv, board)[0] if config.BATTERY else None
    battery = plan.battery(memory.state, config.BATTERY, battery_mv)
    wanted = plan.uploads(memory.state, config, rtc.read())
    memory.uploads = bool(wanted)
    del plan
    drop("node.plan", "node.state", "power.battery", "sensors.battery")
    from node import measure

    jobs = measure.start(board, config.SENSORS, attempt, memory.state.seq)
    if memory.uploads:
        measure.go_on(jobs, attempt, _LINK_MS)
        memory.save()
        # Associating takes longer than most conversions: both go on at once.
        _, memory.link_error = attempt(_start_link, board.radio(), config, memory.state)
        if gc.mem_free() < _SCARCE:
            # The drivers' room; node.join loads it again.
            drop("node.link")
    body, errors, values = measure.finish(jobs, attempt, config.UPLOAD_IF)
    for name in errors:
        print("sensor", name, "failed:", repr(errors[name]))
    failed = len(errors)
    del jobs, measure, errors
    drop("node.measure", "node.tune", "sensors", "power.supply")
    if config.UPLOAD_IF:
        from node import changes

        if changes.due(memory, config.UPLOAD_IF, values) and wanted is False:
            # Seen only now: the sensors first, then the radio.
            memory.state.flags |= _UNFINISHED
            memory.uploads = True
        del changes
        drop("node.changes")
    parts = [battery, body]
    if memory.pin:
        from node import pin

        parts.insert(0, pin.text(memory.state))
        del pin
        drop("node.pin")
    from node import keep

    keep.add(memory, ",".join([part for part in parts if part]), failed)
    if memory.uploads and not wanted:
        _, memory.link_error = attempt(_start_link, board.radio(), config, memory.state)


def _battery_mv(board):
    from sensors import battery

    return battery.read(battery.start(board, {})[1])[0]


def _start_link(radio, config, state):
    from credentials import WIFI
    from node import link

    link.start(radio, WIFI, config.STATIC_IP, config.COUNTRY, state)
