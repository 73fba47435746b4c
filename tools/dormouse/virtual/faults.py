"""Faults at the calls of a virtual board's hardware: one life's calls are traced, then another life meets a fault at one.

A board with ``board.faults = Trace()`` notes its calls; with ``board.faults = Injection(fault)`` the call of that number fails.
"""

from __future__ import annotations

import os
import random
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .calls import CALLS
from .flash import BLOCK
from .models import BoardModel
from .wire import Refused, Request

if TYPE_CHECKING:
    from .life import Life

_NO_HARDWARE = ("hello", "main", "mark", "mem.at", "repl", "i2c.open")
_WRITE_HEAD = 6  # bytes before the data in the payload of flash.write
_WAITS = ("i2c", "i2c.scan", "wifi", "dns", "flash.write", "flash.erase")  # something outside of the processor answers
PROBE = 0x10  # nobody answers there: the address of the campaign's own driver
LOOP, RAISES = 9000, 9001  # what that driver makes of an error: an endless loop, and one exception after the other
_EXCEPTIONS = 10
_TIMED_OUT, _IO, _NO_DEVICE, _NO_MEMORY = 110, 5, 19, 12  # Linux's numbers


@dataclass(frozen=True)
class Call:
    """One call of a traced life. number: from 0, calls without hardware included. phase: of the wake. stops: numbers of bytes
    after which a write that stops leaves what no other number leaves.
    """

    number: int
    name: str
    detail: str
    phase: str
    stops: tuple[int, ...] = ()


@dataclass(frozen=True)
class Fault:
    """What happens at a call. kind: of KINDS. value: the error's number or text, the byte at which a write stops, the sort of
    wrong data.
    """

    call: int
    kind: str
    value: int | str = 0

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}" if self.value != 0 else self.kind


KINDS = ("stall", "error", "reset", "cut", "torn", "exception", "wrong", "drop")


def _detail(request: Request) -> str:
    if request.name == "wifi":
        return request.payload.decode()
    if request.name == "i2c":
        return f"{request.payload[0]:#x} {request.payload[4:].hex()}".rstrip()
    if request.name in ("pin.set", "pin.get", "adc", "dns"):
        return request.payload.decode(errors="replace")
    return ""


