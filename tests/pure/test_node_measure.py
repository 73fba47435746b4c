"""The sensors' part of a wake: numbers as text without floats, order, waits, what fails, what is left out."""

import sys
import time

import power


class _Awake:
    """Stands in for power.awake. end: ticks, None for no budget."""

    MS_PER_S = 1000
    end = None

    def left_ms(self):
        return max(0, time.ticks_diff(self.end, time.ticks_ms())) if self.end is not None else 0


awake = _Awake()
_kept = sys.modules.get("power.awake"), getattr(power, "awake", None)
sys.modules["power.awake"] = power.awake = awake

from node import drop, measure  # noqa: E402

drop("node.measure", "power.awake")


class _Gc:
    """Stands in for gc, which on CPython knows nothing of free memory: there is enough, so that no driver is forgotten."""

    def mem_free(self):
        return 1000000


measure.gc = _Gc()
if _kept[0]:
    sys.modules["power.awake"], power.awake = _kept


class _Part:
    """A driver as sensors/__init__.py describes one. said: what read() gives, one after another; the last one stays."""

    FIELDS = (("a_c", 2), ("b_pct", 0))
    OPTIONS = ("mode",)

    def __init__(self, *said, ms=0, log=None):
        self.said = list(said)
        self.ms = ms
        self.log = [] if log is None else log

    def start(self, board, options):
        self.log.append("start")
        return self.ms, "handle"

    def read(self, handle):
        assert handle == "handle"
        self.log.append("read")
        found = self.said.pop(0) if len(self.said) > 1 else self.said[0]
        if isinstance(found, Exception):
            raise found
        return found

    def off(self, board, handle):
        self.log.append("off")


def _attempt(call, *args):
    try:
        return call(*args), None
    except Exception as error:
        return None, error


def _run(parts, sensors=None, count=0, wanted=(), lead_ms=None):
    """Measure with these drivers: {name: _Part}. sensors: more options by name."""
    import sensors as package

    made = {}
    for name in parts:
        made[name] = {"driver": "fake_" + name}
        made[name].update((sensors or {}).get(name, {}))
        sys.modules["sensors.fake_" + name] = parts[name]
        setattr(package, "fake_" + name, parts[name])
    try:
        jobs = measure.start(None, made, _attempt, count)
        if lead_ms is not None:
            measure.go_on(jobs, _attempt, lead_ms)
        return measure.finish(jobs, _attempt, wanted)
    finally:
        for name in parts:
            del sys.modules["sensors.fake_" + name]


def test_decimal():
    assert measure.decimal(2142, 2) == "21.42"
    assert measure.decimal(-2050, 2) == "-20.50"
    assert measure.decimal(-5, 2) == "-0.05"
    assert measure.decimal(7, 0) == "7"
    assert measure.decimal(0, 3) == "0.000"


def test_fields_of_all_sensors():
    body, errors, values = _run({"x": _Part((2142, 40)), "y": _Part((-5, 0), ms=2)}, wanted=("y.a_c", "x.b_pct", "z.a"))
    # MicroPython's dictionaries have no order.
    assert sorted(body.split("},")) in (
        ['"x":{"a_c":21.42,"b_pct":40', '"y":{"a_c":-0.05,"b_pct":0}'],
        ['"x":{"a_c":21.42,"b_pct":40}', '"y":{"a_c":-0.05,"b_pct":0'],
    )
    assert not errors
    assert values == {"y.a_c": (-5, 2), "x.b_pct": (40, 0)}


def test_begun_together_and_read_in_the_order_of_readiness():
    log = []

    class Named(_Part):
        def __init__(self, name, ms):
            _Part.__init__(self, (1, 2), ms=ms)
            self.name = name

        def start(self, board, options):
            log.append("start " + self.name)
            return self.ms, "handle"

        def read(self, handle):
            log.append("read " + self.name)
            return (1, 2)

    body, errors, _ = _run({"slow": Named("slow", 60), "quick": Named("quick", 10), "now": Named("now", 0)})
    assert not errors and body.count("a_c") == 3
    # Which is begun first is the dictionary's business; what is ready at once is read at once.
    assert log.index("read now") == log.index("start now") + 1
    assert log[-2:] == ["read quick", "read slow"]


