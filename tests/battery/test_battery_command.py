"""`dormouse battery` as a user runs it: tables, JSON, plots, what-ifs, a trace and a measured current."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from batterykit import ROOT, Make

from dormouse import cli, phases, settings
from dormouse.battery import document, life, wakes, whatif
from dormouse.battery.wakes import Assumed
from dormouse.commands import battery
from dormouse.errors import UsageError
from dormouse.project import node_names
from dormouse.virtual import models


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "120")


def _json(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert cli.main(["battery", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def _fails(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert cli.main(["battery", *words]) in (1, 2)
    return capsys.readouterr().err


def _ppk(path: Path, wakes_: int = 2) -> Path:
    """A sleep of 100 uA, wakes of 400 ms at 20 mA and 500 ms at 80 mA: 48 mC."""
    steps = [(2500, 100), *[(400, 20000), (500, 80000), (2500, 100)] * wakes_]
    at = 0
    with path.open("w") as file:
        file.write("Timestamp(ms),Current(uA),D0-D7\n")
        for ms, ua in steps:
            file.writelines(f"{at + number},{ua}.000,--------\n" for number in range(ms))
            at += ms
    return path


def test_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["battery", "example", "--if", "WAKE_EVERY_S=7200", "--sources"]) == 0
    out = capsys.readouterr().out
    found = life.of(settings.load(ROOT, node="example"), ROOT)
    assert found.months and f"lasts about {found.months.typical:.1f} months ({found.months.low:.1f} to" in out
    assert "A model, no promise" in out and out.count("A model") == 1
    for draw in found.draws:
        assert re.search(rf"^ {re.escape(draw.name)} +{draw.mc.typical / 3600:.3f} ", out, re.MULTILINE), draw.name
    assert "with a static address" in out and re.search(r"^ WAKE_EVERY_S=7200 +\d", out, re.MULTILINE)
    assert "micropython-mqtt README" in out and "--plot battery.html" in out


def test_json_adds_up(capsys: pytest.CaptureFixture[str]) -> None:
    [*words] = "--rtt", "100", "--failed", "5", "--celsius", "35", "--down", "2"
    found = _json(capsys, *words)
    assert found["is"] == "a model" and found["node"] == "config.py"
    assert sum(draw["typical"] for draw in found["draws"].values()) == pytest.approx(found["day_mah"]["typical"], abs=0.001)
    expected = life.of(settings.load(ROOT), ROOT, Assumed(100, 5, 0, 35, 2))
    assert expected.months and found["months"]["typical"] == pytest.approx(expected.months.typical, abs=0.01)
    assert all(row["source"] for row in found["assumptions"] if row["what"] != "not in it")
    assert life.months(settings.load(ROOT), ROOT) > expected.months.typical


def test_the_fleet(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    if not node_names(ROOT):
        assert "there is no node in nodes/ yet" in _fails(capsys, "--all")
    names = ["example", "example_weather"]  # which are no fleet by themselves
    monkeypatch.setattr(battery, "node_names", lambda _: names)
    assert [node["node"] for node in _json(capsys, "--all")] == names
    assert cli.main(["battery", "--all"]) == 0
    out = capsys.readouterr().out
    assert all(re.search(rf"^ {name} ", out, re.MULTILINE) for name in names)


def test_a_page_that_loads_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    page, picture = tmp_path / "b.html", tmp_path / "b.svg"
    for path in (page, picture):
        assert cli.main(["battery", "--plot", str(path)]) == 0
    assert f"wrote {page}" in capsys.readouterr().err
    text = page.read_text()
    # Comments and the SVG's own name are no addresses that are loaded.
    assert not re.search(
        r"<(script|link|img|iframe|object)|@import|url\(\s*['\"]?http|(src|href)\s*=\s*['\"]?(https?:)?//", text
    )
    svg = ET.fromstring(picture.read_text())
    assert svg.tag == "{http://www.w3.org/2000/svg}svg"
    found = life.of(settings.load(ROOT), ROOT)
    shown = document.numbers(picture.read_text())
    assert found.months and f"as it is: {found.months.typical:.1f} months" in shown
    for draw in found.draws:
        assert draw.name in shown and any(it == f"{draw.mc.typical / 3600:.2f}".rstrip("0").rstrip(".") for it in shown), (
            draw.name
        )
        assert f"<td>{draw.mc.typical / 3600:.3f}</td>" in text


def test_a_measured_current(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = str(_ppk(tmp_path / "ppk.csv"))
    found = _json(capsys, "--current", path, "--failed", "0")
    told = {(row["what"].strip(), row["unit"]): row["measured"] for row in found["measured"]}
    assert told["asleep", "uA"] == pytest.approx(100) and told["upload", "mC"] == pytest.approx(48, rel=0.01)
    assert told["before the radio", "ms"] == pytest.approx(400, abs=2)
    assert told["with the radio", "mC"] == pytest.approx(40, rel=0.01)
    # 0.1 mA and 48 mC every 900 s; config.py: 1000 mAh, down to 3.6 V as often, to 3.4 V a quarter as often.
    lost_ma = 1000 * 0.05 / 730
    hours = 900 / (0.1 + 48 / 900 + lost_ma) + 80 / (0.1 + 48 / 3600 + lost_ma)
    assert found["months"]["typical"] == pytest.approx(hours / 730, abs=0.02)
    by_name = {row["name"]: row["months"]["typical"] for row in found["what_if"]}
    hours = 900 / (0.1 + 48 / 1800 + lost_ma) + 80 / (0.1 + 48 / 7200 + lost_ma)
    # Half as often the lease is renewed a little more often.
    assert by_name["wakes twice as seldom"] == pytest.approx(hours / 730, rel=0.02)
    assert by_name["with TLS"] < found["months"]["typical"] < by_name["with a static address"]
    assert cli.main(["battery", "--current", path]) == 0
    out = capsys.readouterr().out
    assert "whole wakes: 2 (upload), one every" in out and "--sources" in out and "asleep 100 uA" in out


def test_a_trace(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "trace"
    lines: list[dict[str, Any]] = [
        {"event": "phase", "phase": name, "length_ms": ms} for name, ms in (("boot", 350), ("measure", 100), ("link", 1000))
    ]
    lines.append({"event": "wake", "board": settings.load(ROOT)["BOARD"], "outcome": "published", "charge_mc": 1.0})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = _json(capsys, "--trace", str(path))
    assert found["wakes"]["upload"]["awake_ms"] == 1450 and found["wakes"]["upload"]["source"] == "trace, one wake"
    assert found["wakes"]["upload"]["mc"] == pytest.approx(0.35 * 22.2 + 1.1 * 73, rel=0.01)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--plot", "x.png"), "FILE.html or FILE.svg"),
        (("nobody",), "nobody"),
        (("--if", "WAKE_EVERY_S=1"), "WAKE_EVERY_S is 1; allowed: 10 to 2592000 s"),
        (("--if", "NONSENSE=1"), "NONSENSE is not a setting"),
        (("--if", "just words"), "is not NAME=value"),
        (("--if", "BOARD='pc'"), "BOARD is 'pc'; allowed: d1_mini"),
        (("--if", "TLS=yes"), "TLS is not a constant"),
        (("--if", "CELSIUS=900"), "celsius is 900; allowed: -40 to 60"),
        (("--if", "RTT_MS='far'"), "RTT_MS is 'far'; allowed: a number"),
        (("--all", "--plot", "x.svg"), "--all is a table of all nodes"),
        (("--current", "nothing.csv"), "cannot read nothing.csv"),
        (("--trace", "nothing"), "cannot read nothing"),
        (("--trace", "a", "--current", "b"), "not both"),
        (("--trace", "a", "--rtt", "5"), "--rtt does not go with"),
        (("--threshold", "5"), "--threshold needs --current"),
        (("--events", "5"), "WAKE_PIN is None"),
    ],
)
def test_mistakes(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], told: str) -> None:
    err = _fails(capsys, *words)
    assert told in err and err.startswith("dormouse: ") and len(err.splitlines()) == 1


def test_brackets_are_no_colours(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["battery", "example", "--if", 'AREA="[/x][red]"']) == 0
    assert 'AREA="[/x][red]"' in capsys.readouterr().out


def test_what_ifs_go_the_right_way(make: Make, root: Path) -> None:
    basis = whatif.Basis(root, make(BOARD="feather_s2", WAKE_EVERY_S=600), Assumed(), {})
    now = basis.life().months
    assert now
    longer = ("wakes twice as seldom", "wakes four times as seldom", "uploads every 4th wake", "with a static address")
    shorter = ("wakes twice as often", "with TLS", "broker far away, 100 ms", "one upload in ten fails", "in the cold, 0 °C")
    found = {row.name: row.life.months for row in whatif.rows(basis)}
    for name, months in found.items():
        assert months
        assert (months.typical > now.typical) == (name in longer) or name not in longer + shorter, name
    assert set(longer + shorter) <= set(found)
    other = make(BOARD="feather_s2", WAKE_EVERY_S=10 * 86400, TLS=True, STATIC_IP=("192.168.1.50/24", "192.168.1.1"))
    names = [row.name for row in whatif.rows(whatif.Basis(root, other, Assumed(rtt_ms=200, failed_pct=20), {}))]
    assert "without TLS" in names and "with DHCP" in names and "wakes four times as seldom" not in names


def test_another_board_forgets_what_was_measured(make: Make, root: Path) -> None:
    kinds = {wakes.UPLOAD: wakes.Kind(wakes.UPLOAD, (), charge_mc=1.0, source="measured, one wake")}
    basis = whatif.Basis(root, make(BOARD="feather_s2"), Assumed(), kinds, (0.001, wakes.EXACT))
    assert whatif.changed(basis, {"BOARD": "esp8266"}).kinds == {}
    assert whatif.changed(basis, {"WAKE_EVERY_S": 1800}).deepsleep == (0.001, wakes.EXACT)


def test_on_mains(make: Make, root: Path) -> None:
    had = make(BOARD="feather_s2", BATTERY=None)
    found = life.of(had, root)
    assert found.months is None and life.months(had, root) == float("inf")
    assert {draw.name for draw in found.draws}.isdisjoint({"self-discharge", "asleep: divider"})


def test_assumptions_have_limits() -> None:
    with pytest.raises(UsageError, match="more than 30 days"):
        Assumed(down_days=20, silent_days=20)


def test_the_document_is_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["battery", "--check"]) == 0, capsys.readouterr().err


def test_every_board_and_every_battery_lives(make: Make, root: Path) -> None:
    for board in sorted(path.parent.name for path in (ROOT / "boards").glob("*/profile.py")):
        for kind in ("lipo", "2xaa"):
            had = make(BOARD=board, BATTERY={"type": kind, "mah": 2000})
            found = life.of(had, root)
            assert found.months and 0 < found.months.low < found.months.typical <= found.months.high < 121


def test_what_the_code_takes_is_what_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    # Wakes of a virtual board, less what board.toml and the drivers say: Feather S2, sht4x 10 ms, the rail 35 ms, the radio and
    # the association 60 and 324 ms, of which 10 go by while the sensor converts.
    def wakes_of(_: Path, board: str, runs: int, stepped: object) -> list[phases.Row]:
        facts = models.read(board)
        sensors_ms = wakes.sensing(ROOT, settings.load(ROOT, board=board)).ms
        measure = round(facts["rails"]["settle_ms"] + sensors_ms)
        link = round(facts["virtual"]["radio_ms"] + facts["virtual"]["associate_bssid_ms"] - sensors_ms)
        warm = {"boot": 350, "start": 21, "measure": measure + 22, "link": link + 23, "mqtt": 24, "finish": 25, "sleep": 26}
        alone = {"boot": 350, "start": 21, "measure": measure + 27, "sleep": 1}
        each = (("cold boot", {}), ("warm", warm), ("no upload", alone))
        return [phases.Row(name, 0, tuple((phase, 0, ms) for phase, ms in parts.items()), 0.0, "") for name, parts in each]

    monkeypatch.setattr(phases, "good_wakes", wakes_of)
    found = json.loads(document._code(ROOT))["ms"]
    was = wakes.code_ms()["clock"]  # no wake asked for the time
    own = {"start": 21, "measure": 22, "link": 23, "mqtt": 24, "finish": 25, "sleep": 26, "measure alone": 27}
    assert found == {**own, "clock": was} and set(found) == set(wakes.code_ms())


def test_the_shelf_life_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    change = 'BOARD="pyboard_d", WAKE_EVERY_S=2592000, BATTERY={"type": "3xaa", "mah": 20000, "stop_below_v": None}'
    row = _json(capsys, "--if", change)["what_if"][-1]
    assert row["months"]["typical"] == 120 and row["shelf_life_ends_it"]
