"""A node in the real Home Assistant: what its user sees, from the first wake to a restart of Home Assistant. In this order."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import EXPIRE_S
from garden import INTERVAL_S, ROOT, SENSORS, Garden, Words, settings_of
from hass import HomeAssistant, program

from brokers import Mosquitto
from dormouse.homeassistant import discovery, units
from dormouse.homeassistant.entities import entities
from dormouse.subscriber import Subscriber

# entity: unit, device class, state class
EXPECTED = {
    "sensor.garden_air_temperature": ("°C", "temperature", "measurement"),
    "sensor.garden_air_humidity": ("%", "humidity", "measurement"),
    "sensor.garden_sky_illuminance": ("lx", "illuminance", "measurement"),
    "sensor.garden_light": ("mV", "voltage", "measurement"),
    "sensor.garden_battery": ("%", "battery", "measurement"),
    "sensor.garden_battery_voltage": ("V", "voltage", "measurement"),
    "sensor.garden_last_seen": (None, "timestamp", None),
    "sensor.garden_next_upload": (None, "timestamp", None),
    "sensor.garden_signal": ("dBm", "signal_strength", "measurement"),
    "sensor.garden_awake": ("ms", "duration", "measurement"),
    "sensor.garden_dropped_readings": (None, None, "total_increasing"),
    "sensor.garden_firmware": (None, None, None),
    "number.garden_interval": ("s", "duration", None),
}
READ = [entity for entity in EXPECTED if re.search("air|light|battery", entity)]  # of every reading
KEPT = ["sensor.garden_last_seen", "sensor.garden_next_upload", "number.garden_interval", "sensor.garden_firmware"]


def has(home: HomeAssistant, entity: str, value: object) -> bool:
    """Whether an entity's state is this number, or this word."""
    state = home.state(entity)
    if isinstance(value, str) or state in (None, "unknown", "unavailable"):
        return state == value
    return float(state or "nan") == float(value)  # type: ignore[arg-type]


def shows(home: HomeAssistant, reading: dict[str, Any]) -> bool:
    """Whether the states are those of a reading."""
    return (
        has(home, "sensor.garden_air_temperature", reading.get("air", {}).get("temperature_c", "unknown"))
        and has(home, "sensor.garden_air_humidity", reading.get("air", {}).get("humidity_pct", "unknown"))
        and has(home, "sensor.garden_light", reading["light"]["light_mv"])
        and has(home, "sensor.garden_battery", reading["battery"]["percent"])
        and has(home, "sensor.garden_battery_voltage", reading["battery"]["voltage_v"])
    )


def follows(home: HomeAssistant, garden: Garden) -> dict[str, Any]:
    """Upload, and wait until the states are those of the reading; the reading."""
    reading = garden.upload()
    home.until(lambda: shows(home, reading))
    return reading


def always(home: HomeAssistant, entity: str, state: str, seconds: float) -> bool:
    """Whether a state stays so for some time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if home.state(entity) != state:
            return False
        time.sleep(0.1)
    return True


def moment(home: HomeAssistant, entity: str) -> float:
    """A timestamp's state, in seconds since 1970."""
    return float(home.template(f"{{{{as_timestamp(states('{entity}'))}}}}"))


def retained(broker: Mosquitto) -> dict[str, str]:
    """What the broker keeps, by topic."""
    with Subscriber(broker.host, broker.port, "#") as client:
        client.settle(0.5, 10)
        return {message.topic: message.text for message in client.take() if message.retain}


def expires_s(broker: Mosquitto) -> int:
    """What Home Assistant is told of the garden's readings."""
    return int(json.loads(retained(broker)["homeassistant/sensor/dormouse-garden/air-temperature_c/config"])["exp_aft"])


def test_every_word_and_unit_is_one_of_home_assistant_s(tmp_path: Path) -> None:
    """Of the whole table, for drivers of the user's own too."""
    hass = program()
    if hass is None:
        pytest.skip("run tests/homeassistant/run_ha.py")
    everything = {**SENSORS, "power": {"driver": "ina219"}, "roof": {"driver": "bme280"}, "co2": {"driver": "scd41"}}
    read = settings_of(tmp_path, NAME="n", AREA="a", SENSORS=everything, WAKE_PIN={"pin": 5})
    fields = [*units._FIELDS, *("x_" + suffix for suffix in units._SUFFIXES)]
    meanings = [(units.of_field(field, 2), "sensor") for field in fields]
    meanings += [(entity.meaning, entity.component) for entity in entities(ROOT, read.values)]
    asked = {
        "meanings": [[m.unit, m.device_class, m.state_class, component] for m, component in meanings],
        "messages": [
            [line.split("/")[1], json.loads(line.partition("\t")[2].replace("@E@", "60"))]
            for line in discovery.text(ROOT, read).decode().splitlines()[1:]
        ],
    }
    assert {message[0] for message in asked["messages"]} == {"sensor", "binary_sensor", "number"}
    command = [str(Path(hass).with_name("python")), str(Path(__file__).with_name("facts.py"))]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stdout + done.stderr


