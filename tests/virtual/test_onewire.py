"""onewire, ds18x20, dht and machine.dht_readinto as each port's firmware has them. Oracle: the sources named in each test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dormouse.virtual.devices.dht22 import DHT22
from dormouse.virtual.devices.ds18b20 import DS18B20, rom_of
from dormouse.virtual.devices.scene import Scene
from dormouse.virtual.world import World

_ROOT = Path(__file__).resolve().parents[2]
_PINS = {"feather_s2": (5, 6, 7), "esp8266": (5, 4, 12), "pyboard_d": ("X3", "X4", "X5")}
_ETIMEDOUT = {"feather_s2": 116, "esp8266": 110, "pyboard_d": 110}  # newlib's on ESP32 (py/mperrno.h)

_BEGIN = """
import machine, time
wire, single, empty = {pins!r}
def show(f, *args):
    try:
        print(f(*args))
    except Exception as e:
        print(type(e).__name__, *e.args)
if {rail!r}:
    machine.Pin({rail!r}, machine.Pin.OUT, value=1)
    time.sleep_ms(10)
"""


def run(make: Any, board: str, program: str) -> list[str]:
    """What a program prints, on a board with two DS18B20 on one pin and a DHT22 on another, that was switched on long ago."""

    def parts(now_ms: Any, scene: Any) -> list[Any]:
        scene.set("ground_c", 10.125)
        scene.set("temperature_c", -10.1)
        scene.set("humidity_pct", 65.8)
        pin, single, _ = _PINS[board]
        return [DS18B20(now_ms, scene, pin, rom_of(serial), offset_c=serial) for serial in (1, 2)] + [
            DHT22(now_ms, scene, single)
        ]

    rail = {"feather_s2": 21, "pyboard_d": "EN_3V3"}.get(board)
    node = make(board, _BEGIN.format(pins=_PINS[board], rail=rail) + program, world=World(devices=parts))
    node.clock.skip(10_000)
    wake = node.run_wake(20)
    assert wake.ended == "repl", wake.output
    lines: list[str] = wake.output.splitlines()
    return lines


def test_onewire(make: Any, board: str) -> None:
    # micropython-lib: onewire.py; extmod/modonewire.c
    program = """
import onewire, _onewire
ow = onewire.OneWire(machine.Pin(wire))
print(issubclass(onewire.OneWireError, OSError), ow.SEARCH_ROM, ow.MATCH_ROM, ow.SKIP_ROM)
print(ow.reset(), sorted(bytes(rom).hex() for rom in ow.scan()))
rom = ow.scan()[0]
print(ow.crc8(rom), _onewire.crc8(b"\\x02\\x1c\\xb8\\x01\\x00\\x00\\x00"))
nobody = onewire.OneWire(machine.Pin(empty))
print(nobody.reset(), nobody.scan(), nobody.readbyte(), nobody.readbit())
show(nobody.reset, True)
show(_onewire.reset, 5)
show(_onewire.reset, machine.Pin(wire, machine.Pin.IN))
"""
    found = sorted(rom_of(serial).hex() for serial in (1, 2))
    assert run(make, board, program) == [
        "False 240 85 204", f"True {found}", "0 162", "False [] 255 1", "OneWireError", "ValueError expecting a pin", "False",
    ]  # fmt: skip


def test_ds18x20_where_it_is_frozen(make: Any, board: str) -> None:
    # ports/*/boards/manifest.py; micropython-lib: ds18x20.py
    program = """
import onewire
try:
    from ds18x20 import DS18X20
except ImportError:
    print("not frozen")
else:
    ds = DS18X20(onewire.OneWire(machine.Pin(wire)))
    roms = sorted(ds.scan())
    print(ds.read_temp(roms[0]))
    ds.convert_temp()
    time.sleep_ms(760)
    print([ds.read_temp(rom) for rom in roms])
"""
    frozen = ["85.0", "[11.125, 12.125]"]
    assert run(make, board, program) == (["not frozen"] if board == "pyboard_d" else frozen)


def test_dht(make: Any, board: str) -> None:
    # micropython-lib: dht.py; drivers/dht/dht.c
    program = """
import dht
d = dht.DHT22(machine.Pin(single))
began = time.ticks_ms()
d.measure()
print(268 <= time.ticks_diff(time.ticks_ms(), began), round(d.temperature(), 1), round(d.humidity(), 1))
show(d.measure)
show(dht.DHT22(machine.Pin(empty)).measure)
show(machine.dht_readinto, machine.Pin(single), bytearray(4))
show(machine.dht_readinto, 5, bytearray(5))
show(machine.time_pulse_us, machine.Pin(empty), 0, 100)
"""
    nobody = f"OSError {_ETIMEDOUT[board]}"
    lines = run(make, board, program)
    assert lines[:5] == ["True -10.1 65.8", nobody, nobody, "ValueError buffer too small", "ValueError expecting a pin"]
    assert lines[5] == "-2"


def test_drivers_meet_every_failure(make: Any) -> None:
    # The drivers on MicroPython; examples: DS18B20, table 1; AM2320 product manual, page 22. Each part has a scene of its own.
    hows = ("good", "crc", "nack", "stuck", "busy", "parasite", "default")

    def scene_of(driver: str, how: str) -> Scene:
        scene = Scene(lambda: 0.0)
        scene.set("ground_c", 25.0625)
        scene.set("temperature_c", 26.9)
        scene.set("humidity_pct", 65.8)
        if how in ("crc", "nack", "stuck", "busy"):
            scene.fail(driver, how)
        return scene

    def parts(now_ms: Any, _: Any) -> list[Any]:
        wires = [DS18B20(now_ms, scene_of("ds18b20", how), pin, parasite=how == "parasite") for pin, how in enumerate(hows, 1)]
        return wires + [DHT22(now_ms, scene_of("dht22", how), pin) for pin, how in enumerate(hows[:4], 11)]

    program = """
import machine, time
from sensors import dht22, ds18b20
def show(f, *args):
    try:
        return f(*args)
    except Exception as e:
        return type(e).__name__, e.args[0]
rail = machine.Pin(21, machine.Pin.OUT, value=1)
time.sleep_ms(10)
class Board:
    ONEWIRE = 7
begun = [(dht22, show(dht22.start, Board, {"pin": pin})) for pin in range(11, 15)]
begun += [(ds18b20, show(ds18b20.start, Board, {"pin": pin})) for pin in range(1, 7)]
time.sleep_ms(1800)
for driver, (ms, handle) in begun:
    print(ms, handle) if isinstance(ms, str) else print(show(driver.read, handle))
ms, handle = ds18b20.start(Board, {})
rail(0)
rail(1)
time.sleep_ms(ms)
print(show(ds18b20.read, handle))
"""
    files = {f"sensors/{name}.py": (_ROOT / "sensors" / f"{name}.py").read_bytes() for name in ("ds18b20", "dht22")}
    node = make("feather_s2", program, world=World(devices=parts), files=files)
    node.clock.skip(10_000)
    wake = node.run_wake(20)
    assert wake.ended == "repl", wake.output
    assert wake.output.splitlines() == [
        "(269, 658)", "('OSError', 5)", "('OSError', 116)", "OSError 5",  # EIO, ETIMEDOUT
        "(2506,)", "('OSError', 5)", "OSError 19", "OSError 5", "('OSError', 5)", "OSError 19", "('OSError', 5)",  # EIO, ENODEV
    ]  # fmt: skip
