"""How long a reading can get, against what the node can store."""

from __future__ import annotations

from collections.abc import Iterator

from dormouse import drivers
from dormouse.checking import ERROR, WARNING, Finding, Node, rule

_UNKNOWN = 2**31 - 1  # a field without RANGE: as many digits as 32 bits have
_BATTERY = '"battery":{"voltage_v":4.200,"percent":100,"state":"stretched"}'  # src/node/plan.py
_PIN = '"wake":"pin","pin":{"count":4294967295,"level":1}'  # src/node/pin.py
_LARGE_BYTES = 2048  # of retained memory: src/node/restore.py


@rule("record-long", ERROR, "sensors whose shortest reading is longer than a record", "stores and sends no reading")
def record_long(node: Node) -> Iterator[Finding]:
    most, shortest = _limit(node, "record", "_MAX_BODY"), body_bytes(node, longest=False)
    if shortest > most:
        yield Finding("SENSORS", f"make readings of {shortest} bytes or more; allowed: {most} bytes of JSON")


@rule(
    "record-may-be-long",
    WARNING,
    "sensors whose longest reading is longer than a record",
    "a reading that gets so long is lost",
)
def record_may_be_long(node: Node) -> Iterator[Finding]:
    most, longest = _limit(node, "record", "_MAX_BODY"), body_bytes(node)
    if body_bytes(node, longest=False) <= most < longest:
        text = f"may make readings of {longest} bytes; a record has room for {most}: fewer sensors, shorter names, or a range"
        yield Finding("SENSORS", text)


@rule(
    "record-flash", WARNING, "readings for which retained memory has no room", "writes flash in each wake that does not upload"
)
def record_flash(node: Node) -> Iterator[Finding]:
    large = node.board["sleep"]["retained_bytes"] >= _LARGE_BYTES
    room = _limit(node, "restore", "_LARGE_ROOM" if large else "_ROOM") - _limit(node, "record", "HEADER")
    usual = body_bytes(node, longest=False)
    if usual > room:
        text = f"make readings of {usual} bytes or more; {node['BOARD']} keeps {room} across its sleep, longer ones go to flash"
        yield Finding("SENSORS", text)


def body_bytes(node: Node, *, longest: bool = True) -> int:
    """The JSON text of a reading as it is stored: at its longest, or as short as can be with every sensor in it."""
    parts = []
    for sensor, _, driver in node.sensors():
        values = []
        for at, (field, places) in enumerate(driver.fields.items()):
            ends = driver.limits[2 * at : 2 * at + 2] or (-_UNKNOWN, _UNKNOWN)
            widest = max(len(_decimal(end, places)) for end in ends)
            values.append(f'"{field}":' + "0" * (widest if longest else len(_decimal(0, places))))
        parts.append(f'"{sensor}":{{{",".join(values)}}}')
    if longest and node["BATTERY"]:
        parts.append(_BATTERY)
    if longest and node["WAKE_PIN"]:
        parts.append(_PIN)
    return len(",".join(parts).encode())


def _decimal(value: int, places: int) -> str:
    """As src/node/measure.py writes a number."""
    return f"{value / 10**places:.{places}f}"


def _limit(node: Node, module: str, name: str) -> int:
    return int(drivers.constant(node.root / "src" / "node" / f"{module}.py", name))