def test_the_first_upload_brings_the_device_and_its_entities(home: HomeAssistant, garden: Garden) -> None:
    garden.upload()
    home.until(lambda: set(home.states()) >= set(EXPECTED))
    states = home.states()
    own = {entity for entity in states if "garden" in entity}
    assert own == set(EXPECTED)
    for entity, (unit, device_class, state_class) in EXPECTED.items():
        known = states[entity]["attributes"]
        found = tuple(known.get(word) for word in ("unit_of_measurement", "device_class", "state_class"))
        assert found == (unit, device_class, state_class), entity
        assert home.template(f"{{{{area_name('{entity}')}}}}") == "Back garden"
    assert states["sensor.garden_air_temperature"]["attributes"]["friendly_name"] == "garden Air temperature"
    device = "device_id('number.garden_interval')"
    about = [
        home.template(f"{{{{device_attr({device}, '{word}')}}}}") for word in ("name", "manufacturer", "model", "sw_version")
    ]
    assert about == ["garden", "Dormouse", "Unexpected Maker Feather S2", garden.said("report")["firmware"]]
    assert set(home.template(f"{{{{device_entities({device})|join(' ')}}}}").split()) == own


def test_states_are_those_of_the_readings(home: HomeAssistant, garden: Garden) -> None:
    for _ in range(2):
        follows(home, garden)
    status = garden.said("status")
    home.until(lambda: moment(home, "sensor.garden_last_seen") == status["time"])
    assert moment(home, "sensor.garden_next_upload") == status["wake_at"]
    assert has(home, "number.garden_interval", INTERVAL_S)
    assert home.state("sensor.garden_firmware") == "0.1.0"
    assert has(home, "sensor.garden_dropped_readings", 0)


def test_only_what_stays_true_is_retained(broker: Mosquitto, garden: Garden) -> None:
    kept = retained(broker)
    assert len([topic for topic in kept if topic.endswith("/config")]) >= len(EXPECTED)
    assert {topic for topic in kept if topic.startswith("dormouse/garden/")} == {
        "dormouse/garden/status", "dormouse/garden/report",
    }  # fmt: skip
    assert 2 * INTERVAL_S < expires_s(broker) < 8 * INTERVAL_S  # longer than an upload that fails once


def test_a_failed_sensor_is_unknown_and_nothing_complains(home: HomeAssistant, garden: Garden) -> None:
    garden.board.scene.fail("sht4x", "nack")
    assert "air" not in follows(home, garden)
    garden.board.scene.fail("sht4x", None)
    assert "air" in follows(home, garden)


def test_what_is_measured_seldom_keeps_its_state(home: HomeAssistant, garden: Garden) -> None:
    seen: list[float] = []
    for _ in range(4):
        seen += follows(home, garden).get("sky", {}).values()
        assert not seen or has(home, "sensor.garden_sky_illuminance", seen[-1])
    assert 1 <= len(seen) <= 2
    garden.board.scene.fail("bh1750", "nack")
    for _ in range(3):
        assert "sky" not in garden.upload()
    home.until(lambda: has(home, "sensor.garden_sky_illuminance", "unknown"))
    garden.board.scene.fail("bh1750", None)


def test_the_number_sets_the_interval_of_a_sleeper(home: HomeAssistant, garden: Garden, broker: Mosquitto) -> None:
    home.call("number.set_value", entity_id="number.garden_interval", value=300)
    # Nothing has changed yet: it sleeps.
    assert has(home, "number.garden_interval", INTERVAL_S)
    garden.upload()
    assert garden.said("result")["ok"] is True
    home.until(lambda: has(home, "number.garden_interval", 300))
    follows(home, garden)
    assert 2 * 300 < expires_s(broker) < 8 * 300


def test_a_lost_node_s_readings_are_unavailable(home: HomeAssistant, garden: Garden) -> None:
    """The will, as the broker publishes it; a test of the wakes kills a node for it."""
    before = {entity: home.state(entity) for entity in KEPT}
    garden.publish("status", {"state": "lost", "time": garden.said("status")["time"]}, retain=True)
    home.until(lambda: all(home.state(entity) == "unavailable" for entity in READ))
    assert home.state("sensor.garden_next_upload") == "unavailable"  # nobody knows
    assert home.state("sensor.garden_last_seen") == before["sensor.garden_last_seen"]
    assert home.state("sensor.garden_firmware") == before["sensor.garden_firmware"]
    assert home.state("number.garden_interval") == "unknown"  # and can be set
    follows(home, garden)
    home.until(lambda: has(home, "number.garden_interval", 300))


