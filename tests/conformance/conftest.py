"""One suite for every broker: mosquitto and amqtt, or those that $BROKERS names (see `make test-brokers`)."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import count
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "mqtt"))  # the programs' and the burst's kit

from abilities import BROKERS, SLEEP_S, name_of

from brokers_served import Served, Unavailable

_CHOSEN = os.environ.get("BROKERS", "mosquitto amqtt").split()
_numbers = count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test of what its broker lacks must fail, and by an assertion: else the table is out of date."""
    for item in items:
        marker = item.get_closest_marker("ability")
        callspec = getattr(item, "callspec", None)
        if marker and callspec and "broker" in callspec.params:
            kind = BROKERS[callspec.params["broker"]]
            (ability,) = marker.args
            if ability in kind.lacks:
                item.add_marker(pytest.mark.xfail(reason=kind.lacks[ability], strict=True, raises=AssertionError))
            if ability in kind.untried:
                item.add_marker(pytest.mark.skip(reason=kind.untried[ability]))


@pytest.fixture(scope="session", params=_CHOSEN)
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running broker: anonymous clients are let in, USER only with PASSWORD. All tests share it."""
    folder = tmp_path_factory.mktemp(request.param)
    try:
        served: Served = getattr(import_module(f"brokers_{request.param}"), request.param.capitalize())(folder)
    except Unavailable as lacking:
        pytest.skip(str(lacking))
    served.start()
    yield served
    served.stop()


@pytest.fixture
def base() -> str:
    """A topic that no other test uses, and a client identifier."""
    return f"b{os.getpid()}n{next(_numbers)}"


@pytest.fixture
def asleep(broker: Served) -> Callable[[], None]:
    """Sleeps between two wakes for as long as the broker needs to show that it forgets."""
    return lambda: time.sleep(SLEEP_S.get(name_of(broker), 0))
