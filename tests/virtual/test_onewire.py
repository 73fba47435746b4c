"""onewire, ds18x20, dht and machine.dht_readinto as each port's firmware has them. Oracle: the sources named in each test."""

from __future__ import annotations

from typing import Any

from dormouse.virtual.devices.dht22 import DHT22
from dormouse.virtual.devices.ds18b20 import DS18B20, rom_of
from dormouse.virtual.world import World

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
