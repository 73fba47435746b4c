"""The DS18B20 driver against the model at the level of time slots, and the model against Maxim's DS18B20, 19-7487, rev. 6."""

from __future__ import annotations

import errno
from types import SimpleNamespace
from typing import Any

import pytest
from wires import Clock, Life

from dormouse.virtual.devices.ds18b20 import DS18B20, crc8, rom_of
from dormouse.virtual.devices.scene import Scene

PIN = 5
BOARD = SimpleNamespace(ONEWIRE="X3")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def scene(clock: Clock) -> Scene:
    made = Scene(lambda: clock.ms / 1000)
    made.set("ground_c", 25.0625)
    return made


@pytest.fixture
def part(clock: Clock, scene: Scene) -> DS18B20:
    made = DS18B20(clock, scene, PIN)
    clock.ms += 10  # power-up
    return made


@pytest.fixture
def life(clock: Clock, part: DS18B20) -> Life:
    return Life(clock, part)


def measure(life: Life, options: dict[str, Any] | None = None) -> tuple[int, ...]:
    driver = life.driver("ds18b20")
    ms, handle = driver.start(BOARD, {"pin": PIN, **(options or {})})
    life.clock.ms += ms - 1  # the first tick may be nearly over
    found: tuple[int, ...] = driver.read(handle)
    return found


def error_of(life: Life, options: dict[str, Any] | None = None) -> int | None:
    with pytest.raises(OSError) as caught:
        measure(life, options)
    return caught.value.args[0]  # type: ignore[no-any-return]


def test_crc_of_the_model_is_the_application_notes() -> None:
    assert crc8(bytes.fromhex("021cb801000000")) == 0xA2  # Maxim, application note 27


@pytest.mark.parametrize(
    ("celsius", "centi"),
    [(125, 12500), (85, 8500), (25.0625, 2506), (10.125, 1013), (0.5, 50), (0, 0), (-0.5, -50), (-10.125, -1012), (-55, -5500)],
)
def test_table_1(life: Life, scene: Scene, celsius: float, centi: int) -> None:
    scene.set("ground_c", celsius)
    assert measure(life) == (centi,)


@pytest.mark.parametrize(("celsius", "centi"), [(200, 12500), (-80, -5500)])
def test_what_it_cannot_show(life: Life, scene: Scene, celsius: float, centi: int) -> None:
    scene.set("ground_c", celsius)
    assert measure(life) == (centi,)


@pytest.mark.parametrize(("bits", "centi"), [(9, 2500), (10, 2500), (11, 2500), (12, 2506)])
def test_resolutions(life: Life, part: DS18B20, bits: int, centi: int) -> None:
    assert measure(life, {"resolution": bits}) == (centi,)
    assert part.eeprom[2] == 0x7F  # the setting is not burnt in


def test_the_next_wake_gets_what_is_then(life: Life, scene: Scene) -> None:
    assert measure(life) == (2506,)
    scene.set("ground_c", 3.0)
    assert measure(life, {"resolution": 9}) == (300,)
    assert measure(life) == (300,)


def test_still_converting_is_an_error(life: Life) -> None:
    driver = life.driver("ds18b20")
    _, handle = driver.start(BOARD, {"pin": PIN})
    life.clock.ms += 740
    with pytest.raises(OSError) as caught:
        driver.read(handle)
    assert caught.value.args[0] == errno.EIO


def test_never_done_is_an_error(life: Life, scene: Scene) -> None:
    assert measure(life) == (2506,)
    scene.fail("ds18b20", "busy")
    assert error_of(life) == errno.EIO  # not the last wake's value


def test_wrong_crc(life: Life, scene: Scene) -> None:
    scene.fail("ds18b20", "crc")
    assert error_of(life) == errno.EIO
    scene.fail("ds18b20", None)
    assert measure(life) == (2506,)


@pytest.mark.parametrize("how", ["nack", "open"])
def test_nobody(life: Life, scene: Scene, how: str) -> None:
    scene.fail("ds18b20", how)
    assert error_of(life) == errno.ENODEV
    assert not life.clock.ms > 10  # and nobody waited for it


def test_line_at_ground(life: Life, scene: Scene) -> None:
    scene.fail("ds18b20", "stuck")
    assert error_of(life) == errno.EIO
    assert not life.clock.ms > 10
    with pytest.raises(OSError) as caught:
        life.driver("ds18b20").probe(BOARD, {"pin": PIN})
    assert caught.value.args[0] == errno.EIO


def test_line_to_ground_after_the_start(life: Life, scene: Scene) -> None:
    driver = life.driver("ds18b20")
    for options in ({}, {"rom": rom_of(1).hex()}):
        ms, handle = driver.start(BOARD, {"pin": PIN, **options})
        life.clock.ms += ms
        scene.fail("ds18b20", "stuck")
        with pytest.raises(OSError) as caught:
            driver.read(handle)
        assert caught.value.args[0] == errno.EIO
        scene.fail("ds18b20", None)


