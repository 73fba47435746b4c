"""Home Assistant's discovery file: what is in it, what a deploy makes of the one on the board.

The oracle of its words and templates is Home Assistant itself, in tests/homeassistant.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from dormouse import drivers, settings
from dormouse.errors import DormouseError
from dormouse.homeassistant import discovery, units
from dormouse.homeassistant.entities import entities

ROOT = Path(__file__).resolve().parents[2]


def read(**changes: Any) -> settings.Settings:
    found = settings.load(ROOT)
    found.values.update({"SERVICE": "homeassistant", "NAME": "kitchen", **changes})
    return found


def messages(text: bytes, expire_s: int = 1000) -> dict[str, dict[str, Any]]:
    """Topic to payload, as the node publishes them; an empty payload is {}."""
    lines = [line.split("\t") for line in text.decode().splitlines()[1:]]
    return {topic: json.loads(payload.replace("@E@", str(expire_s)) or "{}") for topic, payload in lines}


def names_of(text: bytes) -> set[str]:
    return {topic.split("/")[3] for topic in messages(text)}


def test_every_field_of_every_driver_has_its_unit() -> None:
    without = set()
    for driver in drivers.names(ROOT):
        for field, places in drivers.read(ROOT, driver).fields.items():
            meaning = units.of_field(field, places)
            assert meaning.state_class == "measurement" and meaning.precision is not None and meaning.precision <= places
            if meaning.unit is None:
                without.add(f"{driver}.{field}")
            else:
                assert meaning.device_class, field
    assert without == {"pulse.count"}  # a number of things


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("surface_c", ("surface", "°C", "temperature")),
        ("supply_v", ("supply", "V", "voltage")),
        ("tank_percent", ("tank", "%", None)),
        ("leaf_humidity_pct", ("leaf humidity", "%", "humidity")),
        ("differential_pa", ("differential", "Pa", "pressure")),
        ("inside_co2_ppm", ("inside CO2", "ppm", "carbon_dioxide")),
        ("sky_lx", ("sky", "lx", "illuminance")),
        ("soil_us_cm", ("soil", "µS/cm", None)),
        ("ph", ("pH", None, "ph")),
        ("c", ("c", None, None)),  # a unit needs something that it is the unit of
        ("vibration", ("vibration", None, None)),
    ],
)
def test_fields_of_drivers_of_the_users_own(field: str, expected: tuple[str | None, ...]) -> None:
    meaning = units.of_field(field, 2)
    assert (meaning.name, meaning.unit, meaning.device_class) == expected


def test_one_message_for_each_entity_and_only_the_first_knows_all_of_the_device() -> None:
    found = messages(discovery.text(ROOT, read(AREA="Garden")))
    payloads = list(found.values())
    assert len({payload["uniq_id"] for payload in payloads}) == len(payloads)
    assert payloads[0]["dev"] == {
        "ids": "dormouse-kitchen", "name": "kitchen", "mf": "Dormouse", "mdl": "Unexpected Maker Feather S2", "sw": "0.1.0",
        "sa": "Garden",
    }  # fmt: skip
    assert all(payload["dev"] == {"ids": "dormouse-kitchen", "name": "kitchen"} for payload in payloads[1:])
    temperature = found["homeassistant/sensor/dormouse-kitchen/air-temperature_c/config"]
    assert temperature["~"] + temperature["stat_t"][1:] == "dormouse/kitchen/readings"
    assert (temperature["name"], temperature["unit_of_meas"], temperature["exp_aft"]) == ("Air temperature", "°C", 1000)
    light = found["homeassistant/sensor/dormouse-kitchen/light-light_mv/config"]
    assert (light["name"], light["sug_dsp_prc"]) == ("Light", 0)


def test_the_interval_is_a_number_whose_command_the_node_obeys() -> None:
    """The range is the schema's; the command, with the value put in, is one that the node's commands take."""
    found = messages(discovery.text(ROOT, read(TOPIC="home/{name}")))
    number = found["homeassistant/number/dormouse-kitchen/wake_every_s/config"]
    row = next(row for row in settings.load_schema(ROOT).SETTINGS if row[0] == "WAKE_EVERY_S")
    assert (number["min"], number["max"], number["qos"], number["cmd_t"]) == (row[3], row[4], 1, "~/set")
    assert "ret" not in number and number["~"] == "home/kitchen"
    assert json.loads(number["cmd_tpl"].replace("{{value|int}}", "300")) == {"wake_every_s": 300}


def test_what_a_reading_brings_goes_with_it_and_what_is_retained_stays() -> None:
    pin = {"pin": 5, "edge": "both", "min_gap_s": 10}
    for entity in entities(ROOT, read(WAKE_PIN=pin).values):
        assert entity.expires == (entity.leaf == "readings"), entity
    for payload in messages(discovery.text(ROOT, read(WAKE_PIN=pin))).values():
        assert ("exp_aft" in payload) == (payload["stat_t"] == "~/readings")
        if "exp_aft" in payload:
            assert payload["avty_t"] == "~/status" and "value_json.state!='lost'" in payload["avty_tpl"]


def test_battery_and_pin_only_where_there_is_one() -> None:
    both = names_of(discovery.text(ROOT, read(WAKE_PIN={"pin": 5})))
    neither = names_of(discovery.text(ROOT, read(BATTERY=None)))
    assert both - neither == {"pin-level", "pin-count", "battery-percent", "battery-voltage_v"}


def test_templates_name_what_the_node_publishes() -> None:
    """docs/messages.md is the node's word: its tests compare it with real wakes."""
    said = (ROOT / "docs" / "messages.md").read_text("utf-8")
    for entity in entities(ROOT, read().values):
        if entity.leaf != "readings":
            for key in re.findall(r"get\('(\w+)'", entity.template):
                assert f"`{key}`" in said, key


