"""Cases that fail as yet, by class, each with its cause and with cases that surely fail. When those pass the campaign is red:
the class is to go.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from campaign_run import Case


@dataclass(frozen=True)
class Known:
    """why: the cause. may: whether a case is of the class. does: whether one surely fails."""

    why: str
    may: Callable[[Case], bool]
    does: Callable[[Case], bool]


def _torn_cold(case: Case) -> bool:
    return case.fault.kind == "torn" and case.board == "esp8266" and case.point.scenario == "cold"


KNOWN = [
    Known(
        "with room for one state only, a boot after a torn one numbers its first reading as the one that waits: it goes later",
        _torn_cold,
        lambda case: _torn_cold(case) and case.point.call.phase == "clock",
    ),
]


def reason(case: Case) -> str:
    """Why a case may fail, "" when it may not."""
    return next((k.why for k in KNOWN if k.may(case)), "")


def must_fail(case: Case) -> bool:
    """Whether a case is known to fail for sure."""
    return any(k.does(case) for k in KNOWN)


def examples(cases: list[Case]) -> list[Case]:
    """For each class the first case that surely fails."""
    return [case for k in KNOWN if (case := next((c for c in cases if k.does(c)), None))]
