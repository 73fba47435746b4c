"""docs/mqtt.md, the client's manual: every program in it runs and prints what it says, its tables are the code's.

Oracle: mosquitto; mqtt_as's README, sections 3.1 to 3.5, for what the table of differences must list.
"""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest
from clientkit import ROOT, SCRIPTS, Program, both, command

from brokers import Mosquitto

MANUAL = ROOT / "docs" / "mqtt.md"
TEXT = MANUAL.read_text()
_BLOCKS = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)


def _heading(at: int) -> str:
    """The heading that the text at this place is under."""
    return TEXT[:at].rpartition("\n#")[2].splitlines()[0].strip("# ")


BLOCKS = [(_heading(found.start()), *found.groups("")) for found in _BLOCKS.finditer(TEXT)]  # heading, program, what it prints
_FRAGMENT = """\
import asyncio
from mqtt import MQTTClient

async def main():
    client = MQTTClient({"server": "192.168.1.10", "client_id": b"fragment"})
    await client.connect(quick=True)
%s
    await client.disconnect()

asyncio.run(main())
"""


def _program(code: str, port: int) -> str:
    """A block as a whole program, with the test's broker in it."""
    if not code.startswith(("import", "from")):
        code = _FRAGMENT % re.sub("^(?=.)", "    ", code, flags=re.MULTILINE)
    code = code.replace('exchange(\n        "192.168.1.10"', f'exchange(\n        "127.0.0.1", port={port}')
    code = re.sub(r'"server": ("[^"]*")', rf'"server": \1, "port": {port}', code)
    return code.replace("192.168.1.10", "127.0.0.1")