def test_one_failure_costs_nobody_else():
    good = _Part((100, 1), ms=1)
    for bad in [_Part(OSError(5), ms=3)] + [_Part(said) for said in (OSError(19), MemoryError(), (1,), (1.5, 2), "ab", None)]:
        body, errors, _ = _run({"bad": bad, "good": good})
        assert body == '"good":{"a_c":1.00,"b_pct":1}'
        assert list(errors) == ["bad"]
        assert bad.log[-1] == "off"


def test_a_driver_that_cannot_start_is_not_switched_off():
    class Absent(_Part):
        def start(self, board, options):
            raise OSError(19)

    part = Absent((1, 2))
    assert list(_run({"x": part})[1]) == ["x"]
    assert part.log == []


def test_what_off_raises_costs_nothing():
    class Sticky(_Part):
        def off(self, board, handle):
            raise OSError(5)

    assert _run({"x": Sticky((1, 2))})[:2] == ('"x":{"a_c":0.01,"b_pct":2}', {})


def test_none_is_no_error():
    assert _run({"x": _Part((None, 2))})[:2] == ('"x":{"b_pct":2}', {})
    # Nothing of it at all: no empty object.
    assert _run({"x": _Part((None, None)), "y": _Part((1, 2))})[:2] == ('"y":{"a_c":0.01,"b_pct":2}', {})


def test_an_int_is_asked_again():
    part = _Part(5, 0, (1, 2))
    started = time.ticks_ms()
    assert _run({"x": part})[:2] == ('"x":{"a_c":0.01,"b_pct":2}', {})
    assert part.log == ["start", "read", "read", "read", "off"]
    assert time.ticks_diff(time.ticks_ms(), started) >= 5


def test_for_ever_not_ready_is_given_up():
    part = _Part(1)
    body, errors, _ = _run({"x": part, "y": _Part((1, 2))})
    assert body == '"y":{"a_c":0.01,"b_pct":2}'
    assert "never ready" in str(errors["x"])
    assert part.log.count("read") == 20 and part.log[-1] == "off"


def test_too_slow_is_given_up_at_once_and_says_so():
    part = _Part((1, 2), ms=60000)
    started = time.ticks_ms()
    body, errors, _ = _run({"x": part, "y": _Part((1, 2), ms=5)})
    assert time.ticks_diff(time.ticks_ms(), started) < 5000
    assert body == '"y":{"a_c":0.01,"b_pct":2}'
    assert "too slow: 60000 ms, " in str(errors["x"])
    assert part.log == ["start", "off"]


def test_total_time_is_bounded_too():
    awake.end = time.ticks_add(time.ticks_ms(), 600)
    try:
        part = _Part(90)  # each wait is short enough, all of them are not
        body, errors, _ = _run({"x": part, "y": _Part((1, 2), ms=150)})
    finally:
        awake.end = None
    # A third of the little that is left: 200 ms.
    assert "too slow" in str(errors["x"]) and part.log.count("read") <= 3
    assert body == '"y":{"a_c":0.01,"b_pct":2}'


def test_every_counts_wakes_and_the_first_measures_all():
    parts = {"x": _Part((1, 2)), "y": _Part((1, 2))}
    seen = ["".join(name for name in "xy" if '"' + name in _run(parts, {"y": {"every": 3}}, count)[0]) for count in range(7)]
    assert seen == ["xy", "x", "x", "xy", "x", "x", "xy"]


def test_lead_waits_for_the_slow_one_only():
    assert _run({"x": _Part((1, 2), ms=80)}, lead_ms=2000)[1] == {}
    part = _Part((1, 2), ms=80)
    sys.modules["sensors.fake_x"] = part
    import sensors as package

    package.fake_x = part
    for lead_ms, least, most in ((2000, 0, 30), (30, 50, 79)):
        jobs = measure.start(None, {"x": {"driver": "fake_x"}}, _attempt)
        started = time.ticks_ms()
        measure.go_on(jobs, _attempt, lead_ms)
        waited = time.ticks_diff(time.ticks_ms(), started)
        assert least <= waited, (lead_ms, waited)
        assert jobs[0][1], "it was read already"
        measure.finish(jobs, _attempt)
        assert most  # the machine may be slow: no upper bound but the part's own time
    del sys.modules["sensors.fake_x"]


