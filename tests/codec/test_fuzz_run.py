"""A hundred thousand broken packets, a tenth of `make fuzz`, through the decoders of both versions on both interpreters.

Oracle: each case says by the specification's clauses what must come of it (fuzz_packets, fuzz_mutate).
"""

from __future__ import annotations

import re
import subprocess
import sys
import tracemalloc
import types
from pathlib import Path

import fuzz
import fuzz_feed
import fuzz_worker
import pytest
from fuzz_branches import Branches
from fuzz_case import Case

from mqtt import packet, parser, properties, skip, v5
from programs import find_micropython

_SEED = 1
# What CPython does not take for UTF-8 (RFC 3629, section 4) and MicroPython does: overlong forms, surrogates, above U+10FFFF.
_LAX = re.compile(rb"[\xc0\xc1\xf5-\xf7]|\xe0[\x80-\x9f]|\xed[\xa0-\xbf]|\xf0[\x80-\x8f]|\xf4[\x90-\xbf]")
_SRC = Path(parser.__file__).parent


def test_a_hundred_thousand_inputs() -> None:
    result = fuzz.run(100_000, _SEED, find_micropython())
    assert not result.failures, "\n".join(result.failures)
    assert result.inputs == 100_000
    assert 0.4 < result.refused / result.inputs < 0.8
    # Every type of packet went in as both versions; out came all that a server may send, and nothing else.
    assert set(result.given) == {f"{version}/{kind}" for version in (3, 5) for kind in range(16)}
    assert set(result.came) == {f"{version}/{kind}" for version in (3, 5) for kind in (2, 3, 4, 9, 11, 13)}
    assert min(result.came.values()) > 1000


def test_both_interpreters_make_the_same_of_it(micropython: str) -> None:
    outputs = []
    for interpreter in (None, micropython):
        command, environment = fuzz.worker(interpreter, _SEED, 0, 5000, "compare")
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        outputs.append([line for line in done.stdout.splitlines() if line.startswith("case")])
    assert len(outputs[0]) == len(outputs[1]) == 5000
    other = [int(here.split()[1]) for here, there in zip(*outputs) if here != there]
    assert all(_LAX.search(Case(_SEED, number).stream) for number in other), other
    assert len(other) < 10


def test_it_takes_every_branch_of_the_decoders() -> None:
    decode = (properties.decode, properties.number, properties._field, properties._checked)
    five = (v5.V5.body, v5.V5._rest, v5.V5._delivery)
    branches = Branches(parser.parse, parser.body, skip.skip, packet.text, *decode, *five)
    for number in range(1500):
        case = Case(_SEED, number)
        with branches:
            fuzz_feed.judge(case)
    assert branches.share > 0.95, "\n".join(branches.missed())


def test_the_branch_measure_misses_what_was_not_taken() -> None:
    def function(a: bool, b: bool) -> int:
        return 1 if a and b else 2

    branches = Branches(function)
    with branches:
        function(True, False)
        function(False, False)
    assert (len(branches.taken), len(branches.all)) == (3, 4)
    assert "in function: never" in branches.missed()[0]


def test_no_case_holds_more_memory_than_the_limit_allows() -> None:
    cases = [Case(_SEED, number) for number in range(2000)]
    for case in cases:
        try:
            make = fuzz_feed.decoder5 if case.five else fuzz_feed.decoder3
            events = make(case.limit)
            tracemalloc.start()
            events, error = fuzz_feed.feed((*events, case.limit), case.stream, case.step, case.random)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        held = sum(len(part or b"") for event in events for part in event[3:5])
        del error
        assert peak < 3 * case.limit + held + 8000 + 600 * len(events), (case.number, peak)


def _changed(module: types.ModuleType, *changes: tuple[str, str]) -> types.ModuleType:
    """A module of mqtt with defects put in."""
    source = (_SRC / f"{module.__name__.rpartition('.')[2]}.py").read_text()
    for old, new in changes:
        assert source.count(old) == 1, f"{old!r}: the source has changed, and the defect must too"
        source = source.replace(old, new)
    variant = types.ModuleType(module.__name__)
    variant.__package__ = "mqtt"
    exec(compile(source, "defect", "exec"), variant.__dict__)
    return variant


