"""Which branches of some code were taken: both ways of every conditional jump of the bytecode, `and` and `or` included."""

from __future__ import annotations

import dis
import itertools
import sys
from collections.abc import Callable, Iterator
from types import CodeType, FrameType
from typing import Any


def codes_within(code: CodeType) -> Iterator[CodeType]:
    """A code object and those of the functions in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes_within(constant)


class Branches:
    """Measures functions while `with` lasts. taken, all: {(code, offset of the jump, whether it jumped)}."""

    def __init__(self, *functions: Callable[..., Any]) -> None:
        self.all: set[tuple[CodeType, int, bool]] = set()
        self.taken: set[tuple[CodeType, int, bool]] = set()
        self._jumps: dict[CodeType, dict[int, int]] = {}
        self._last: dict[FrameType, int] = {}
        self._places: dict[tuple[CodeType, int], int] = {}
        for function in functions:
            for code in codes_within(function.__code__):
                self._jumps[code] = self._conditional(code)
                self.all |= {(code, at, jumped) for at in self._jumps[code] for jumped in (True, False)}

    def __enter__(self) -> Branches:
        self._before = sys.gettrace()
        sys.settrace(self._call)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)
        self._last.clear()

    def _call(self, frame: FrameType, event: str, arg: object) -> Any:
        if frame.f_code not in self._jumps:
            return None
        frame.f_trace_lines = False
        frame.f_trace_opcodes = True
        return self._step

    def _step(self, frame: FrameType, event: str, arg: object) -> Any:
        last = self._last.pop(frame, None)
        if event == "opcode":
            code = frame.f_code
            at = self._places.get((code, frame.f_lasti), frame.f_lasti)
            jumps = self._jumps[code]
            if last is not None and last != at:
                self.taken.add((code, last, at != jumps[last]))
            if at in jumps:
                self._last[frame] = at
        return self._step

    @property
    def share(self) -> float:
        """Of all ways, those taken."""
        return len(self.taken) / len(self.all)

    def missed(self) -> list[str]:
        """The others: file, line, function and which way."""
        lines = []
        for code, at, jumped in self.all - self.taken:
            starts = [(start, line) for start, line in dis.findlinestarts(code) if start <= at and line]
            line = max(starts)[1] if starts else code.co_firstlineno
            lines.append(f"{code.co_filename}:{line} in {code.co_name}: never {'jumps' if jumped else 'goes on'}")
        return sorted(lines)

    def _conditional(self, code: CodeType) -> dict[int, int]:
        # {offset of a conditional jump: offset of the instruction behind it}
        found = {}
        prefixes = []
        instructions = list(dis.get_instructions(code))
        for here, behind in itertools.pairwise(instructions):
            if here.opname == "EXTENDED_ARG":  # it and its jump count as one: versions differ in which of them is traced
                prefixes.append(here.offset)
                continue
            if ("JUMP" in here.opname and "_IF_" in here.opname) or here.opname == "FOR_ITER":
                found[here.offset] = behind.offset
                self._places.update({(code, prefix): here.offset for prefix in prefixes})
            prefixes = []
        return found
