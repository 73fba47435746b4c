"""Wakes from a trace: one written by hand, and the virtual board's own wake beside the model's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from batterykit import Make

from dormouse import lives, phases
from dormouse.battery import life, traces, wakes
from dormouse.battery.wakes import Assumed
from dormouse.broker import EmbeddedBroker
from dormouse.errors import DormouseError, UsageError

_BOARD = "feather_s2"


def _lines(*each: tuple[str, dict[str, int], dict[str, Any]]) -> str:
    lines: list[dict[str, Any]] = []
    for number, (outcome, parts, more) in enumerate(each, 1):
        at = 0
        for name, ms in parts.items():
            lines.append({"event": "phase", "wake": number, "phase": name, "start_ms": at, "length_ms": ms})
            at += ms
        wake = {"event": "wake", "wake": number, "board": _BOARD, "outcome": outcome, "charge_mc": 50.0, "awake_ms": at}
        lines.append({**wake, **more})
    return "".join(json.dumps(line) + "\n" for line in lines)


_FIRST = ("published", {"boot": 567, "start": 100, "measure": 90, "link": 3000, "mqtt": 50, "window": 8000}, {})
_UPLOAD = ("published", {"boot": 350, "start": 20, "measure": 60, "link": 400, "mqtt": 100, "finish": 20, "sleep": 2}, {})
_SLOWER = (
    "published",
    {"boot": 350, "start": 20, "measure": 60, "link": 800, "clock": 40, "mqtt": 100, "finish": 20, "sleep": 2},
    {},
)
_KEPT = ("kept", {"boot": 350, "start": 20, "measure": 90, "sleep": 2}, {})
_FAILED = ("not_published", {"boot": 350, "start": 20, "measure": 60, "link": 12000, "finish": 20, "sleep": 2}, {})


def test_the_mean_of_good_wakes(tmp_path: Path, make: Make, root: Path) -> None:
    path = tmp_path / "trace"
    path.write_text(_lines(_FIRST, _UPLOAD, _KEPT, _SLOWER, _FAILED))
    had = make(BOARD=_BOARD, WAKE_EVERY_S=900, UPLOAD_EVERY=2)
    found = traces.read(path, _BOARD, wakes.model(root, had))
    assert set(found) == {wakes.UPLOAD, wakes.QUIET}
    upload = {phase.name: phase.ms for phase in found[wakes.UPLOAD].phases}
    assert upload == {"boot": 350, "start": 20, "measure": 60, "link": 600, "mqtt": 100, "finish": 20, "sleep": 2, "clock": 20}
    assert found[wakes.UPLOAD].source == "trace, 2 wakes" and found[wakes.QUIET].source == "trace, one wake"
    result = life.of(had, root, Assumed(failed_pct=0), found)
    # 22.2 mA and 73 mA: 48 uploads and 48 quiet wakes a day.
    upload_mc = (350 + 20 + 2) * 0.0222 + (60 + 600 + 100 + 20 + 20) * 0.073
    quiet_mc = (350 + 20 + 90 + 2) * 0.0222
    awake = sum(draw.mc.typical for draw in result.draws if not draw.name.startswith(("asleep", "self")))
    assert awake == pytest.approx(48 * upload_mc + 48 * quiet_mc)


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("no trace\n", UsageError, "t:1: no JSON"),
        ("[1]\n", UsageError, "t:1: not a line of a trace"),
        ('{"event": "phase", "phase": "boot"}\n', UsageError, "t:1: not a line of simulate --trace"),
        (_lines((*_UPLOAD[:2], {"charge_mc": None})), UsageError, "made with --speed"),
        (
            _lines((*_UPLOAD[:2], {"board": "esp8266"})),
            UsageError,
            "a trace of the board 'esp8266'; the settings have 'feather_s2'",
        ),
        (_lines(_FIRST, _FAILED), DormouseError, "no ordinary wake in it"),
        ("", DormouseError, "no ordinary wake in it"),
    ],
)
def test_no_trace(tmp_path: Path, make: Make, root: Path, text: str, error: type[Exception], words: str) -> None:
    path = tmp_path / "t"
    path.write_text(text)
    with pytest.raises(error, match=words):
        traces.read(path, _BOARD, wakes.model(root, make(BOARD=_BOARD)))


def test_a_wake_of_the_virtual_board_is_the_models(root: Path, micropython: str, make: Make) -> None:
    # What is run, and what is computed without running it: boot to the millisecond, waits no shorter, and no more on top than a
    # busy computer's own time.
    with EmbeddedBroker() as broker:
        node = phases._Node(root, _BOARD, broker.port, lambda _: None, 1)
        try:
            for _ in range(2):
                lives.wake(node._node, 16)
            run = lives.wake(node._node, 1)
        finally:
            node.close()
    found: dict[str, int] = {}
    for name, _, ms in run.phases:
        found[name] = found.get(name, 0) + ms
    had = make(BOARD=_BOARD, SENSORS={"air": {"driver": "sht4x"}, "light": {"driver": "feather_light"}})
    model = {phase.name: phase.ms for phase in wakes.model(root, had, Assumed(rtt_ms=0))[wakes.UPLOAD].phases}
    assert set(found) - {"clock"} == set(model) - {"clock", "search"}
    assert found["boot"] == model["boot"]
    waits_ms = 35 + 60 + 324  # the rail, the radio, the association
    assert found["measure"] + found["link"] >= waits_ms - 10
    code_ms = sum(wakes.code_ms().values())
    assert 350 + waits_ms - 10 <= run.awake_ms <= 350 + waits_ms + code_ms + 10000