def test_parasite_power_is_refused_at_once(life: Life, part: DS18B20) -> None:
    part.parasite = True
    assert error_of(life) == errno.ENODEV


def test_a_supply_that_fails_while_it_converts_gives_no_85_degrees(life: Life, part: DS18B20) -> None:
    driver = life.driver("ds18b20")
    ms, handle = driver.start(BOARD, {"pin": PIN})
    life.clock.ms += ms // 2
    part.power(False)
    part.power(True)
    life.clock.ms += ms
    with pytest.raises(OSError) as caught:
        driver.read(handle)
    assert caught.value.args[0] == errno.EIO


def test_power_up_default(life: Life, part: DS18B20) -> None:
    # Without a conversion: 85 C, with a CRC that is right (figure 9).
    wire = life.onewire.OneWire(life.machine.Pin(PIN))
    data = bytearray(9)
    assert wire.reset()
    wire.write(b"\xcc\xbe")
    wire.readinto(data)
    assert data[:5] == bytes.fromhex("50054b467f") and crc8(data) == 0


def test_after_power_up_it_needs_its_time(clock: Clock, scene: Scene) -> None:
    life = Life(clock, DS18B20(clock, scene, PIN))
    assert error_of(life) == errno.ENODEV
    clock.ms += 10
    assert measure(life) == (2506,)


def test_without_supply(life: Life, part: DS18B20) -> None:
    part.power(False)
    assert error_of(life) == errno.ENODEV


# Several on one pin.


@pytest.fixture
def three(clock: Clock, scene: Scene) -> Life:
    parts = [DS18B20(clock, scene, "X3", rom_of(serial), offset_c=serial) for serial in (1, 3, 0x800000000002)]
    clock.ms += 10
    return Life(clock, *parts, DS18B20(clock, scene, 7, rom_of(9)))


def test_probe_finds_all_of_the_pin(three: Life) -> None:
    found = three.driver("ds18b20").probe(BOARD, {"pin": "X3"})
    assert sorted(found) == sorted(rom_of(serial).hex() for serial in (1, 3, 0x800000000002))


def test_each_by_its_rom_code_all_at_the_same_time(three: Life, clock: Clock) -> None:
    driver = three.driver("ds18b20")
    begun = [
        driver.start(BOARD, {"pin": "X3", "rom": rom_of(serial).hex(), "resolution": bits})
        for serial, bits in ((3, 12), (1, 9))
    ]
    clock.ms += begun[0][0]
    assert [driver.read(handle) for _, handle in begun] == [(2806,), (2600,)]


def test_the_boards_own_pin(clock: Clock, scene: Scene) -> None:
    life = Life(clock, DS18B20(clock, scene, ""))
    clock.ms += 10
    assert life.driver("ds18b20").probe(BOARD, {}) == [rom_of(1).hex()]


def test_a_rom_code_that_is_not_there(three: Life) -> None:
    assert error_of(three, {"pin": "X3", "rom": rom_of(77).hex()}) == errno.ENODEV


def test_several_without_rom_codes_are_an_error(three: Life, scene: Scene) -> None:
    assert error_of(three, {"pin": "X3"}) == errno.EIO  # they speak at once


def test_another_pin_is_empty(three: Life) -> None:
    assert error_of(three, {"pin": 8}) == errno.ENODEV


def test_read_rom_and_settings_in_the_eeprom(life: Life, part: DS18B20) -> None:
    wire = life.onewire.OneWire(life.machine.Pin(PIN))
    wire.reset()
    wire.writebyte(0x33)
    assert bytes(wire.readbyte() for _ in range(8)) == part.rom
    wire.reset()
    wire.write(b"\xcc\x4e\x01\x02\xff")  # only two bits of the configuration can be written (figure 10)
    wire.select_rom(part.rom)
    wire.writebyte(0x48)
    assert wire.readbit() == 0  # burning
    life.clock.ms += 10
    assert wire.readbit() == 1
    assert part.eeprom == b"\x01\x02\x7f"
    part.power(False)
    part.power(True)
    life.clock.ms += 10
    wire.reset()
    wire.write(b"\xcc\xbe")
    assert bytes(wire.readbyte() for _ in range(5)) == b"\x50\x05\x01\x02\x7f"
    wire.reset()
    wire.write(b"\xcc\xb4")
    assert wire.readbit() == 1  # it has a supply


def test_an_input_drives_nothing(life: Life) -> None:
    pin = life.machine.Pin(PIN)
    assert not life._onewire.reset(pin)  # nobody made it open-drain


def test_rom_code_of_the_model() -> None:
    with pytest.raises(ValueError, match="2801"):
        DS18B20(Clock(), Scene(lambda: 0.0), PIN, bytes.fromhex("2801020304050600"))
