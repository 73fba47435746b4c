"""The always-on client's sessions on real brokers: kept, discarded, and what waited in them."""

from __future__ import annotations

from pathlib import Path

from abilities import both, shows
from clientkit import run
from onlooker import Onlooker

from brokers_served import Served

# One stay at the broker: argv is HOST PORT ID CLEAN CLEAN_INIT; it prints what it hears.
STAY = """
    import asyncio, sys
    from kit import client, main

    async def go():
        name = sys.argv[3]
        c = client(client_id=name, clean=bool(int(sys.argv[4])), clean_init=bool(int(sys.argv[5])), queue_len=20)
        await c.connect(quick=True)
        print("present", c.session_present)
        await c.subscribe(name + "/set", 1)
        await c.publish(name + "/set", "own", qos=1)
        await asyncio.sleep(0.1)  # what waited may come before or after the own message
        while c.queue._n:
            topic, payload, retained = await c.queue.__anext__()
            print(payload.decode())
        await c.disconnect()
    main(go, 5)
"""


def stay(interpreter: str, folder: Path, broker: Served, base: str, clean: bool, clean_init: bool) -> list[str]:
    """Session present, then what came besides its own message, which must come."""
    lines = run(interpreter, folder, STAY, broker.host, broker.port, base, int(clean), int(clean_init)).splitlines()
    lines.remove("own")
    return lines


@both
@shows("queue")
def test_a_lasting_session_brings_what_waited(interpreter: str, broker: Served, base: str, tmp_path: Path) -> None:
    stay(interpreter, tmp_path, broker, base, False, False)
    with Onlooker(broker.port) as onlooker:
        onlooker.send(f"{base}/set", "one")
        onlooker.send(f"{base}/set", "two")
    assert stay(interpreter, tmp_path, broker, base, False, False) == ["present True", "one", "two"]
    assert stay(interpreter, tmp_path, broker, base, False, False) == ["present True"]


@both
@shows("clean")
def test_a_clean_session_leaves_nothing(interpreter: str, broker: Served, base: str, tmp_path: Path) -> None:
    # 3.1.2.4: it begins without what was kept, and keeps nothing
    stay(interpreter, tmp_path, broker, base, False, False)
    with Onlooker(broker.port) as onlooker:
        for _ in range(2):
            onlooker.send(f"{base}/set", "stale")
            assert stay(interpreter, tmp_path, broker, base, True, True) == ["present False"]
    assert stay(interpreter, tmp_path, broker, base, False, False) == ["present False"]


@both
@shows("clean")
def test_clean_init_discards_the_old_session_and_starts_a_lasting_one(
    interpreter: str, broker: Served, base: str, tmp_path: Path
) -> None:
    stay(interpreter, tmp_path, broker, base, False, False)
    with Onlooker(broker.port) as onlooker:
        onlooker.send(f"{base}/set", "stale")
    assert stay(interpreter, tmp_path, broker, base, False, True) == ["present False"]
    assert stay(interpreter, tmp_path, broker, base, False, False) == ["present True"]
