"""The virtual modules offer no name, value or argument that the port does not have.

Oracle: the ports' stubs (micropython-PORT-stubs, made from the firmware itself and its documentation) and
tests/stubs_overlay, which corrects them, each line with its source in the firmware. What a stub calls Incomplete was only
documented, not found in the firmware: a number that a shim has there needs a line in the overlay.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

import stubs
from dormouse.virtual import models
from dormouse.virtual.ports import PORTS as PORTS_OF_MODELS
from stubs import Call, Thing

BOARD_OF = {"esp32": "feather_s2", "esp8266": "esp8266", "stm32": "pyboard_d", "rp2": "pico_w"}

# Where a shim must have what its port has not.
ALLOWED = {
    "socket.socket.ioctl": "how the interpreter's poll() and streams reach an object of Python",
}
# Modules of the interpreter that have no shim: docs/virtual.md says in what they are more than the port's.
OWN = [
    *("array", "_thread", "binascii", "cmath", "collections", "cryptolib", "deflate", "errno", "framebuf", "gc", "hashlib"),
    *("heapq", "io", "json", "math", "micropython", "platform", "random", "re", "struct", "sys", "termios", "tls", "uctypes"),
    *("vfs", "websocket"),
]
DOCUMENT = (stubs.ROOT / "docs/virtual.md").read_text("utf-8")
NO_CALL = Call(0, frozenset(), False, 0)

SHOW = """
import json
def show(owner, path):
    for name in dir(owner):
        if name[0] == "_" or name in ("__class__",):
            continue
        try:
            value = getattr(owner, name)
        except Exception:
            continue
        kind = type(value).__name__
        print(json.dumps([path + "." + name, kind, value if isinstance(value, (int, bool)) else None]))
        if kind == "type" and value is not object:
            show(value, path + "." + name)
for module in MODULES:
    try:
        show(__import__(module), module)
    except ImportError:
        pass
    else:
        print(json.dumps([module, "module", None]))
for module in OWN:
    try:
        names = [name for name in dir(__import__(module)) if name[0] != "_"]
    except ImportError:
        continue
    print(json.dumps([module, "own", names]))
