"""One Home Assistant and one broker for all checks, which go on from each other in their order; nodes beside them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from garden import Garden, Words
from hass import HomeAssistant, program

from brokers import Mosquitto
from programs import find_program

EXPIRE_S = 8


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """A mosquitto."""
    found = find_program("mosquitto")
    if found is None:
        pytest.skip("mosquitto is not installed")
    made = Mosquitto(found, tmp_path_factory.mktemp("mosquitto"), (), anonymous=True).start()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, broker: Mosquitto) -> Iterator[HomeAssistant]:
    """Home Assistant, connected to the broker."""
    found = program()
    if found is None:
        pytest.skip("run tests/homeassistant/run_ha.py")
    made = HomeAssistant(tmp_path_factory.mktemp("home") / "config", found, broker.port)
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.fixture(scope="session")
def garden(tmp_path_factory: pytest.TempPathFactory, broker: Mosquitto, micropython: str) -> Iterator[Garden]:
    """A node on the virtual board, deployed."""
    made = Garden(tmp_path_factory.mktemp("garden"), broker, micropython)
    made.deploy()
    yield made
    made.close()


@pytest.fixture(scope="session")
def words(tmp_path_factory: pytest.TempPathFactory, broker: Mosquitto) -> Iterator[Words]:
    """A node that is only words, and expires soon."""
    made = Words(tmp_path_factory.mktemp("words"), broker, EXPIRE_S)
    yield made
    made.close()
