"""UPLOAD_IF: what is news, compared with what the broker has."""

from node import changes


class State:
    def __init__(self):
        self.news = bytearray(b"\0" * 16 + b"pin bytes")


class Memory:
    def __init__(self):
        self.state = State()
        self.news = None


def due(memory, conditions, values, delivered=True):
    """One reading; delivered: whether its upload came through."""
    found = changes.due(memory, conditions, values)
    assert bytes(memory.state.news[16:]) == b"pin bytes" and len(memory.news) == 16
    if delivered:
        memory.state.news[:16] = memory.news
    return found


def run(rule, *values):
    """Which of these readings are news, in hundredths; None: the sensor failed. What is news is delivered, nothing else."""
    memory = Memory()
    found = []
    for value in values:
        measured = {} if value is None else {"air.temperature_c": (value, 2)}
        found.append(changes.due(memory, {"air.temperature_c": rule}, measured))
        if found[-1]:
            memory.state.news[:16] = memory.news
    return found


def test_a_change_counts_from_the_last_value_delivered_not_from_the_last_one_measured():
    assert run({"change": 1.0}, 2000, 2099, 2100, 2150, 2199, 2200) == [True, False, True, False, False, True]
    # Creeping is news once it has crept far enough, in either direction and through zero.
    assert run({"change": 0.5}, 20, 0, -20, -29, -30, -31) == [True, False, False, False, True, False]


def test_the_smallest_change_is_the_fields_last_decimal():
    assert run({"change": 0.001}, 2000, 2000, 2001) == [True, False, True]
    assert run({"change": 1e-9}, -5, -5, -6) == [True, False, True]


def test_a_limit_is_news_when_it_is_crossed_and_again_on_the_way_back():
    assert run({"below": 2.0}, 300, 200, 199, 150, 199, 200, 250) == [True, False, True, False, False, True, False]
    assert run({"above": 30}, 2000, 3000, 3001, 9999, 3000) == [True, False, True, False, True]
    assert run({"above": -1.5}, -200, -150, -149) == [True, False, True]
    both = {"below": 2.0, "above": 30}
    assert run(both, 1000, 100, 3500, 3600, 1000) == [True, True, True, False, True]


def test_a_sensor_that_fails_is_no_news_and_does_not_forget():
    assert run({"change": 1.0}, None, 2000, None, 2050, None, 2100) == [False, True, False, False, False, True]


def test_a_failed_upload_is_tried_again():
    memory = Memory()
    rule = {"air.temperature_c": {"below": 0}}
    assert due(memory, rule, {"air.temperature_c": (500, 2)})
    assert not due(memory, rule, {"air.temperature_c": (400, 2)}, False)
    assert due(memory, rule, {"air.temperature_c": (-100, 2)}, False)
    assert due(memory, rule, {"air.temperature_c": (-110, 2)})
    assert not due(memory, rule, {"air.temperature_c": (-120, 2)})


def test_four_fields_have_a_value_each_whatever_their_order():
    rule = {"change": 1}
    names = ("a.x", "b.y", "c.z", "d.w")
    memory = Memory()
    assert due(memory, dict.fromkeys(names, rule), {name: (i, 0) for i, name in enumerate(names)})
    again = dict.fromkeys(reversed(names), rule)
    assert not due(memory, again, {name: (i, 0) for i, name in enumerate(names)}, False)
    for moved in names:
        values = {name: (i + (name == moved), 0) for i, name in enumerate(names)}
        assert due(memory, again, values, False), moved


def test_values_at_their_ends():
    memory = Memory()
    rule = {"p.pressure_pa": {"change": 1}}
    for value in (0, 101325, -0x1FFFFFFF, 0x1FFFFFFF):
        assert due(memory, rule, {"p.pressure_pa": (value, 0)})
        assert not due(memory, rule, {"p.pressure_pa": (value, 0)})
    # Beyond what is kept it is cut, not wrong.
    assert not due(memory, rule, {"p.pressure_pa": (1 << 40, 0)})
