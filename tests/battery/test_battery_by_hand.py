"""The battery's life computed by hand. Every number is written out: currents and times from boards/*/board.toml, the code's
time 10 ms a phase, everything else from the modules that are named.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from batterykit import Make

from dormouse import energy
from dormouse.battery import cells, life, outage, wakes
from dormouse.battery.wakes import Assumed
from dormouse.energy import Currents

_CODE = dict.fromkeys(("start", "measure", "measure alone", "link", "clock", "mqtt", "finish", "sleep"), 10.0)
_NOTHING = Assumed(rtt_ms=0, failed_pct=0)
_STATIC = ("192.168.1.50/24", "192.168.1.1")
_DAY_S, _MONTH_DAYS = 86400, 730 / 24


@pytest.fixture(autouse=True)
def ten_ms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wakes, "code_ms", lambda: _CODE)


def _day(found: life.Life) -> dict[str, float]:
    return {draw.name: draw.mc.typical for draw in found.draws}


def test_a_plain_node(make: Make, root: Path) -> None:
    found = life.of(make(BOARD="esp8266", WAKE_EVERY_S=900, STATIC_IP=_STATIC), root, _NOTHING)
    # A Feather HUZZAH: 102 uA asleep, 15 mA with the CPU, 74 mA with the radio; boot 350 ms, radio 0, association 500 ms,
    # 2300 without the BSSID, a scan 2200 ms; 1 MOhm and 220 kOhm at the battery.
    cpu_ms = 350 + 10 + 10  # boot, start, sleep
    link_ms = 0 + 500 + 10
    search_ms = (2200 + 2300) / 97
    clock_ms = 10 * 900 / (52 * 2048)  # every 106496 s
    radio_ms = 10 + link_ms + search_ms + clock_ms + 10 + 10  # measure, link, search, clock, mqtt, finish
    wake_mc = cpu_ms * 15 / 1000 + radio_ms * 74 / 1000
    assert wake_mc == pytest.approx(48.95, abs=0.01)
    assert found.kinds["upload"].total_mc(found.currents) == pytest.approx(wake_mc)
    day = 96 * wake_mc, 0.102 * _DAY_S, 3.7 / 1.22e6 * 1000 * _DAY_S, 1000 * 0.05 * 3600 / _MONTH_DAYS
    assert [round(mc, 1) for mc in day] == [4699.1, 8812.8, 262.0, 5917.8]
    assert found.day_mc.typical == pytest.approx(sum(day))
    # 19691.7 mC a day are 5.470 mAh: 1000 mAh last 182.8 days
    assert found.months and found.months.typical == pytest.approx(6.01, abs=0.005)
    assert life.months(make(BOARD="esp8266"), root) < found.months.typical  # DHCP, a broker 20 ms away, failures
    parts = _day(found)
    assert parts["asleep: board"] == pytest.approx(8812.8) and parts["self-discharge"] == pytest.approx(5917.8, abs=0.1)
    assert parts["boot"] == pytest.approx(96 * 0.350 * 15) and parts["MQTT"] == pytest.approx(96 * 0.010 * 74)
    assert parts["Wi-Fi"] == pytest.approx(96 * (link_ms + search_ms) * 74 / 1000)
    assert sum(parts.values()) == pytest.approx(found.day_mc.typical)


def test_batches_tls_and_dhcp(make: Make, root: Path) -> None:
    had = make(BOARD="feather_s2", WAKE_EVERY_S=600, UPLOAD_EVERY=6, TLS=True)
    found = life.of(had, root, Assumed(rtt_ms=50, failed_pct=0))
    # 22.2 mA, 73 mA; boot 350, LDO2 settles in 35 ms; radio 60 and association 324 ms, DHCP 892 ms, scan 2000 ms.
    quiet_mc = (350 + 10 + (35 + 10) + 10) * 22.2 / 1000
    # An upload every hour: the lease is older than two hours at every third; TLS takes 1060 ms and two round trips, a burst
    # three, a time fix one.
    radio_ms = (35 + 10) + (60 + 324 + 10 + 892 / 3) + (2000 + 324) / 97 + (10 + 50) * 3600 / 106496
    radio_ms += (1060 + 2 * 50) + (10 + 3 * 50) + 10
    upload_mc = (350 + 10 + 10) * 22.2 / 1000 + radio_ms * 73 / 1000
    assert found.kinds["no upload"].total_mc(found.currents) == pytest.approx(quiet_mc)
    assert found.kinds["upload"].total_mc(found.currents) == pytest.approx(upload_mc)
    awake = sum(mc for name, mc in _day(found).items() if not name.startswith(("asleep", "self")))
    assert awake == pytest.approx(24 * upload_mc + 120 * quiet_mc)
    assert _day(found)["TLS"] == pytest.approx(24 * 1.160 * 73)


def test_the_lease_is_two_hours_old(make: Make, root: Path) -> None:
    # Believed for 120 minutes: at 15 minutes the ninth upload is the first that is later, at 3 hours each one.
    for minutes, one_in in ((15, 9), (60, 3), (120, 2), (180, 1)):
        links = []
        for static in (None, _STATIC):
            had = make(BOARD="esp32", WAKE_EVERY_S=minutes * 60, STATIC_IP=static)
            phases = wakes.model(root, had, _NOTHING)["upload"].phases
            links.append(next(phase.ms for phase in phases if phase.name == "link"))
        assert links[0] - links[1] == pytest.approx(892 / one_in), minutes


def test_a_sensor_that_takes_ten_seconds(make: Make, root: Path) -> None:
    had = make(BOARD="pyboard_d", WAKE_EVERY_S=3600, SENSORS={"co2": {"driver": "scd41"}}, STATIC_IP=_STATIC)
    found = life.of(had, root, _NOTHING)
    # 10030 ms at 60 mA, the radio for the last 2 s of the measurement at 80 mA: by then it is associated (300 + 500 ms).
    # The sensor's own 14.7 mA for 10.03 s come on top.
    measure_ms = 10 + 10030 + 10
    measure_mc = (measure_ms - 2000) * 60 / 1000 + 2000 * 80 / 1000 + 14.7 * 10.03
    parts = dict(found.kinds["upload"].parts_mc(found.currents))
    assert parts["measure"] == pytest.approx(measure_mc) and parts["link"] == pytest.approx(10 * 80 / 1000)
    # Its supply is off in standby: nothing at rest. With "sleep": False it must stay on, at 150 uA, and measures once, 5 s.
    assert "asleep: sensors" not in _day(found)
    idle = life.of(make(BOARD="feather_s2", SENSORS={"co2": {"driver": "scd41", "sleep": False}}), root, _NOTHING)
    assert _day(idle)["asleep: sensors"] == pytest.approx(0.150 * _DAY_S)
    assert idle.kinds["no upload"].awake_ms == pytest.approx(350 + 10 + 35 + 5015 + 10 + 10)


def test_seldom_measured_sensors(make: Make, root: Path) -> None:
    slow = {"driver": "ds18b20", "pin": 14, "every": 3}  # 752 ms, in one wake of three
    found = wakes.sensing(root, make(BOARD="esp8266", SENSORS={"air": {"driver": "sht4x"}, "ground": slow}))
    assert found.ms == pytest.approx((752 + 10 + 10) / 3)
    assert found.charge_mc == pytest.approx(0.320 * 0.010 + 1.0 * 0.752 / 3)
    assert found.idle_ma == pytest.approx((80 + 750) / 1e6)  # 3V is never switched off


def test_stretched_and_stopped(make: Make, root: Path) -> None:
    # Full to 3.6 V: 10 % left; at 3.4 V 2 % (power/battery.py). The 8 % between last four times as many wakes.
    battery = {"type": "lipo", "mah": 2000, "stretch_below_v": 3.6, "stop_below_v": 3.4, "want_months": None}
    found = life.of(make(BOARD="feather_s2", BATTERY=battery), root, _NOTHING)
    (whole, as_often), (last, longer) = cells.stages(root, battery)
    assert (whole, last) == pytest.approx((0.9, 0.08)) and (as_often, longer) == (1, 4)
    asleep_ma = 0.066 + 3.7 / 2e6 * 1000
    awake_ma = found.kinds["upload"].total_mc(found.currents) / 900
    lost_ma = 2000 * 0.05 / 730
    hours = 2000 * 0.9 / (asleep_ma + awake_ma + lost_ma) + 2000 * 0.08 / (asleep_ma + awake_ma / 4 + lost_ma)
    assert found.months and found.months.typical == pytest.approx(hours / 730)


def test_two_alkaline_cells_need_a_converter(make: Make, root: Path) -> None:
    battery = {"type": "2xaa", "mah": 2500, "stretch_below_v": None, "stop_below_v": None, "want_months": None}
    found = life.of(make(BOARD="pyboard_d", BATTERY=battery, WAKE_EVERY_S=7200), root, _NOTHING)
    lipo = life.of(make(BOARD="pyboard_d", WAKE_EVERY_S=7200), root, _NOTHING)
    more = 3.3 / (2.5 * 0.85)  # mA from the battery for each of the board
    assert _day(found)["boot"] == pytest.approx(_day(lipo)["boot"] * more)
    assert _day(found)["asleep: divider"] == pytest.approx(2.5 / 2e6 * 1000 * _DAY_S)  # it hangs on the battery itself
    assert _day(found)["self-discharge"] == pytest.approx(2500 * 0.0025 * 3600 / _MONTH_DAYS)
    assert found.months and found.months.typical == pytest.approx(2500 * 3600 / found.day_mc.typical / _MONTH_DAYS)


def test_nobody_promises_more_than_the_shelf() -> None:
    # 20 uA from 2500 mAh would take 14 years.
    for kind, most in (("2xaa", 120), ("3xaa", 120), ("lipo", 20), ("lifepo4", 34)):
        assert energy.life_months(Currents(0.001, 20, 70), 0.001, 86400, kind, 100000) <= most


def test_warm_and_cold() -> None:
    one = Currents(0.066, 22.2, 73), 110, 900, "lipo", 1000
    lost_ma = 1000 * 0.05 / 730
    used_ma = 0.066 + 110 / 900
    for celsius, usable, loss in ((20, 1, 1), (30, 1, 2), (40, 1, 4), (0, 0.8, 1), (-20, 0.6, 1), (-30, 0.6, 1)):
        months = energy.life_months(*one, celsius=celsius)
        assert months == pytest.approx(1000 * usable / (used_ma + lost_ma * loss) / 730), celsius


def test_failures_and_the_pin(make: Make, root: Path) -> None:
    pin = {"pin": 5, "edge": "both", "min_gap_s": 10}
    had = make(BOARD="feather_s2", WAKE_EVERY_S=900, WAKE_PIN=pin)
    found = life.of(had, root, Assumed(rtt_ms=0, failed_pct=25, events_a_day=40))
    # A failed one: three seconds for the access point that was there, a scan of 2 s; boot, start and sleep without the radio.
    failed_mc = (350 + 10 + 10) * 22.2 / 1000 + ((35 + 10) + 3000 + 2000 + 10) * 73 / 1000
    assert _day(found)["failures"] == pytest.approx(96 * 0.25 * failed_mc)
    upload_mc, look_mc = found.kinds["upload"].total_mc(found.currents), (350 + 10 + 10) * 22.2 / 1000
    assert _day(found)["pin"] == pytest.approx(40 * (upload_mc + look_mc))
    assert _day(found)["boot"] == pytest.approx(96 * 0.75 * 0.350 * 22.2)


def test_days_without_a_broker(make: Make, root: Path) -> None:
    found = life.of(make(BOARD="feather_s2", WAKE_EVERY_S=900), root, Assumed(rtt_ms=0, failed_pct=0, silent_days=3))
    silent = found.kinds["broker silent"]
    # It waits 8 s, so that it must sleep 2**10 times as long as it was awake: that is more than the two hours of the cap.
    awake_s = silent.awake_ms / 1000
    assert awake_s * 1024 - 900 > 7200
    tries = 86400 / (awake_s * 1024) * 0.1
    assert _day(found)["no broker"] == pytest.approx(tries * silent.total_mc(found.currents))
    assert _day(found)["boot"] == pytest.approx(96 * 0.9 * 0.350 * 22.2)
    assert outage.tries_a_day(awake_s, 900, 4) == pytest.approx(86400 / (3600 + awake_s * 1024 - 900))


def test_how_far_it_may_be_off(make: Make, root: Path) -> None:
    found = life.of(make(BOARD="feather_s2", WAKE_EVERY_S=900), root, _NOTHING)
    boot = next(draw.mc for draw in found.draws if draw.name == "boot")
    # A measured current, +-10 %, for a measured time, +-10 %: independent of each other.
    assert boot.low == pytest.approx(boot.typical * (1 - 0.1 * 2**0.5))
    assert boot.high == pytest.approx(boot.typical * (1 + 0.1 * 2**0.5))
    months = found.months
    assert months and months.low < months.typical < months.high
    # What hangs on one current goes up together, so the sum is no less uncertain than its largest part.
    more = [draw.mc.high - draw.mc.typical for draw in found.draws]
    assert max(more) <= found.day_mc.high - found.day_mc.typical <= sum(more)
