"""The model against what others have published, and against the node's own modules.

Sources: README of glenn20/upy-esp32-experiments (an ESP32, measured with a PPK2 at 5 V); peterhinch/micropython-mqtt: README,
and GATEWAY.md for its formula of a year's charge; the table of boards/*/board.toml. How far apart the two may be stands there.
"""

from __future__ import annotations

import ast
import random
from pathlib import Path
from typing import Any

import pytest
from batterykit import ROOT, Make

from dormouse import energy
from dormouse.battery import cells, life, measured, outage, wakes
from dormouse.battery.wakes import Assumed
from dormouse.energy import Currents
from node import backoff

_STATIC = ("192.168.1.50/24", "192.168.1.1")
_NEAR = Assumed(rtt_ms=5, failed_pct=0)


def _upload(make: Make, root: Path, **values: Any) -> tuple[wakes.Kind, Currents]:
    found = life.of(make(**values), root, _NEAR)
    return found.kinds["upload"], found.currents


def test_an_esp32_with_a_static_address(make: Make, root: Path) -> None:
    # 774 ms and 108.6 mC with all code in the firmware, about 350 ms and 23.6 mC more with files. This node's are compiled.
    kind, currents = _upload(make, root, BOARD="esp32", STATIC_IP=_STATIC)
    assert 774 <= kind.awake_ms <= 774 + 350
    assert kind.total_mc(currents) == pytest.approx((108.6 + 132.2) / 2, rel=0.3)


def test_an_esp32_that_asks_for_an_address_each_time(make: Make, root: Path) -> None:
    # 1626 ms and 204 mC until Wi-Fi is up with DHCP: it is this node's, when it uploads every three hours, less its MQTT.
    kind, currents = _upload(make, root, BOARD="esp32", WAKE_EVERY_S=3 * 3600)
    up = [phase for phase in kind.phases if phase.name in ("boot", "link")]
    assert sum(phase.ms for phase in up) == pytest.approx(1626, rel=0.02)
    charges = dict(kind.parts_mc(currents))
    assert charges["boot"] + charges["link"] == pytest.approx(204, rel=0.1)


def test_a_boot(make: Make, root: Path) -> None:
    # To main.py: 350 ms, 23.6 mC, at 5 V; the DevKit's own current awake is another's measurement, 43 mA.
    kind, currents = _upload(make, root, BOARD="esp32")
    assert dict(kind.parts_mc(currents))["boot"] == pytest.approx(23.6, rel=0.4)


def test_the_whole_wake_of_an_esp32_s3_with_mqtt_as() -> None:
    # GATEWAY.md: 4.2 s and 300 mC. The same time with this model's current of an awake radio, less a boot of 350 ms.
    currents = energy.read_currents(ROOT, "esp32_s3")
    phases = [("boot", 0, 350), ("measure", 350, 0), ("link", 350, 3850)]
    assert energy.wake_mc(currents, phases) == pytest.approx(300, rel=0.25)


@pytest.mark.parametrize(("board", "ua"), [("feather_s2", 66), ("esp8266", 102), ("pyboard_d", 23.6)])
def test_asleep(board: str, ua: float) -> None:
    # mqtt_as README; GATEWAY.md; micropython-micropower HARDWARE.md
    assert energy.read_currents(ROOT, board).deepsleep_ma * 1000 == pytest.approx(ua)


@pytest.mark.parametrize("seconds", [60, 600, 900, 3600, 86400])
@pytest.mark.parametrize("sleep_ua", [23.6, 66, 102])
def test_a_year_by_mqtt_as_formula(sleep_ua: float, seconds: int) -> None:
    # GATEWAY.md: mAh in a year = 8760 * (sleep_uA / 1000 + mC_per_hour / 3600). Without self-discharge ours is the same.
    mc = 71.0
    year_mah = 8760 * (sleep_ua / 1000 + mc * 3600 / seconds / 3600)
    months = energy.life_months(Currents(sleep_ua / 1000, 15, 74), mc, seconds, "3xaa", 1.0)
    lost = 12 * cells.CELLS["3xaa"].loss.typical
    assert months == pytest.approx(12 / (year_mah / 1.0 + lost), rel=1e-9)


def test_the_fact_sheets_example(make: Make, root: Path) -> None:
    # 66 uA and 110 mC every 15 minutes: 0.188 mA, about seven months of 1000 mAh before self-discharge.
    months = energy.life_months(Currents(0.066, 22.2, 73), 110, 900, "2xaa", 1000 * cells.CELLS["2xaa"].step_up)
    assert months == pytest.approx(1000 / 0.188 / 730, rel=0.02)


def test_a_timeout_costs_thirteen_wakes() -> None:
    # 20 s x 73 mA = 1460 mC, of 110: what MAX_AWAKE_S allows at most
    currents = energy.read_currents(ROOT, "feather_s2")
    assert currents.radio_ma * 20 == pytest.approx(1460) and 1460 // 110 == 13


def test_backoff_is_the_nodes_own() -> None:
    # src/node/backoff.py, drawn from many times, after many failures in a row
    draws = random.Random(1)
    for awake_ms, interval_s in ((900, 900), (900, 60), (9600, 900), (20000, 10), (500, 86400)):
        kind = backoff.NETWORK
        found = [backoff.extra_s(kind, 40, interval_s, draws.getrandbits(24), awake_ms) for _ in range(4000)]
        assert outage.extra_s(awake_ms / 1000, interval_s) == pytest.approx(sum(found) / len(found), rel=0.03, abs=1)


def _constant(path: str, name: str) -> Any:
    for node in ast.parse((ROOT / path).read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name:
            value = node.value
            return ast.literal_eval(value.args[0] if isinstance(value, ast.Call) else value)
    raise AssertionError(f"{path} has no {name}")


def test_the_nodes_limits_are_the_models() -> None:
    assert _constant("power/lease.py", "_AGE_MIN") == wakes._LEASE_MIN
    assert _constant("power/lease.py", "_MOST_USES") + 1 == wakes._SCAN_USES
    assert _constant("src/node/clock.py", "_FRESH_S") << _constant("src/node/drift.py", "_MOST_STEP") == wakes._CLOCK_S
    assert _constant("src/node/link.py", "_QUICK_S") * 1000 == wakes._QUICK_MS
    assert _constant("src/node/upload.py", "_EXCHANGE_S") * 1000 == wakes._EXCHANGE_MS
    assert _constant("src/node/reading.py", "_LINK_MS") == energy.LEAD_MS
    assert _constant("src/node/outcome.py", "_STRETCH") == cells._STRETCHED
    assert _constant("src/node/outcome.py", "_WINDOW_S") * 1000 == measured._WINDOW_MS
    assert (_constant("src/node/backoff.py", "_SHARE"), _constant("src/node/backoff.py", "_CAP_S")) == (
        outage._SHARE,
        outage._CAP_S,
    )
    assert outage._LONG_S == 6 * 3600
