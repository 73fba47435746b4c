"""The report and the log over whole wakes: what is said, when, and what it costs the flash."""

from __future__ import annotations

import re
from typing import Any

import pytest

import dormouse
from nodes import BOARDS, Listener, MakeNode

FAST = {"speed": 4}
BAD = b"""\
OPTIONS = ("crash",)
FIELDS = ()


def start(board, options):
    from power import awake

    try:
        with open("n.txt") as f:
            n = int(f.read())
    except OSError:
        n = 0
    with open("n.txt", "w") as f:
        f.write(str(n + 1))
    if n in options["crash"]:
        awake.cap_ms = broken
    return 0, None


def read(handle):
    return ()


def broken(seconds):
    raise ValueError("broken")
"""


def address(broker: Any) -> str:
    return f"{broker.host}:{broker.port}"


def slept(wake: Any) -> Any:
    assert (wake.ended, wake.by) == ("deepsleep", "node"), wake.output
    return wake


def upload(node: Any) -> Any:
    while "delivered" not in (wake := slept(node.run_wake())).output:
        pass
    return wake


@pytest.mark.parametrize("board", BOARDS)
def test_a_report_on_the_first_upload_and_after_failures_not_in_between(
    make_node: MakeNode, board: str, mosquitto: Any, listener: Listener
) -> None:
    node = make_node(board, options=FAST, BROKER=address(mosquitto), NAME="shed", WAKE_EVERY_S=600)
    upload(node)
    listener.until(lambda: len(listener.on("report")) == 1)
    report = listener.on("report")[0]
    assert report["firmware"] == dormouse.__version__ and re.fullmatch(r"\d+\.\d+\.\d+", report["micropython"])
    assert report["chip"] == node.model.unique_id.hex() and len(report["config"]) == 8
    assert (report["boots"], report["cause"], report["failures"]) == (1, "power", {})
    for _ in range(2):
        upload(node)
    node.world.wifi.ap_present = False
    failed = 0
    while failed < 2:
        # A sleep beyond the board's limit is made of several.
        failed += "no_ap" in slept(node.run_wake()).output
    node.world.wifi.ap_present = True
    for _ in range(4):
        upload(node)
    listener.until(lambda: len(listener.on("report")) >= 2)
    assert len(listener.on("report")) == 2
    report = listener.on("report")[1]
    assert report["failures"] == {"link": 2} and report["cause"] == "deepsleep"
    assert 50 < report["awake_ms"] < 20000 and report["heap_free"] > 1000


def test_a_daily_report_and_what_changed_in_between(make_node: MakeNode, mosquitto: Any, listener: Listener) -> None:
    sensors = {"air": {"driver": "sht4x"}}
    node = make_node(options=FAST, BROKER=address(mosquitto), SENSORS=sensors, WAKE_EVERY_S=6 * 3600)
    for wake in range(1, 11):
        node.scene.fail("sht4x", "nack" if 3 <= wake <= 6 else None)
        upload(node)
    listener.until(lambda: len(listener.records()) == 10 and len(listener.on("report")) >= 5)
    # The first; a failing sensor's first, second and fourth error; the day's, a day after the last.
    assert [report.get("sensor_errors", 0) for report in listener.on("report")] == [0, 1, 2, 4, 4]
    topics = [topic.rsplit("/", 1)[-1] for topic, _ in listener.messages]
    records = [sum(leaf in ("readings", "history") for leaf in topics[:i]) for i, leaf in enumerate(topics) if leaf == "report"]
    assert records == [1, 3, 4, 6, 10]


def test_a_traceback_is_kept_sent_once_and_removed(make_node: MakeNode, mosquitto: Any, listener: Listener) -> None:
    extra = {"/sensors/bad.py": BAD}
    sensors = {"bad": {"driver": "bad", "crash": [1, 2, 4]}}
    node = make_node(options=FAST, extra=extra, BROKER=address(mosquitto), SENSORS=sensors, WAKE_EVERY_S=600)
    crashed = ["ValueError: broken" in slept(node.run_wake()).output for _ in range(9)]
    assert crashed == [False, True, True, False, True, False, False, False, False]
    listener.until(lambda: len(listener.records()) == 9)
    # Twice in a row, and once more after it was sent: one message, one file.
    assert len(listener.on("log")) == 1
    text = listener.on("log")[0]["traceback"]
    line = BAD.decode().splitlines().index('    raise ValueError("broken")') + 1
    assert text.startswith("Traceback") and text.endswith("ValueError: broken\n")
    assert f"line {line}, in broken" in text and "node.cycle" in text
    writes = [report["flash_writes"] for report in listener.on("report")]
    # The report comes when the records that waited are gone.
    assert [report["failures"] for report in listener.on("report")] == [{}, {"crash": 3}]
    assert writes[1] - writes[0] == 1, writes