def test_a_low_battery_stretches_the_interval_and_what_expires(home: HomeAssistant, garden: Garden, broker: Mosquitto) -> None:
    """And what is shown stays shown, though Home Assistant takes an entity of which it hears anew for expired."""
    garden.board.scene.set("battery_mv", 3550)
    follows(home, garden)
    home.until(lambda: has(home, "number.garden_interval", 4 * 300))
    assert 2 * 4 * 300 < expires_s(broker)
    garden.board.scene.set("battery_mv", None)
    follows(home, garden)
    home.until(lambda: has(home, "number.garden_interval", 300))


def test_of_several_readings_in_an_upload_the_newest_is_shown(home: HomeAssistant, garden: Garden, broker: Mosquitto) -> None:
    garden.deploy(UPLOAD_EVERY=3)
    garden.upload()
    newest = follows(home, garden)
    late = [message.json()["seq"] for message in garden.came if message.topic.endswith("/history")]
    assert late[-2:] == [newest["seq"] - 2, newest["seq"] - 1]
    assert expires_s(broker) > 3 * INTERVAL_S
    assert moment(home, "sensor.garden_next_upload") == garden.said("status")["upload_at"]


def test_readings_expire_but_not_between_two(home: HomeAssistant, words: Words) -> None:
    """On a short scale: Home Assistant's time is this machine's."""
    entity = "sensor.words_air_temperature"

    def heard() -> bool:
        words.read(air={"temperature_c": 7, "humidity_pct": 50})
        return has(home, entity, 7)

    home.until(heard)  # it may not have subscribed yet
    for _ in range(3):
        words.read(air={"temperature_c": 7, "humidity_pct": 50})
        assert always(home, entity, "7", EXPIRE_S / 2)
    home.until(lambda: home.state(entity) == "unavailable", 4 * EXPIRE_S)
    # The node is not lost, and what is retained says so; its clock is not set.
    assert has(home, "number.words_interval", 10)
    assert home.state("sensor.words_last_seen") == home.state("sensor.words_next_upload") == "unavailable"


def test_a_pin_is_a_binary_sensor(home: HomeAssistant, words: Words) -> None:
    for level, state in ((1, "on"), (0, "off")):
        words.read(pin={"count": 7 - level, "level": level})
        home.until(lambda: home.state("binary_sensor.words_pin") == state)  # noqa: B023
        home.until(lambda: has(home, "sensor.words_pin_count", 7 - level))  # noqa: B023
    words.read()
    home.until(lambda: home.state("binary_sensor.words_pin") == "unknown")
    home.until(lambda: home.state("binary_sensor.words_pin") == "unavailable", 4 * EXPIRE_S)


def test_a_sensor_that_is_gone_from_the_configuration_goes(home: HomeAssistant, garden: Garden, broker: Mosquitto) -> None:
    garden.deploy(SENSORS={"air": SENSORS["air"]})
    garden.upload()
    gone = {"sensor.garden_light", "sensor.garden_sky_illuminance"}
    home.until(lambda: not gone & set(home.states()))
    assert {entity for entity in home.states() if "garden" in entity} == set(EXPECTED) - gone
    assert not [topic for topic in retained(broker) if "light" in topic or "sky" in topic]


def test_a_restart_brings_back_what_is_true_and_nothing_that_has_expired(
    home: HomeAssistant, garden: Garden, words: Words
) -> None:
    expected = set(EXPECTED) - {"sensor.garden_light", "sensor.garden_sky_illuminance"}
    before = {entity: home.state(entity) for entity in expected}
    home.stop()
    home.start()
    home.until(lambda: expected <= set(home.states()))
    home.until(lambda: all(home.state(entity) == before[entity] for entity in expected))
    assert always(home, "sensor.words_air_temperature", "unavailable", EXPIRE_S / 2)
    words.read(air={"temperature_c": 7})
    home.until(lambda: has(home, "sensor.words_air_temperature", 7) and home.state("sensor.words_air_humidity") == "unknown")


def test_nothing_was_worth_a_warning(home: HomeAssistant) -> None:
    lines = [line for line in home.log().splitlines() if re.search(r" (WARNING|ERROR|CRITICAL) ", line)]
    own = ("[homeassistant.bootstrap] Support for the running Python version", "[aiohttp_fast_zlib]")  # of how it is installed
    assert [line for line in lines if not any(word in line for word in own)] == []
