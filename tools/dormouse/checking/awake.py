"""Time: whether a wake fits into MAX_AWAKE_S, and the wakes into the interval."""

from __future__ import annotations

from collections.abc import Iterator

from dormouse.checking import WARNING, Finding, Node, rule

_OVERLAP_MS = 2000  # so much of the conversions the association covers (src/node/reading.py)
_BROKER_MS, _TLS_MS = 1000, 2000  # name, time, the burst; a handshake of a slow chip (docs/tls.md)
_DEFAULT_GAP_S = 10  # src/node/pin.py


def first_ms(node: Node) -> int:
    """About how long a first upload takes from the start of the program: a scan, an address, the broker. A model's times."""
    times = node.board["virtual"]
    total = times["radio_ms"] + times["scan_ms"] + times["associate_bssid_ms"] + _BROKER_MS
    total += 0 if node["STATIC_IP"] else times["dhcp_ms"]
    return int(total + (_TLS_MS if node["TLS"] else 0) + max(0, sensing_ms(node) - _OVERLAP_MS))


def sensing_ms(node: Node) -> int:
    """How long the slowest sensor takes."""
    each = (
        options.get("settle_ms", 0) + options.get("samples", 1) * (options.get("window_ms") or driver.time_ms or 0)
        for _, options, driver in node.sensors()
    )
    return max(each, default=0)


@rule(
    "awake-short",
    WARNING,
    "`MAX_AWAKE_S` in which a first upload hardly fits",
    "measures and keeps; it may never reach the broker",
)
def awake_short(node: Node) -> Iterator[Finding]:
    needs_ms = first_ms(node)
    if needs_ms >= 1000 * node["MAX_AWAKE_S"]:
        text = f"is {node['MAX_AWAKE_S']}; a first upload of {node['BOARD']} takes about {needs_ms / 1000:.1f} s (a model)"
        yield Finding("MAX_AWAKE_S", text)


@rule("interval-short", WARNING, "`WAKE_EVERY_S` that the wakes fill", "is awake most of the time")
def interval_short(node: Node) -> Iterator[Finding]:
    times = node.board["virtual"]
    usual_ms = times["wake_boot_ms"] + times["radio_ms"] + times["associate_bssid_ms"] + _BROKER_MS // 2
    usual_ms += max(0, sensing_ms(node) - _OVERLAP_MS)
    if usual_ms * 2 > 1000 * node["WAKE_EVERY_S"]:
        text = f"is {node['WAKE_EVERY_S']}; a wake takes about {usual_ms / 1000:.1f} s (a model): it would hardly sleep"
        yield Finding("WAKE_EVERY_S", text)


@rule(
    "pin-gap",
    WARNING,
    "`min_gap_s` of `WAKE_PIN` that is no shorter than the interval",
    "works; the pin ends no sleep before the timer does",
)
def pin_gap(node: Node) -> Iterator[Finding]:
    pin = node["WAKE_PIN"]
    if pin and pin.get("min_gap_s", _DEFAULT_GAP_S) >= node["WAKE_EVERY_S"]:
        gap_s = pin.get("min_gap_s", _DEFAULT_GAP_S)
        yield Finding(
            "WAKE_PIN", f"has min_gap_s {gap_s}, and WAKE_EVERY_S is {node['WAKE_EVERY_S']}: after an event it is not armed"
        )
