"""A measured current: files made here, sample by sample, whose charge is known."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dormouse.battery import measured, samples, wakes
from dormouse.battery.wakes import Kind, Phase
from dormouse.energy import Currents
from dormouse.errors import DormouseError, UsageError

_CURRENTS = Currents(deepsleep_ma=0.066, cpu_ma=22.2, radio_ma=73.0)
_HEAD = "Timestamp(ms),Current(uA),D0-D7"
Step = tuple[float, float]  # ms, uA

# A wake that uploads: boot and start with the CPU, a dip while it waits, then the radio.
_WAKE: list[Step] = [(350, 22000), (20, 3000), (500, 75000), (100, 60000)]
_WAKE_MC = 0.350 * 22 + 0.020 * 3 + 0.5 * 75 + 0.1 * 60
_SHORT: list[Step] = [(400, 21000)]


def _model() -> dict[str, Kind]:
    phases = (Phase("boot", 350), Phase("start", 20), Phase("link", 500), Phase("finish", 100))
    failed = (Phase("boot", 350), Phase("link", 5000))
    silent = (Phase("boot", 350), Phase("link", 500), Phase("mqtt", 8000))
    alone = (Phase("boot", 350), Phase("start", 20), Phase("measure", 30))
    named = {wakes.UPLOAD: phases, wakes.QUIET: alone, wakes.FAILED: failed, wakes.SILENT: silent}
    return {name: Kind(name, parts) for name, parts in named.items()}


def _samples(steps: list[Step], every_ms: float, noise: float) -> Iterator[tuple[float, float]]:
    rough = random.Random(7)
    at, number = 0.0, 0
    for length, ua in steps:
        at += length
        while number * every_ms < at:
            yield number * every_ms, ua * (1 + rough.uniform(-noise, noise))
            number += 1


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(steps: list[Step], every_ms: float = 0.5, noise: float = 0.0, head: str = _HEAD) -> Path:
        path = tmp_path / "ppk.csv"
        with path.open("w") as file:
            file.write(head + "\n")
            file.writelines(f"{at:g},{ua:.3f},00000000\n" for at, ua in _samples(steps, every_ms, noise))
        return path

    return to_file


def _found(path: Path, threshold_ma: float | None = None) -> measured.Measured:
    return measured.find(samples.read(path), _CURRENTS, _model(), threshold_ma)


def test_wakes_sleep_and_charge(write: Write) -> None:
    steps = [(3000, 80), *_WAKE, (4000, 80), *_SHORT, (4000, 80), *_WAKE, (2500, 80)]
    found = _found(write([*steps], noise=0.3))
    assert [wake.kind for wake in found.wakes] == [wakes.UPLOAD, wakes.QUIET, wakes.UPLOAD]
    for wake in found.of(wakes.UPLOAD):
        assert wake.charge_mc == pytest.approx(_WAKE_MC, rel=0.02)
        assert wake.length_ms == pytest.approx(970, abs=3)
        assert wake.before_ms == pytest.approx(370, abs=8) and wake.before_mc == pytest.approx(0.35 * 22 + 0.06, rel=0.03)
    assert found.of(wakes.QUIET)[0].charge_mc == pytest.approx(0.4 * 21, rel=0.02)
    assert found.sleep_ma == pytest.approx(0.080, rel=0.02)
    assert found.interval_s == pytest.approx((4000 + 970 + 4000 + 400) / 2 / 1000, rel=0.01)
    kinds = found.kinds(_model())
    assert kinds[wakes.UPLOAD].charge_mc == pytest.approx(_WAKE_MC, rel=0.02)
    assert kinds[wakes.UPLOAD].source == "measured, 2 wakes" and kinds[wakes.QUIET].source == "measured, one wake"


def test_spikes_asleep_and_dips_awake_are_neither(write: Write) -> None:
    # A regulator that works in bursts: 4 ms of 20 mA each second, 80 uA on average; the median of samples would be 0.3 uA.
    sleep = [(996, 0.3), (4, 20000)] * 4
    wake = [(100, 22000), (60, 1000), (300, 22000), (90, 2000), (500, 75000)]
    found = _found(write([*sleep, *wake, *sleep]))
    assert len(found.wakes) == 1
    assert found.wakes[0].charge_mc == pytest.approx(0.4 * 22 + 0.06 + 0.09 * 2 + 0.5 * 75, rel=0.01)
    assert found.sleep_ma == pytest.approx((4 * 20 + 996 * 0.0003) / 1000, rel=0.05)


def test_a_wake_that_the_file_cuts_off_does_not_count(write: Write) -> None:
    found = _found(write([(200, 75000), (3000, 80), *_WAKE, (3000, 80), (350, 22000), (100, 75000)]))
    assert len(found.wakes) == 1 and found.wakes[0].charge_mc == pytest.approx(_WAKE_MC, rel=0.01)
    with pytest.raises(DormouseError, match="the one in it has no beginning or no end"):
        _found(write([(3000, 80), (350, 22000), (100, 75000)]))


def test_power_up_and_failures_are_told(write: Write) -> None:
    up = [*_WAKE[:-1], (8000, 22000), (100, 22000)]
    failed = [(350, 22000), (5000, 74000)]
    found = _found(write([(2500, 66), *up, (2500, 66), *failed, (2500, 66), *_WAKE, (2500, 66)], every_ms=2))
    assert [wake.kind for wake in found.wakes] == [measured.POWER_UP, wakes.FAILED, wakes.UPLOAD]


def test_a_board_that_takes_much_asleep_needs_a_threshold(write: Write) -> None:
    path = write([(3000, 18000), (350, 40000), (500, 90000), (3000, 18000)])
    with pytest.raises(DormouseError, match=r"never below .* mA for long.*--threshold MA"):
        _found(path)
    found = _found(path, 38)
    assert len(found.wakes) == 1 and found.sleep_ma == pytest.approx(18)
    assert found.wakes[0].charge_mc == pytest.approx(0.35 * 40 + 0.5 * 90, rel=0.01)


def test_nothing_but_sleep(write: Write) -> None:
    with pytest.raises(DormouseError, match="no whole wake"):
        _found(write([(3000, 66)]))


def test_every_header_with_units(write: Write) -> None:
    plain = samples.read(write(_WAKE))
    mean = sum(plain.ua) / len(plain.ua)
    for head in (
        "Timestamp(ms),Current(uA)",
        "Timestamp(ms),Current(uA),D0,D1,D2,D3,D4,D5,D6,D7",
        '"Time (ms)","Current (\u00b5A)"',
    ):
        again = samples.read(write(_WAKE, head=head))
        assert sum(again.ua) / len(again.ua) == pytest.approx(mean)


def test_a_slow_meter_in_other_units(tmp_path: Path) -> None:
    # An INA219 read every 20 ms: seconds and milliamperes, semicolons, Windows' line ends.
    path = tmp_path / "ina219.csv"
    lines = [f"{at / 1000:.2f};{ua / 1000:.4f}" for at, ua in _samples([(3000, 80), *_WAKE, (3000, 80)], 20, 0)]
    path.write_bytes("\r\n".join(["time(s);current(mA)", *lines, ""]).encode())
    found = _found(path)
    assert len(found.wakes) == 1 and found.wakes[0].charge_mc == pytest.approx(_WAKE_MC, rel=0.05)


def test_the_memory_is_bounded(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write([(3000, 80), *_WAKE, (3000, 80)])
    whole = samples.read(path)
    monkeypatch.setattr(samples, "_MOST", 512)
    folded = samples.read(path)
    assert len(folded) < 512 < len(whole) and folded.block_ms == 16
    assert sum(folded.ua) * folded.block_ms == pytest.approx(sum(whole.ua) * whole.block_ms, rel=0.01)
    found = measured.find(folded, _CURRENTS, _model())
    assert found.wakes[0].charge_mc == pytest.approx(_WAKE_MC, rel=0.02)


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("", UsageError, "it must name a time and a current"),
        ("Current(uA)\n1\n", UsageError, "Export with Timestamp and Current"),
        ("Timestamp(ms),Current(uA)\n", DormouseError, "less than two milliseconds"),
        ("Timestamp(ms),Current(uA)\n0,1\n0.01,x\n", DormouseError, r"ppk.csv:3: not a sample: '0.01,x'"),
        ("Timestamp(ms),Current(uA)\n0,1\n0.01\n", DormouseError, r"ppk.csv:3: not a sample"),
        ("Timestamp(ms),Current(uA)\n0,1\n5,1\n4,1\n", DormouseError, "the time goes back, from 5 to 4 ms"),
        ("Timestamp(ms),Current(uA)\n0,1\n10,1\n5000,1\n", DormouseError, "no samples from 0.0 s to 5.0 s"),
        ("Timestamp(ms),Current(uA)\n0,1\nnan,1\n", DormouseError, "ppk.csv:3"),
        ("Timestamp(ms),Current(uA)\n0,1\n1,inf\n2,1\n3,1\n4,1\n", DormouseError, "ppk.csv:4: a current before"),
    ],
)
def test_broken_files(tmp_path: Path, text: str, error: type[Exception], words: str) -> None:
    path = tmp_path / "ppk.csv"
    path.write_text(text)
    with pytest.raises(error, match=words):
        samples.read(path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read .*nothing.csv: no such file"):
        samples.read(tmp_path / "nothing.csv")


def test_progress_is_told_to_the_end(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "_TOLD", 100)
    path, told = write(_WAKE), list[tuple[int, int]]()
    samples.read(path, lambda done, size: told.append((done, size)))
    assert told == sorted(told) and told[-1] == (path.stat().st_size, path.stat().st_size) and len(told) > 5
