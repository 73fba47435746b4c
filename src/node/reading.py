"""The first half of a wake: sensors, battery, the record; the radio is under way while conversions run."""

from node import drop
from power import awake


def run(memory, attempt):
    """Take a reading, and keep it before the network's fate is known; start the radio meanwhile when this wake uploads.

    memory: node.memory.Memory. attempt: see node.cycle.
    """
    import config

    awake.mark("measure")
    board = memory.board()
    from node import measure, plan

    board.rails(True)
    # Before the radio pulls the voltage down.
    battery_mv = attempt(measure.battery_mv, board)[0] if config.BATTERY else None
    battery = plan.battery(memory.state, config.BATTERY, battery_mv)
    memory.uploads = plan.uploads(memory.state, config)
    jobs = measure.start(board, config.SENSORS, attempt)
    del plan
    drop("node.plan", "node.schedule", "power.battery", "sensors.battery")
    if memory.uploads:
        memory.save()
        # Associating takes longer than most conversions: both go on at once.
        _, memory.link_error = attempt(_start_link, board.radio(), config)
    body, errors = measure.finish(board, jobs, attempt)
    for name in errors:
        print("sensor", name, "failed:", repr(errors[name]))
    failed = len(errors)
    del jobs, measure, errors
    drop("node.measure", "sensors")
    from node import keep

    keep.add(memory, battery + "," + body if battery and body else battery or body, failed)


def _start_link(radio, config):
    from credentials import WIFI
    from node import link

    link.start(radio, WIFI, config.STATIC_IP, config.COUNTRY)
