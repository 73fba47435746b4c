"""The values that the virtual board measures."""

from __future__ import annotations

import pytest

from dormouse.virtual.devices.scene import FAILURES, NAMES, Scene

_RANGES = {
    "temperature_c": (-10, 45), "humidity_pct": (0, 100), "light_mv": (0, 2500), "battery_mv": (3000, 4200),
    "pressure_hpa": (980, 1040), "illuminance_lx": (0, 45000), "co2_ppm": (350, 1000), "soil_pct": (0, 100),
    "ground_c": (0, 25), "chip_c": (-2, 53), "supply_v": (4.8, 5.2), "current_ma": (0, 250), "signal_v": (0, 3.3),
    "pulse_hz": (0, 20),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(5))
def test_smooth_plausible_and_repeatable(name: str, seed: int) -> None:
    now = [1.79e9]
    scene, twin = (Scene(lambda: now[0], seed) for _ in range(2))
    low, high = _RANGES[name]
    last = scene.value(name)
    seen = set()
    for _ in range(2000):
        now[0] += 60
        value = scene.value(name)
        assert low <= value <= high
        assert abs(value - last) <= (high - low) / 40  # a minute changes little
        assert value == twin.value(name)
        last = value
        seen.add(value)
    assert len(seen) > 100


def test_seeds_differ() -> None:
    assert len({Scene(lambda: 1000.0, seed).value("temperature_c") for seed in range(10)}) == 10


def test_battery_falls_from_its_birth_on() -> None:
    now = [5e6]
    scene = Scene(lambda: now[0])
    full = scene.value("battery_mv")
    now[0] += 100 * 86400
    assert full - 1000 < scene.value("battery_mv") < full
    assert Scene(lambda: now[0], born_s=scene.born_s).value("battery_mv") == scene.value("battery_mv")


def test_pinned_and_let_go() -> None:
    scene = Scene(lambda: 0.0)
    before = scene.value("temperature_c")
    scene.set("temperature_c", 21.4)
    assert scene.value("temperature_c") == 21.4
    scene.set("temperature_c", None)
    assert scene.value("temperature_c") == before


def test_unknown_names_are_refused() -> None:
    scene = Scene(lambda: 0.0)
    with pytest.raises(KeyError):
        scene.value("pressure_pa")
    with pytest.raises(KeyError):
        scene.set("temperature", 1.0)
    with pytest.raises(ValueError, match="sulks"):
        scene.fail("sht4x", "sulks")


def test_failures_come_and_go() -> None:
    scene = Scene(lambda: 0.0)
    for how in FAILURES:
        scene.fail("sht4x", how)
        assert scene.failure("sht4x") == how
    scene.fail("sht4x", None)
    assert scene.failure("sht4x") is None


_ADC = {
    "1": {"from": "battery_mv", "ratio": [1220, 220], "full_scale_mv": 1000, "rail": False},
    "X2": {"from": "light_mv", "ratio": [1, 1], "full_scale_mv": 2500, "rail": True},
}


def test_adc_behind_a_divider() -> None:
    scene = Scene(lambda: 0.0)
    scene.set("battery_mv", 3700)
    assert scene.adc_mv({"adc": _ADC}, 1) == scene.adc_mv({"adc": _ADC}, "1", rail_on=False) == 667  # 667.2
    scene.set("battery_mv", 9000)
    assert scene.adc_mv({"adc": _ADC}, 1) == 1000  # where the converter ends
    scene.fail("battery_mv", "open")
    assert scene.adc_mv({"adc": _ADC}, 1) == 0


def test_adc_on_the_rail_and_nowhere() -> None:
    scene = Scene(lambda: 0.0)
    scene.set("light_mv", 512)
    assert scene.adc_mv({"adc": _ADC}, "X2") == 512
    assert scene.adc_mv({"adc": _ADC}, "X2", rail_on=False) == 0
    assert scene.adc_mv({"adc": _ADC}, 5) == 0
