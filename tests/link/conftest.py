"""Links and brokers for the tests, one for each file of them; without root they are skipped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dormouse.errors import DormouseError
from dormouse.rtt.far_broker import FarBroker
from dormouse.rtt.link import Link
from programs import find_program

# A send buffer and a window of two segments, as on a microcontroller: lwIP's are four (TCP_SND_BUF) on the ESP32.
NARROW_NODE, NARROW_FAR = {"ipv4/tcp_wmem": "4096 4096 4096"}, {"ipv4/tcp_rmem": "4096 8192 8192"}


@pytest.fixture(scope="module")
def link() -> Iterator[Link]:
    """A link whose round-trip time the test sets."""
    yield from _link({}, {})


@pytest.fixture(scope="module")
def narrow() -> Iterator[Link]:
    """A link that takes two segments at a time."""
    yield from _link(NARROW_NODE, NARROW_FAR)


@pytest.fixture(scope="module")
def quick(link: Link) -> Iterator[FarBroker]:
    """mosquitto with set_tcp_nodelay true at the far end."""
    yield from _broker(link, True, 1883)


@pytest.fixture(scope="module")
def default(link: Link) -> Iterator[FarBroker]:
    """mosquitto as it comes, Nagle's algorithm on, at the far end."""
    yield from _broker(link, False, 1884)


@pytest.fixture(scope="module")
def narrow_quick(narrow: Link) -> Iterator[FarBroker]:
    """mosquitto with set_tcp_nodelay true at the far end of the narrow link."""
    yield from _broker(narrow, True, 1883)


def _link(node: dict[str, str], far: dict[str, str]) -> Iterator[Link]:
    try:
        made = Link(node=node, far=far)
    except DormouseError as error:
        pytest.skip(str(error))
    with made:
        yield made


def _broker(link: Link, nodelay: bool, port: int) -> Iterator[FarBroker]:
    if find_program("mosquitto") is None:
        pytest.skip("mosquitto is not installed")
    with FarBroker(link, nodelay, port) as broker:
        yield broker