def test_a_sensor_that_is_measured_seldom_keeps_its_state_in_between() -> None:
    """The wakes that measure it are those of node.measure: count % every == 0, and seq is count + 1."""
    sensors = {"bed": {"driver": "soil", "pin": 6, "dry_mv": 2400, "wet_mv": 1100, "every": 3}, "air": {"driver": "sht4x"}}
    found = {entity.key: entity.template for entity in entities(ROOT, read(SENSORS=sensors).values)}
    assert found["air-temperature_c"] == "{{value_json.get('air',{}).get('temperature_c')}}"
    condition = re.search(r"'' if (.*) else None\)", found["bed-moisture_pct"])
    assert condition
    for count in range(9):
        skipped = bool(eval(condition[1], {"value_json": type("Reading", (), {"seq": count + 1})}))
        assert skipped == bool(count % sensors["bed"]["every"])  # type: ignore[operator]


def test_no_message_is_longer_than_the_node_has_room_for() -> None:
    sensors = {"a" * 16: {"driver": "ads1115"}}
    text = discovery.text(ROOT, read(NAME="n" * 32, TOPIC="t" * 57 + "/{name}", SENSORS=sensors, AREA="\u00e4" * 16))
    assert max(map(len, text.splitlines())) <= 1024


def test_without_a_name_it_says_why() -> None:
    with pytest.raises(DormouseError, match=r"config\.py: NAME is None, and SERVICE = 'homeassistant' needs one: .*kitchen"):
        discovery.text(ROOT, read(NAME=None))


def test_no_word_of_the_user_is_taken_for_the_placeholder() -> None:
    text = discovery.text(ROOT, read(AREA='"exp_aft":"@E@"'))
    assert next(iter(messages(text).values()))["dev"]["sa"] == '"exp_aft":"@E@"'
    assert text.count(b"@E@") == sum("exp_aft" in payload for payload in messages(text).values())


def test_what_is_gone_from_the_configuration_goes_from_home_assistant_first() -> None:
    """An empty retained payload deletes the entity: docs, MQTT discovery."""
    before = discovery.text(ROOT, read())
    new = discovery.text(ROOT, read(SENSORS={"air": {"driver": "sht4x"}}))
    now = discovery.merged(new, before)
    (mark, gone, *rest), (other, *lines) = now.splitlines(), new.splitlines()
    assert gone == b"homeassistant/sensor/dormouse-kitchen/light-light_mv/config\t" and rest == lines
    assert mark != other and b"\t" not in mark  # by it the node sees that there is something to say (src/node/discovery.py)
    # It stays in the file, since nobody knows whether it was sent; and goes when the sensor is back.
    assert discovery.merged(new, now) == now
    assert discovery.merged(before, now) == before
    assert discovery.merged(new, None) == new


def test_lines_of_gone_entities_do_not_grow_for_ever() -> None:
    new = discovery.text(ROOT, read())
    former = b"".join(b"homeassistant/sensor/dormouse-kitchen/old-%d_c/config\t{}\n" % i for i in range(50))
    gone = [line for line in discovery.merged(new, former).splitlines() if line.endswith(b"\t")]
    assert len(gone) == 32 and b"old-49_c" in gone[-1]


def test_another_node_s_entities_are_left_alone() -> None:
    """The board was the kitchen's, and another one may be by now: this one would delete its entities at each power-up."""
    new = discovery.text(ROOT, read(NAME="shed"))
    former = discovery.text(ROOT, read())
    assert discovery.merged(new, former) == new
    assert discovery.names(former) == {"kitchen"}


def test_a_deploy_takes_the_board_s_file_into_account_and_says_what_it_leaves() -> None:
    former = discovery.text(ROOT, read())
    fewer = discovery.text(ROOT, read(BATTERY=None))
    files, notes = discovery.updated({"/main.py": b"", discovery.PATH: fewer}, former)
    assert files == {"/main.py": b"", discovery.PATH: discovery.merged(fewer, former)} and notes == []
    other = discovery.text(ROOT, read(NAME="shed"))
    for wanted in ({discovery.PATH: other}, {"/main.py": b""}):
        files, notes = discovery.updated(wanted, former)
        assert files == wanted
        assert len(notes) == 1 and "kitchen in Home Assistant" in notes[0] and "delete the device" in notes[0]
    assert discovery.updated({discovery.PATH: other}, None) == ({discovery.PATH: other}, [])


@pytest.mark.parametrize(
    "former",
    [
        b"", b"\xff\xfe\t\n", b"no tab here\n", b"dormouse/kitchen/status\t\n", b"homeassistant/sensor/x/config\t{}\n",
        b"\t{}\n", b"a/dormouse-kitchen/b/config\t\n", discovery.PATH.encode() * 2000,
    ],
)  # fmt: skip
def test_a_file_that_is_not_ours_removes_nothing(former: bytes) -> None:
    new = discovery.text(ROOT, read())
    assert discovery.merged(new, former) == new
