"""The DHT22 driver against the model at the level of pulses, and the model against Aosong's AM2302 product manual."""

from __future__ import annotations

import errno
from typing import Any

import pytest
from wires import DHT_HIGH_MS, Clock, Life

from dormouse.virtual.devices.dht22 import DHT22, answer_of
from dormouse.virtual.devices.scene import Scene

PIN = 5


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def scene(clock: Clock) -> Scene:
    made = Scene(lambda: clock.ms / 1000)
    made.set("temperature_c", 26.9)
    made.set("humidity_pct", 65.8)
    return made


@pytest.fixture
def part(clock: Clock, scene: Scene) -> DHT22:
    made = DHT22(clock, scene, PIN)
    clock.ms += 600_000  # it has been asleep
    return made


@pytest.fixture
def life(clock: Clock, part: DHT22) -> Life:
    return Life(clock, part)


def measure(life: Life, options: dict[str, Any] | None = None, driver: Any = None) -> tuple[int, ...]:
    driver = driver or life.driver("dht22")
    ms, handle = driver.start(None, {"pin": PIN, **(options or {})})
    found: Any = ms
    while isinstance(found, int):
        life.clock.ms += found - 1  # the first tick may be nearly over
        found = driver.read(handle)
    return found  # type: ignore[no-any-return]


def error_of(*args: Any) -> int | None:
    with pytest.raises(OSError) as caught:
        measure(*args)
    return caught.value.args[0]  # type: ignore[no-any-return]


def test_examples_of_the_manual() -> None:  # of the AM2320, page 22: its single bus is the AM2302's
    assert answer_of(26.9, 65.8) == bytes((0b00000010, 0b10010010, 0b00000001, 0b00001101, 0b10100010))
    assert answer_of(-10.1, 65.8)[2:4] == bytes((0b10000000, 0b01100101))


@pytest.mark.parametrize(
    ("celsius", "percent", "tenths"),
    [(26.9, 65.8, (269, 658)), (-10.1, 99.9, (-101, 999)), (0, 0.1, (0, 1)), (-60, 120, (-400, 999)), (99, 50, (800, 500))],
)
def test_measures(life: Life, scene: Scene, celsius: float, percent: float, tenths: tuple[int, int]) -> None:
    scene.set("temperature_c", celsius)
    scene.set("humidity_pct", percent)
    assert measure(life) == tenths


def test_what_it_measured_before_it_slept_is_not_given(life: Life, scene: Scene) -> None:
    assert measure(life) == (269, 658)
    for celsius in (3.0, -4.5):
        life.clock.ms += 600_000
        scene.set("temperature_c", celsius)
        assert measure(life) == (10 * celsius, 658)


def test_the_model_gives_what_it_measured_before(part: DHT22, scene: Scene, clock: Clock) -> None:
    scene.set("temperature_c", 3.0)
    assert part.pulse(1) == answer_of(26.9, 65.8)
    clock.ms += 2000
    assert part.pulse(18) == answer_of(3.0, 65.8)


def test_asked_too_early_it_does_not_answer_and_begins_anew(part: DHT22, clock: Clock) -> None:
    assert part.pulse(1)
    for _ in range(2):
        clock.ms += 1999
        assert part.pulse(1) is None
    clock.ms += 2000
    assert part.pulse(1)


@pytest.mark.parametrize(("low_ms", "answers"), [(0.7, False), (0.8, True), (1, True), (20, True), (20.1, False)])
def test_length_of_the_start_signal(part: DHT22, low_ms: float, answers: bool) -> None:
    assert (part.pulse(low_ms) is not None) is answers


def test_samples_cost_two_seconds_each(life: Life, scene: Scene) -> None:
    driver = life.driver("dht22")
    measure(life, driver=driver)
    scene.set("temperature_c", 20.0)
    before = life.clock.ms
    assert measure(life, driver=driver) == (269, 658)  # measured two seconds ago, in this wake
    assert measure(life, driver=driver) == (200, 658)
    assert 4000 <= life.clock.ms - before < 4100


def test_just_after_power_up_it_takes_twice_as_long(clock: Clock, scene: Scene) -> None:
    life = Life(clock, DHT22(clock, scene, PIN))
    clock.ms += 500
    assert measure(life) == (269, 658)
    assert 4000 <= clock.ms - 500 < 4100


@pytest.mark.parametrize("options", [{"switched": True}, {"supply": 4}])
def test_on_a_switched_supply(clock: Clock, scene: Scene, options: dict[str, Any]) -> None:
    part = DHT22(clock, scene, PIN, switched=True)
    life = Life(clock, part)
    for celsius in (26.9, -10.1):
        part.power(False)
        clock.ms += 600_000
        scene.set("temperature_c", celsius)
        part.power(True)
        clock.ms += 10
        before = clock.ms
        assert measure(life, options) == (round(10 * celsius), 658)
        assert 2000 <= clock.ms - before < 2050


def test_always_supplied_it_does_not_care_for_the_rail(life: Life, part: DHT22) -> None:
    part.power(False)
    part.power(True)
    assert part.pulse(1) is not None


def test_without_supply(clock: Clock, scene: Scene) -> None:
    part = DHT22(clock, scene, PIN, switched=True)
    part.power(False)
    clock.ms += 10_000
    assert error_of(Life(clock, part), {"switched": True}) == errno.ETIMEDOUT


@pytest.mark.parametrize("how", ["nack", "open", "busy"])
def test_nobody(life: Life, scene: Scene, how: str) -> None:
    scene.fail("dht22", how)
    before = life.clock.ms
    assert error_of(life) == errno.ETIMEDOUT
    assert life.clock.ms - before < 2000 + DHT_HIGH_MS  # it costs no more than a part that is there
    scene.fail("dht22", None)
    assert measure(life) == (269, 658)


def test_wrong_checksum(life: Life, scene: Scene) -> None:
    scene.fail("dht22", "crc")
    assert error_of(life) == errno.EIO
    scene.fail("dht22", None)


def test_line_at_ground(life: Life, scene: Scene) -> None:
    scene.fail("dht22", "stuck")
    before = life.clock.ms
    assert error_of(life) == errno.EIO
    assert life.clock.ms == before
    assert error_of(life, {"switched": True}) == errno.ETIMEDOUT  # which is not asked


def test_another_pin_is_empty(life: Life) -> None:
    assert error_of(life, {"pin": 6}) == errno.ETIMEDOUT