class Trace:
    """Notes the calls of a life. calls: so far. writes: of flash, as (number of the call, block, offset, data)."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.writes: list[tuple[int, int, int, bytes]] = []
        self._phase = "start"

    def serve(self, life: Life, request: Request) -> bytes | None:
        """Answer a call as ever."""
        if request.name == "mark":
            self._phase = request.payload[12:].decode()
        stops: tuple[int, ...] = ()
        if request.name == "mem.set":
            stops = _stops(life.board.retained, request.payload)
        elif request.name == "flash.write":
            block, offset = struct.unpack_from("<IH", request.payload)
            data = request.payload[_WRITE_HEAD:]
            stops = _stops(os.pread(life.board.flash.fd, len(data), block * BLOCK + offset), data)
            self.writes.append((len(self.calls), block, offset, data))
        elif request.name == "flash.erase":
            self.writes.append((len(self.calls), struct.unpack("<I", request.payload)[0], 0, b"\xff" * BLOCK))
        self.calls.append(Call(len(self.calls), request.name, _detail(request), self._phase, stops))
        result: bytes = CALLS[request.name](life, request.payload)
        return result


def _stops(old: bytes, new: bytes) -> tuple[int, ...]:
    """Where a write of new over old can stop: after each byte that it changes, but for the last."""
    changed = [i + 1 for i, byte in enumerate(new) if i >= len(old) or old[i] != byte]
    return tuple(changed[:-1])


def of(model: BoardModel, call: Call) -> list[Fault]:
    """The faults that can happen at a call on a board."""
    if call.name in _NO_HARDWARE:
        return []
    found: list[tuple[str, int | str]] = [("reset", 0), ("cut", 0)]
    if call.name in _WAITS:
        found.append(("stall", 0))
    found += [("error", number) for number in _errors(model, call)]
    if call.name == "flash.write":
        found += [(kind, byte) for kind in ("reset", "cut") for byte in call.stops]
    if call.name == "mem.set":
        found += [("torn", byte) for byte in call.stops]
    if call.name == "i2c" and call.detail.startswith(f"{PROBE:#x}"):
        found += [("exception", LOOP + i) for i in range(_EXCEPTIONS)]
    elif call.name == "i2c":
        found += [("wrong", how) for how in ("zeros", "ones", "flipped", "random")]
    if call.name == "adc":
        found += [("wrong", how) for how in ("zero", "full")]
    if call.name == "dns":
        found += [("wrong", how) for how in ("0.0.0.0", "127.0.0.99")]
    if call.name == "mem.get":
        found += [("wrong", how) for how in ("zeros", "ones", "flipped", "random")]
        if model.port != "stm32":  # where it has no length of its own
            found += [("wrong", how) for how in ("short", "none")]
    if call.name == "ntp":
        found += [("wrong", how) for how in ("silent", "kiss", "unsynchronised", "years")]
    if call.phase in ("link", "clock", "mqtt", "finish"):
        found.append(("drop", 0))
    return [Fault(call.number, kind, value) for kind, value in found]


def _errors(model: BoardModel, call: Call) -> list[int | str]:
    def own(number: int) -> int:
        return model.errno.get(str(number), number)

    if call.name in ("i2c", "i2c.scan"):
        return [own(_NO_DEVICE), own(_IO), own(_TIMED_OUT)]
    if call.name in ("flash.write", "flash.erase"):
        return [own(_IO)]
    if call.name == "dns":
        return [model.dns_error]
    if model.port == "esp32" and call.name in ("adc", "timer", "wdt"):
        return [own(_TIMED_OUT), own(_NO_MEMORY)]  # check_esp_err() in ports/esp32/mphalport.c
    if call.name == "wifi":
        return {
            "esp32": ["Wifi Internal Error", "Wifi Unknown Error 0x0101"],  # network_common.c
            "esp8266": ["Cannot connect to AP", "can't get STA config"],  # network_wlan.c
            "cyw43": [own(_IO), own(_TIMED_OUT)],  # network_cyw43.c
            "nina": ["Failed to initialize Nina-W10 module, error: -1\n"],  # network_ninaw10.c
        }[model.radio or model.port]
    if model.port == "rp2" and call.name == "timer":
        return [own(_NO_MEMORY)]  # machine_timer.c: no alarm is left
    return []


class Injection:
    """Lets one fault happen. met: whether the call was reached. seed: of random wrong data."""

    def __init__(self, fault: Fault, seed: int = 0) -> None:
        self.met = False
        self._fault = fault
        self._number = -1
        self._dice = random.Random(seed)

    def serve(self, life: Life, request: Request) -> bytes | None:
        """Answer a call, or do not: None."""
        self._number += 1
        now = self._number == self._fault.call
        if self._fault.kind == "torn":
            # A wake with one call more before it has something else here, which cannot be torn: then the next write is.
            now = self._number >= self._fault.call and request.name == "mem.set" and not self.met
        if now:
            self.met = True
            return self._happen(life, request)
        result: bytes = CALLS[request.name](life, request.payload)
        return result

    def _happen(self, life: Life, request: Request) -> bytes | None:
        kind, value = self._fault.kind, self._fault.value
        if kind == "stall":
            if request.name == "dns" and not life.board.model.dns_blocks:
                return b"86400000 -"  # this port waits with callbacks
            return None
        if kind in ("error", "exception"):
            raise Refused(value)
        if kind in ("reset", "cut"):
            self._stop(life, request, int(value))
            return life.finish("reset") if kind == "reset" else life.finish("killed", "supervisor", reason="power cut")
        if kind == "torn":
            old = life.board.retained
            life.memory_address = None  # Pyboard D: what stands in the process's memory counts no more
            life.keep(request.payload[: int(value)] + old[int(value) :])
            return life.finish("reset")
        if kind == "drop":
            life.wifi.lose()
            life.show_link()
        if kind == "wrong" and request.name == "ntp":
            self._spoil_time(life, str(value))
        result: bytes = CALLS[request.name](life, request.payload)
        return self._wrong(request.name, result, str(value)) if kind == "wrong" else result

    def _stop(self, life: Life, request: Request, byte: int) -> None:
        if request.name == "flash.write" and byte:
            CALLS[request.name](life, request.payload[: _WRITE_HEAD + byte])

    def _spoil_time(self, life: Life, how: str) -> None:
        if how == "years":
            life.board.world.ntp.offset_s = -10 * 365 * 86400.0
        else:
            life.board.world.ntp.mode = how

    def _wrong(self, name: str, right: bytes, how: str) -> bytes:
        if name == "adc":
            return bytes(8) if how == "zero" else (10_000_000).to_bytes(8, "little")
        if name == "dns":
            return b"0 " + how.encode()
        if name == "ntp":
            return right
        if how == "short":
            return right[: len(right) // 2]
        if how == "none":
            return b""
        if how == "flipped" and right:
            at = self._dice.randrange(len(right))
            return right[:at] + bytes([right[at] ^ 1 << self._dice.randrange(8)]) + right[at + 1 :]
        if how in ("zeros", "ones"):
            return bytes(len(right)) if how == "zeros" else b"\xff" * len(right)
        return bytes(self._dice.randrange(256) for _ in right)
