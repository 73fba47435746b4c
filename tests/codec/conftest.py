"""The client's source for CPython, the kit of its own tests, and hypothesis without chance: the same examples in every run."""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import HealthCheck, configuration, settings

sys.path.append(str(Path(__file__).resolve().parents[1] / "mqtt"))  # the programs' kit
if (_SRC := str(Path(__file__).resolve().parents[2] / "src")) not in sys.path:
    sys.path.insert(0, _SRC)

configuration.set_hypothesis_home_dir(Path(__file__).resolve().parents[2] / "build" / "hypothesis")
settings.register_profile("repeatable", derandomize=True, database=None, deadline=None, max_examples=100,
                          suppress_health_check=[HealthCheck.too_slow])  # fmt: skip
settings.load_profile("repeatable")
