"""What the board's shims ask the supervisor for, by name: the table of calls and what each does to the life it belongs to."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

from . import i2c, onewire, supply, wakepins
from .devices import AnalogDevice
from .wire import Refused

if TYPE_CHECKING:
    from .life import Life


def _q(value: int) -> bytes:
    return struct.pack("<q", value)


def hello(life: Life, _: bytes) -> bytes:
    board, model = life.board, life.board.model
    board.clock.hold()
    description = {
        "rtc_ms": board.clock.rtc_ms + (0 if life.in_progress() else life.boot_ms),
        "modules": model.modules,
        "blocks": board.flash.blocks,
        "flash_bytes": model.whole_flash_bytes,
        "root": model.root,
        "path": model.path,
        "speed": board.speed,
        "raw": life.raw,
        "heap": bool(board.heap_bytes),
        "platform": model.platform,
        "uname": (model.platform, model.platform, "1.29.0", "v1.29.0 (virtual board)", model.machine),
        "unique_id": list(model.unique_id),
        "cause": model.causes[board.cause],
        "wake_reason": board.wake_reason,
        "pins": model.pins,
        "chip": model.chip.told(),
        "pin_range": (*model.pin_range, list(model.pins.values())),
        "errno": model.errno,
        "no_route": model.no_route,
        "dns_error": model.dns_error,
        "tcp_nodelay": model.tcp_nodelay,
        "hostname": model.hostname,
        "radio": model.radio,
        "usb": board.serial is not None,
    }
    return json.dumps(description).encode()


def mark(life: Life, data: bytes) -> bytes:
    ticks, free = struct.unpack_from("<qI", data)
    life.mark(data[12:].decode(), ticks, free)
    return b""


def memory_set(life: Life, data: bytes) -> bytes:
    life.keep(data)
    return b""


def memory_at(life: Life, data: bytes) -> bytes:
    life.memory_address = struct.unpack("<Q", data)[0]
    return b""


def rtc_set(life: Life, data: bytes) -> bytes:
    clock = life.board.clock
    clock.tick()
    clock.rtc_ms = struct.unpack("<q", data)[0]
    return b""


def timer(life: Life, data: bytes) -> bytes:
    key, kind, period = struct.unpack("<BBI", data)
    if kind == 2:
        life.timers.stop(key)
    else:
        life.timers.set(key, life.host_ms() + period, period if kind == 1 else None)
    return b""


def watchdog(life: Life, data: bytes) -> bytes:
    life.watchdogs.arm(struct.unpack("<I", data)[0])
    return b""


def watchdog_feed(life: Life, _: bytes) -> bytes:
    life.watchdogs.feed()
    return b""


def watchdog_stop(life: Life, _: bytes) -> bytes:
    life.watchdogs.stop()
    return b""


def nap(life: Life, data: bytes) -> bytes:
    """machine.lightsleep() of rp2, which is skipped as deep sleep is: the milliseconds that it lasts. With the radio on it ends
    at once (ports/rp2/modmachine.c: cyw43_has_pending).
    """
    if life.wifi.on():
        return _q(1)
    life.nap_ms += struct.unpack("<I", data)[0]
    return _q(struct.unpack("<I", data)[0])


def reset(life: Life, _: bytes) -> bytes:
    # What is machine.deepsleep() on rp2: a light sleep, and then this.
    if life.nap_ms:
        return life.finish("deepsleep", sleep_us=life.nap_ms * 1000)
    return life.finish("reset")


def irq(life: Life, data: bytes) -> bytes:
    life.watchdogs.switch(bool(data[0]))
    return b""


def pin_set(life: Life, data: bytes) -> bytes:
    name, _, level = data.decode().partition("=")
    before = life.pins.get(name)
    if level == "z":
        life.pins.pop(name, None)
    else:
        life.pins[name] = int(level)
    if life.pins.get(name) != before:
        life.wake.pins.append((life.host_ms(), name, life.pins.get(name)))
    onewire.level(life, name, life.pins.get(name))
    if name == life.board.model.rail or name in supply.pins_of(life.board.devices, life.board.model):
        supply.switch(life.board.devices, life.board.model, life.rail(), life.pins)
    return b""


def pin_get(life: Life, data: bytes) -> bytes:
    name, _, pulled_up = data.decode().partition("=")
    driven = life.edges.level(name, int(pulled_up))
    if driven is not None:
        return _q(driven)
    return _q(wakepins.level(life.board.world, name, life.board.now_s, int(pulled_up)))


def pin_irq(life: Life, data: bytes) -> bytes:
    life.edges.watch(data[2:].decode(), data[0], data[1])
    return b""


def wake_pin(life: Life, data: bytes) -> bytes:
    # "3:5=1": what watches, the pins and their levels; it watches no others.
    source, _, watched = data.decode().partition(":")
    pins = [text.partition("=") for text in watched.split(",") if text]
    life.board.wake_pins.pop(int(source), None)
    if pins:
        life.board.wake_pins[int(source)] = [(pin, int(level)) for pin, _, level in pins]
    return b""


def adc(life: Life, data: bytes) -> bytes:
    name, model = data.decode(), life.board.model
    if name in map(str, model.chip.shared) and life.wifi.on():
        raise Refused(model.errno.get("110", 110))  # the radio has this converter: ESP_ERR_TIMEOUT (mphalport.c)
    names = {name, *(alias for alias, of in model.pins.items() if of == name)}
    for device in life.board.devices:
        if isinstance(device, AnalogDevice) and device.pin in names:
            return _q(round(1000 * device.mv()))
    pin = next((alias for alias in names if alias in model.adc), name)
    return _q(1000 * life.board.scene.adc_mv({"adc": model.adc}, pin, rail_on=life.rail()))


def chip(life: Life, _: bytes) -> bytes:
    return _q(round(1000 * life.board.scene.value("chip_c")))


def wifi(life: Life, data: bytes) -> bytes:
    op, args = json.loads(data)
    result = life.wifi.handle(op, args)
    life.show_link()
    return json.dumps(result).encode()


def dns(life: Life, data: bytes) -> bytes:
    world, host = life.board.world.dns, data.decode()
    nowhere = world.fails or not life.wifi.connected() or (host.endswith(".local") and not life.board.model.local_names)
    address = None if nowhere else world.table.get(host)
    ms = world.ms if address else world.fail_ms
    if not life.wifi.connected():
        ms = 0
    ms //= life.board.speed
    if life.board.model.dns_blocks:
        life.delay_ms, ms = ms, 0
    return f"{ms} {address or '-'}".encode()


def ntp(life: Life, _: bytes) -> bytes:
    return _q(life.board.ntp.port)


def flash_write(life: Life, data: bytes) -> bytes:
    block, offset = struct.unpack_from("<IH", data)
    if not life.board.flash.write(block, offset, data[6:]):
        life.finish("killed", "supervisor", reason="power cut")
    return b""


def flash_erase(life: Life, data: bytes) -> bytes:
    if not life.board.flash.erase(struct.unpack("<I", data)[0]):
        life.finish("killed", "supervisor", reason="power cut")
    return b""


def main(life: Life, data: bytes) -> bytes:
    life.started(*struct.unpack("<II", data))
    return b""


def deepsleep(life: Life, data: bytes) -> bytes:
    life.finish("deepsleep", sleep_us=struct.unpack("<q", data)[0])
    return b""


CALLS: dict[str, Any] = {
    "hello": hello,
    "main": main,
    "mark": mark,
    "mem.get": lambda life, _: life.board.retained,
    "mem.set": memory_set,
    "mem.at": memory_at,
    "rtc.set": rtc_set,
    "timer": timer,
    "wdt": watchdog,
    "wdt.feed": watchdog_feed,
    "wdt.stop": watchdog_stop,
    "nap": nap,
    "irq": irq,
    "pin.set": pin_set,
    "pin.get": pin_get,
    "pin.irq": pin_irq,
    "wake.pin": wake_pin,
    "adc": adc,
    "chip": chip,
    "i2c.open": i2c.opened,
    "i2c": i2c.transfer,
    "i2c.scan": i2c.scan,
    "wire": onewire.one_wire,
    "dht": onewire.dht,
    "pulse": onewire.pulse_us,
    "wifi": wifi,
    "dns": dns,
    "ntp": ntp,
    "flash.write": flash_write,
    "flash.erase": flash_erase,
    "deepsleep": deepsleep,
    "reset": reset,
    "soft_reset": lambda life, _: life.finish("soft_reset"),
    "bootloader": lambda life, _: life.finish("killed", "supervisor", reason="bootloader"),
    "repl": lambda life, _: life.at_repl(),
}