DEFECTS = {
    "remaining length without an end": (parser, "if head > 5:", "if head > 500:"),
    "topic length unchecked": (parser, "if i <= n and (pid", "if (pid"),
    "short packets unchecked": (parser, "except (IndexError, ValueError)", "except ValueError"),
    "limit unchecked": (parser, "if length > limit and kind != _PUBLISH:", "if False:"),
    "pid 0 taken": (parser, "(pid or not flags & 2)", "True"),
    "buffer kept for less than a packet": (parser, "need = max(need, _SIZE)", "need = _SIZE"),
    "pid lost in what is passed over": (skip, "at -= n", "at -= 0"),
    "passed over too far": (skip, "length -= n", "length -= max(n - 1, 1)"),
    "properties twice": (properties, "(key in found and", "(False and"),
    "end of the properties unchecked": (properties, "if i != end or end > len(part):", "if i < end:"),
    "endless number": (properties, "for shift in (0, 7, 14, 21):", "for shift in range(0, 700, 7):"),
    "foreign properties": (v5, "decode(part, i, DELIVERY)", "decode(part, i, range(43))"),
    "alias above what was announced": (v5, "if alias > self._connect.get(_ALIASES, 0):", "if False:"),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, old, new = DEFECTS[name]
    variant = _changed(module, (old, new))
    monkeypatch.setitem(sys.modules, module.__name__, variant)
    if module is parser:
        monkeypatch.setattr(fuzz_feed, "parse", variant.parse)
    elif module is v5:
        monkeypatch.setattr(fuzz_feed, "V5", variant.V5)
    elif module is properties:
        monkeypatch.setattr(v5, "decode", variant.decode)
    for number in range(5000):
        case = Case(_SEED, number)
        stream, expected = case.stream, case.events
        try:
            fuzz_feed.judge(case)
        except fuzz_feed.Found as found:
            case.events = expected
            text = fuzz_worker.report(case, found, stream)
            assert f"--seed {_SEED} --case {number}" in text
            minimal = bytes.fromhex(text.split()[-1])
            assert 0 < len(minimal) <= len(stream)
            return
    raise AssertionError("not found")


def test_what_fails_is_made_small() -> None:
    # A PUBACK of one byte is all it takes to miss the second.
    variant = _changed(parser, ("except (IndexError, ValueError)", "except ValueError"))
    case = next(c for c in (Case(_SEED, n) for n in range(5000)) if not c.five and _crashes(c, variant))
    stream, found = case.stream, fuzz_feed.Found("it raises IndexError")
    assert len(fuzz_worker.shorter(case, found, decoder3=lambda limit: (variant.parse(limit), None))) <= 3 < len(stream)


def _crashes(case: Case, variant: types.ModuleType) -> bool:
    try:
        fuzz_feed.judge(case, decoder3=lambda limit: (variant.parse(limit), None))
    except fuzz_feed.Found as found:
        return "IndexError" in str(found) and len(case.stream) > 3
    return False


def test_a_hang_is_found(tmp_path: Path, micropython: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fuzz_worker.py").write_text(
        "import sys\n"
        "first, count = int(sys.argv[2]), int(sys.argv[3])\n"
        "for n in range(first, first + count):\n"
        "    if n % 100 == 0: print('at', n)\n"
        "    while n == 203: pass\n"
        "print('{}')\n"
    )
    monkeypatch.setattr(fuzz, "_HERE", tmp_path)
    monkeypatch.setattr(fuzz, "_CASE_S", 0.5)
    ended, output = fuzz.run_block(micropython, 7, 0, 1000, 0.5)
    assert not ended
    assert fuzz.hanging(micropython, 7, output) == "FAILED --seed 7 --case 203: it hangs"