def test_unknown_options_are_named():
    _, errors, _ = _run({"x": _Part((1, 2))}, {"x": {"ofset": {}}})
    assert "no option ofset" in str(errors["x"])
    assert _run({"x": _Part((1, 2))}, {"x": {"mode": 1, "every": 1, "settle_ms": 1}})[1] == {}


class _Ranged(_Part):
    RANGE = (-4000, 12500, 0, 100)


def test_what_the_part_cannot_measure_is_left_out_and_counted():
    body, errors, _ = _run({"x": _Ranged((12501, 50))})
    assert body == '"x":{"b_pct":50}' and str(errors["x"]) == "a_c 125.01 is out of range"
    body, errors, _ = _run({"x": _Ranged((-4001, 101)), "y": _Ranged((-4000, 100))})
    assert body == '"y":{"a_c":-40.00,"b_pct":100}' and list(errors) == ["x"]


def test_range_of_config_takes_the_place_of_the_parts():
    own = {"x": {"range": {"a_c": (-10, 200.5)}}}
    assert _run({"x": _Ranged((20050, 50))}, own)[:2] == ('"x":{"a_c":200.50,"b_pct":50}', {})
    for value in (-1001, 20051):
        body, errors, _ = _run({"x": _Ranged((value, 50))}, own)
        assert body == '"x":{"b_pct":50}' and list(errors) == ["x"]
    # The other field keeps the part's; and what is published is compared, not what was read.
    assert list(_run({"x": _Ranged((0, 101))}, own)[1]) == ["x"]
    own["x"]["offset"] = {"a_c": -20}
    assert list(_run({"x": _Ranged((900, 50))}, own)[1]) == ["x"]


def test_offset_scale_and_points():
    def one(value, **options):
        return _run({"x": _Part((value, 50))}, {"x": options})[0]

    assert one(2142, offset={"a_c": -0.4}) == '"x":{"a_c":21.02,"b_pct":50}'
    assert one(2000, scale={"a_c": 1.05}, offset={"a_c": 1}) == '"x":{"a_c":22.00,"b_pct":50}'
    assert one(-333, scale={"a_c": 0.5, "b_pct": 2}) == '"x":{"a_c":-1.66,"b_pct":100}'
    # Ice water and steam: shown 0.6 and 98.2 are 0 and 99.8 in truth (a boiling point at 1006 hPa).
    line = {"a_c": ((0.6, 0), (98.2, 99.8))}
    assert one(60, points=line) == '"x":{"a_c":0.00,"b_pct":50}'
    assert one(9820, points=line) == '"x":{"a_c":99.80,"b_pct":50}'
    assert one(2000, points=line) == '"x":{"a_c":19.84,"b_pct":50}'  # 19.4 * 99.8 / 97.6 = 19.837
    assert one(-1000, points=line) == '"x":{"a_c":-10.84,"b_pct":50}'
    # A line that falls, such as dry and wet of a soil probe.
    assert one(0, points={"b_pct": ((80, 0), (40, 100))}) == '"x":{"a_c":0.00,"b_pct":75}'


def test_samples_are_conversions_of_their_own_and_the_median_counts():
    part = _Part((100, 9), (5000, 1), (102, 2), (101, 3), (99, None))
    assert _run({"x": part}, {"x": {"samples": 5}})[:2] == ('"x":{"a_c":1.01,"b_pct":2}', {})
    assert part.log == ["start", "read"] * 5 + ["off"]
    assert _run({"x": _Part((1, 10), (4, 11))}, {"x": {"samples": 2}})[0] == '"x":{"a_c":0.02,"b_pct":10}'
    # One that fails is no measurement: the sensor has failed.
    part = _Part((1, 1), OSError(5), (1, 1))
    assert list(_run({"x": part}, {"x": {"samples": 3}})[1]) == ["x"] and part.log[-1] == "off"
