"""What the ports refuse, the virtual boards refuse in the same way. Oracle: the ports' sources, named in refusals.toml."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dormouse.virtual import models

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

REFUSALS = tomllib.loads(Path(__file__).with_name("refusals.toml").read_text("utf-8"))["refusal"]
BOARD_OF = {"esp32": "feather_s2", "esp8266": "esp8266", "stm32": "pyboard_d", "rp2": "pico_w"}
SETUP = {
    "esp32": "import machine, network, socket, time, esp, esp32\nPIN, TIMER = 5, 0\n",
    "esp8266": "import machine, network, socket, time, esp\nPIN = 5\n",
    "stm32": "import machine, network, socket, time, pyb\nPIN, TIMER = 'X1', -1\n",
    "rp2": "import machine, network, socket, time\n",
}
TRY = """
def show(text):
    try:
        print("nothing, but gives", eval(text))
    except Exception as e:
        print(type(e).__name__ + "".join([": " + str(arg) for arg in e.args[:1]]))
"""


@pytest.mark.parametrize("port", sorted(BOARD_OF))
def test_what_the_port_refuses(make, port):
    if BOARD_OF[port] not in models.names():
        pytest.skip(f"no board of {port} yet")
    cases = [case for case in REFUSALS if port in case["ports"]]
    calls = "".join(f"show({case['call']!r})\n" for case in cases)
    wake = make(BOARD_OF[port], SETUP[port] + TRY + calls).run_wake(30)
    assert wake.ended == "repl", wake.output
    raised = wake.output.splitlines()
    assert len(raised) == len(cases) > 5
    wrong = [f"{c['call']}: {r}, not {c['raises']} ({c['source']})" for c, r in zip(cases, raised) if not alike(r, c["raises"])]
    assert not wrong, "\n".join(wrong)


def alike(raised: str, expected: str) -> bool:
    """Whether an exception is the expected one: TypeError alone has any text, a star at the end too."""
    if expected == "TypeError":
        return raised.partition(":")[0] == expected
    return raised.startswith(expected[:-1]) if expected.endswith("*") else raised == expected


def test_every_line_says_where_it_is_from():
    for case in REFUSALS:
        assert set(case) == {"ports", "call", "raises", "source"}
        assert set(case["ports"]) <= set(BOARD_OF)
        assert len(case["source"]) > 5
        assert not alike("nothing, but gives None", case["raises"])