"""

PORTS = [
    pytest.param(port, marks=pytest.mark.skipif(not (stubs.STUBS / port).is_dir(), reason="no .stubs: run tools/setup lint"))
    for port in stubs.ports()
]


def find(names: dict[str, Thing], path: list[str]) -> Thing | None:
    """What a path of names leads to."""
    thing = names.get(path[0])
    return find(thing.members, path[1:]) if thing and path[1:] else thing


@pytest.mark.parametrize("port", PORTS)
def test_names_and_values(make, port):
    if BOARD_OF[port] not in models.names():
        pytest.skip(f"no board of {port} yet")
    firmware, modules = stubs.firmware(port), list(stubs.shim_modules(port))
    program = SHOW.replace("MODULES", repr(modules)).replace("OWN", repr([name for name in OWN if name not in modules]))
    wake = make(BOARD_OF[port], program).run_wake(30)
    assert wake.ended == "repl", wake.output
    wrong = []
    more: list[list[str]] = [[], []]
    for line in wake.output.splitlines():
        path, kind, value = json.loads(line)
        module, *names = path.split(".")
        if kind == "own":
            beyond(module, value, firmware.module(module), more)
            continue
        known = firmware.module(module)
        if known is None:
            wrong.append(f"{path}: the port has no such module")
        if known is None or not names or path in ALLOWED:
            continue
        thing = find(known, names)
        if thing is None or thing.kind == "absent":
            wrong.append(f"{path} ({kind}): the port has no such name")
        elif value is not None and thing.value != value:
            wrong.append(f"{path} = {value!r}: the port has {thing.value!r}")
    assert not wrong, "\n".join(wrong)
    assert len(wake.output.splitlines()) > 150
    row = next(line for line in table("more").splitlines() if line.startswith(f"| {port} |"))
    said = {name.strip("` ") for cell in row.split("|")[2:] for name in cell.split(",")}
    assert {*more[0], *more[1]} <= said, f"docs/virtual.md: what {port} has beyond its port: {more}"
    for name in said - {""}:
        known = firmware.module(name.partition(".")[0])
        assert known is None or ("." in name and find(known, name.split(".")[1:]) is None), f"{port} has {name}"


def beyond(module: str, names: list[str], known: dict[str, Thing] | None, more: list[list[str]]) -> None:
    """Note what the interpreter's own module has beyond the port's: the module in more[0], names in more[1]."""
    if known is None:
        more[0].append(module)
        return
    more[1] += [f"{module}.{name}" for name in sorted(names) if name not in known or known[name].kind == "absent"]


def table(name: str) -> str:
    """A table of docs/virtual.md."""
    return DOCUMENT.partition(f"<!-- {name}: begin -->")[2].partition(f"<!-- {name}: end -->")[0]


def test_the_document_has_the_ports_limits():
    names, *rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table("limits").strip().splitlines()]
    cells = {row[0]: dict(zip(names[1:], row[1:])) for row in rows[1:]}
    assert names[1:] == list(PORTS_OF_MODELS)
    for port, model in PORTS_OF_MODELS.items():
        causes = [str(model.causes[what]) for what in ("power", "reset", "watchdog", "deepsleep")]
        expected = {
            "`sys.platform`": model.platform,
            "`errno` of no route to a host": str(model.no_route),
            "`errno` of a timeout": str(model.errno.get("110", 110)),
            "error of a name that is unknown": str(model.dns_error),
            "a name's look-up lets timers run": "no" if model.dns_blocks else "yes",
            "`socket.TCP_NODELAY`": str(model.tcp_nodelay),
            "interrupts off for so long: reset, ms": str(model.irq_off_ms or "never"),
            "stuck in the firmware for so long: reset, ms": str(model.stuck_ms or "never"),
            "`reset_cause()` after power, reset, watchdog, deep sleep": " ".join(causes),
            "the clock outlives deep sleep": "yes" if model.keeps_clock else "no",
        }
        assert {name: row[port] for name, row in cells.items()} == expected


@pytest.mark.parametrize("port", PORTS)
def test_arguments(port):
    firmware, shims = stubs.firmware(port), stubs.shims(port)
    wrong: list[str] = []
    compared = 0
    for module in stubs.shim_modules(port):
        for path, ours, theirs in functions(module, shims.module(module) or {}, firmware.module(module) or {}):
            compared += 1
            wrong += [f"{path}: {text}" for text in laxer(ours, theirs)]
    assert not wrong, "\n".join(wrong)
    assert compared > 100


def functions(path: str, ours: dict[str, Thing], theirs: dict[str, Thing]) -> Iterator[tuple[str, Call, list[Call]]]:
    """Each function and method that both have: its name, how the shim may be called, how the firmware may."""
    for name, thing in ours.items():
        if name.startswith("_") and name not in ("__init__", "__call__"):
            continue
        other = theirs.get(name)
        if name == "__init__" and other is None:
            other = Thing("function", calls=[NO_CALL])
        if other is None:
            continue  # test_names_and_values says so
        if thing.kind == other.kind == "class":
            if "__init__" not in thing.members:  # MicroPython lets such a class take anything
                yield f"{path}.{name}", Call(float("inf"), frozenset(), True, 0), [NO_CALL]
            yield from functions(f"{path}.{name}", thing.members, other.members)
        elif thing.kind == "function":
            calls = other.calls or getattr(other.members.get("__init__"), "calls", [])
            call = thing.calls[-1]
            yield f"{path}.{name}", call.with_init(ours["init"].calls[-1]) if call.forwards else call, calls


def laxer(ours: Call, theirs: list[Call]) -> Iterator[str]:
    """What a shim takes that its port does not."""
    most = max(call.positional for call in theirs)
    if ours.positional > most:
        yield f"takes {ours.positional} arguments by position, the port {most}"
    any_name = any(call.any_name for call in theirs)
    extra = ours.names - frozenset().union(*[call.names for call in theirs])
    if extra and not any_name:
        yield f"takes {', '.join(sorted(extra))} by name, the port does not"
    if ours.any_name and not any_name:
        yield "takes any name, the port does not"
    least = min(call.must for call in theirs)
    if ours.must < least:
        yield f"is content with {ours.must} arguments, the port wants {least}"


def test_every_laxness_is_seen():
    # The comparison itself: each row is laxer than (a, b=1, /, *, c) in one way only.
    port = [Call(2, frozenset("c"), False, 1)]
    lax: list[tuple[Any, ...]] = [(3, "c", False, 1), (2, "cd", False, 1), (2, "c", True, 1), (2, "c", False, 0)]
    for positional, names, any_name, must in lax:
        assert len(list(laxer(Call(positional, frozenset(names), any_name, must), port))) == 1
    assert not list(laxer(Call(2, frozenset("c"), False, 1), port))
    assert not list(laxer(Call(1, frozenset(), False, 1), port))
