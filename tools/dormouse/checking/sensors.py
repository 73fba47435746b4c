"""Sensors whose options, or whose place on this board, spoil what they measure or what they cost."""

from __future__ import annotations

from collections.abc import Iterator

from dormouse import drivers
from dormouse.checking import ERROR, WARNING, Finding, Node, rule

_HUNGRY_NA = 100_000  # at rest: more than a board's own deep sleep
_RULES = ("below", "above")


@rule(
    "scd41-cut", ERROR, "a scd41 that never sleeps (`\"sleep\": False`) behind a supply that is cut in between",
    "the sensor fails in each wake: it does not answer so soon after its supply comes",
)  # fmt: skip
def scd41_cut(node: Node) -> Iterator[Finding]:
    rails = node.board["rails"]
    for sensor, options, driver in node.sensors():
        if driver.name == "scd41" and not options.get("sleep", True):
            if "supply" in options:
                yield Finding(
                    "SENSORS", 'has "sleep": False and a supply that is off between wakes; allowed: one of the two', sensor
                )
            elif rails["switched"] and not rails["always"]:
                text = f'has "sleep": False, and {node["BOARD"]} has no supply that stays on; allowed: "sleep": True'
                yield Finding("SENSORS", text, sensor)


@rule(
    "scd41-rail", WARNING, "a scd41 that never sleeps on a board whose sensors' supply is switched",
    "works where the part hangs on the supply that stays on, else it fails in each wake",
)  # fmt: skip
def scd41_rail(node: Node) -> Iterator[Finding]:
    rails = node.board["rails"]
    for sensor, options, driver in node.sensors():
        stays = driver.name == "scd41" and not options.get("sleep", True) and "supply" not in options
        if stays and rails["switched"] and rails["always"]:
            text = f'has "sleep": False: wire it to {rails["always"]}, which stays on, not to {rails["sensors"]}'
            yield Finding("SENSORS", text, sensor)


@rule(
    "sensor-hungry",
    WARNING,
    "a sensor that draws milliamperes all the time, on a battery",
    "works, and empties the battery asleep",
)
def hungry(node: Node) -> Iterator[Finding]:
    rails = node.board["rails"]
    for sensor, options, driver in node.sensors():
        at_rest = driver.idle_na or 0
        if node["BATTERY"] and at_rest > _HUNGRY_NA and "supply" not in options and not rails["switched"]:
            text = f"draws {at_rest / 1e6:.3g} mA all the time: {rails['sensors']} is never off; give it a supply pin"
            yield Finding("SENSORS", text, sensor)


@rule(
    "upload-if-every",
    WARNING,
    "`UPLOAD_IF` of a sensor that is not measured in each wake",
    "looks only in the wakes that measure it",
)
def upload_if_every(node: Node) -> Iterator[Finding]:
    for field in node["UPLOAD_IF"]:
        every = node["SENSORS"][field.partition(".")[0]].get("every", 1)
        if every > 1:
            yield Finding("UPLOAD_IF", f"looks at {field}, which is measured every {every} wakes only")


@rule("upload-if-idle", WARNING, "`UPLOAD_IF` where each wake uploads anyway", "works; the conditions change nothing")
def upload_if_idle(node: Node) -> Iterator[Finding]:
    if node["UPLOAD_IF"] and node["UPLOAD_EVERY"] == 1:
        yield Finding("UPLOAD_IF", "changes nothing: with UPLOAD_EVERY 1 each wake uploads")


@rule("upload-if-never", WARNING, "a limit in `UPLOAD_IF` that the part can never cross", "works; that limit is never crossed")
def upload_if_never(node: Node) -> Iterator[Finding]:
    for field, conditions in node["UPLOAD_IF"].items():
        sensor, _, name = field.partition(".")
        options = node["SENSORS"][sensor]
        if {"offset", "scale", "points", "range"} & set(options):
            continue
        ends = span(drivers.read(node.root, options["driver"]), name)
        for word in _RULES if ends else ():
            limit = conditions.get(word)
            if limit is not None and ends and not ends[0] <= limit <= ends[1]:
                yield Finding("UPLOAD_IF", f"has {word} {limit} for {field}, which is {ends[0]:g} to {ends[1]:g}")


def span(driver: drivers.Driver, field: str) -> tuple[float, float] | None:
    """The lowest and highest value of a field that the driver lets through, None when it does not say."""
    at = list(driver.fields).index(field)
    if not driver.limits:
        return None
    unit = 10.0 ** driver.fields[field]
    return driver.limits[2 * at] / unit, driver.limits[2 * at + 1] / unit