@both
@pytest.mark.parametrize(("heading", "code", "printed"), BLOCKS, ids=[block[0] for block in BLOCKS])
def test_the_manuals_program_runs(
    interpreter: str, heading: str, code: str, printed: str, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    parts = [path for path in (SCRIPTS / "board").glob("*.py") if f"import {path.stem}\n" in code]
    board = {path.name: path.read_text() for path in parts}
    program = _program(code, mosquitto.port)
    assert str(mosquitto.port) in program, "nothing to put the test's broker in"
    output = Program(interpreter, tmp_path, program, files=board).finish()
    lines = [line for line in output.splitlines() if not line.startswith("radio")]  # the stand-in's words
    assert lines == printed.splitlines()


def test_the_manual_has_programs_for_what_it_describes() -> None:
    assert len(BLOCKS) > 8
    headings = {line.strip("# ") for line in TEXT.splitlines() if line.startswith("## ")}
    for name in ("Events", "Callbacks", "Errors", "Sessions", "Light sleep", "TLS", "MQTT 5", "On a PC"):
        assert name in headings


def _table(heading: str) -> list[list[str]]:
    """The rows of the first table below a heading, its head left out."""
    section = TEXT.split(f"\n## {heading}\n", 1)[1]
    lines = section.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("|"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def _defaults() -> dict[str, object]:
    code = """if True:
        from mqtt.client import defaults
        print({key: value for key, value in defaults().items() if not callable(value)})
        print(list(defaults()))
    """
    argv, environment = command("cpython")
    done = subprocess.run([*argv, "-c", code], env=environment, capture_output=True, text=True, timeout=20, check=True)
    values, names = done.stdout.splitlines()
    return dict.fromkeys(ast.literal_eval(names), "a function") | ast.literal_eval(values)


def test_the_table_of_settings_has_every_key_with_its_default() -> None:
    defaults = _defaults()
    found = {}
    for keys, default, _ in _table("Configuration"):
        names = re.findall("`([a-z0-9_]+)`", keys)
        values = re.findall("`([^`]+)`", default) or ["'a function'"]
        for n, name in enumerate(names):
            found[name] = ast.literal_eval(values[min(n, len(values) - 1)])
    assert found == defaults


def test_the_table_of_properties_is_the_codecs() -> None:
    code = """if True:
        from mqtt import properties as p
        names = "CONNECT WILL CONNACK PUBLISH DELIVERY SUBSCRIBE UNSUBSCRIBE ANSWER DISCONNECT DISCONNECTED".split()
        print([[key for key in getattr(p, name)] for name in names])
        print({key: kind for key, kind in enumerate(p._TYPES) if kind})
    """
    argv, environment = command("cpython")
    done = subprocess.run([*argv, "-c", code], env=environment, capture_output=True, text=True, timeout=20, check=True)
    allowed, kinds = map(ast.literal_eval, done.stdout.splitlines())
    columns = ["CONNECT", "will", "CONNACK", "PUBLISH out", "PUBLISH in", "SUBSCRIBE", "UNSUBSCRIBE", "ANSWER"]
    columns += ["DISCONNECT out", "DISCONNECT in"]
    words = {1: "0 or 1", 2: "int", 4: "int", 5: "int", 6: "text", 7: "bytes", 8: "dictionary of texts"}
    found = {}
    for key, _, value, packets in _table("MQTT 5"):
        where = packets.replace("PUBACK, SUBACK, UNSUBACK", "ANSWER").split(", ")
        both_ways = [name for name in where if f"{name} out" in columns]
        where += [f"{name} {way}" for name in both_ways for way in ("out", "in")]
        found[int(key.strip("`"), 16)] = value, set(columns if packets == "all" else where) & set(columns)
    assert found == {
        key: (words[kind], {column for column, keys in zip(columns, allowed) if key in keys}) for key, kind in kinds.items()
    }


def test_the_table_of_errors_is_the_clients() -> None:
    code = """if True:
        from mqtt.errors import MQTTError
        from mqtt.reasons import _REASONS
        for code in sorted({*_REASONS, 0x80}):
            error = MQTTError(code)
            print([str(code), str(error).rsplit(" (", 1)[0], str(error.retry)])
    """
    argv, environment = command("cpython")
    done = subprocess.run([*argv, "-c", code], env=environment, capture_output=True, text=True, timeout=20, check=True)
    assert _table("Errors") == [ast.literal_eval(line) for line in done.stdout.splitlines()]


# mqtt_as's README, 3.1 to 3.5, and what later versions added
_DOCUMENTED = {
    *("ssid", "wifi_pw", "client_id", "server", "port", "user", "password", "keepalive", "ping_interval", "ssl", "ssl_params"),
    *("response_time", "clean_init", "clean", "max_repubs", "will", "queue_len", "subs_cb", "wifi_coro", "connect_coro"),
    *("connect", "publish", "subscribe", "unsubscribe", "isconnected", "disconnect", "close", "broker_up", "wan_ok", "dprint"),
    *("DEBUG", "REPUB_COUNT", "VERSION", "queue", "up", "down", "discards"),
    *("gateway", "mqttv5", "mqttv5_con_props", "ifconfig"),
}


def test_the_table_of_differences_judges_everything_that_mqtt_as_documents() -> None:
    rows = _table("Programs written for mqtt_as")
    named = " ".join(row[0] for row in rows)
    for name in _DOCUMENTED:
        assert re.search(rf"\b{name}\b", named), name
    assert {row[1] for row in rows} == {"same", "better", "different"}
    assert all(row[2] for row in rows if row[1] != "same")


def test_links_lead_somewhere() -> None:
    headings = [line.strip("# ") for line in TEXT.splitlines() if line.startswith("#")]
    anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        if target.startswith("#"):
            assert target[1:] in anchors, target
        elif target != "tls.md":
            assert (MANUAL.parent / target).exists(), target


def test_the_tests_own_reading_finds_the_blocks() -> None:
    assert BLOCKS[0][0] == "The MQTT client" and BLOCKS[0][1].startswith("import asyncio") and "garden/valve" in BLOCKS[0][2]
    fragments = [code for _, code, _ in BLOCKS if not code.startswith(("import", "from"))]
    assert fragments and all("await client." in code for code in fragments)
