"""The plan of a deploy, carried out on a file system that is a dict: every step of it leaves a board that sleeps.

Oracle: MicroPython's own rules of what import finds (py/builtinimport.c: along sys.path, a folder before NAME.py before
NAME.mpy), written here a second time.
"""

from __future__ import annotations

import hashlib
import json

import pytest

from dormouse.deploying import plan
from dormouse.deploying.found import MANIFEST, STAGE, Firmware, Found
from dormouse.deploying.plan import Plan
from dormouse.errors import DormouseError

NEW = {
    "/main.py": b"guard 2",
    "/boards/b/profile.mpy": b"profile",
    "/lib/node/__init__.mpy": b"init",
    "/lib/node/cycle.mpy": b"cycle 2",
    "/lib/node/link.mpy": b"link 2",
    "/lib/node/services/plain.mpy": b"plain",
    "/lib/mqtt/burst.mpy": b"burst 2",
    "/power/sleep.mpy": b"sleep",
    "/config.py": b"config 2",
    "/credentials.py": b"secret 2",
}
OLD = {
    **NEW,
    "/main.py": b"guard 1",
    "/lib/node/cycle.mpy": b"cycle 1",
    "/lib/node/link.mpy": b"link 1",
    "/lib/node/lamp.mpy": b"lamp",
    "/config.py": b"config 1",
}
KNOWN = {path.rpartition(".")[0] for path in (*NEW, *OLD)}
MINE = {"/boot.py": b"mine", "/data/log.txt": b"mine", "/lib/umqtt/simple.py": b"mine", "/outbox": b"records"}
THERE = Firmware("esp32", "a board", (1, 29, 0), 6, True, "", 4096, 1 << 20)
BY_HAND = {path.replace(".mpy", ".py"): b"source of " + content for path, content in OLD.items()}
IN_ROOT = {**OLD, "/node/cycle.py": b"src copied to the root", "/node/link.py": b"too", "/mqtt/burst.py": b"too"}


def listing(files: dict[str, bytes]) -> bytes:
    return json.dumps({"version": 1, "files": {path: digest(content)[:16] for path, content in files.items()}}).encode()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def seen(disk: dict[str, bytes], folders: set[str] = frozenset()) -> Found:  # type: ignore[assignment]
    parents = {path.rsplit("/", i)[0] for path in disk for i in range(1, path.count("/"))}
    return Found({path: (len(content), digest(content)) for path, content in disk.items()}, parents | set(folders))


def make(disk: dict[str, bytes], wanted: dict[str, bytes], frozen: tuple[str, ...] = ()) -> Plan:
    found, manifest = seen(disk), disk.get(MANIFEST)
    foreign = plan.is_foreign(found, manifest, wanted["/main.py"])
    return plan.make(wanted, found, manifest, KNOWN, frozen, disk["/main.py"] if foreign else None)


def staged(disk: dict[str, bytes], todo: Plan) -> dict[str, bytes]:
    return {**{path: content for path, content in disk.items() if path not in todo.discard}, **todo.copied}


def step(disk: dict[str, bytes], words: tuple[str, ...]) -> None:
    if words[0] == "mv":
        disk[words[2]] = disk.pop(words[1])
    elif words[0] == "rm":
        del disk[words[1]]
    elif words[0] == "rmdir":
        assert not any(path.startswith(words[1] + "/") for path in disk), f"{words[1]} is not empty"


def imported(disk: dict[str, bytes], name: str) -> str | None:
    """The file that `import node.cycle` finds: sys.path is '', .frozen, /lib; then within the package."""
    first, *rest = name.split(".")
    for place in ("", "/lib"):
        here = f"{place}/{first}"
        for part in rest:
            if not any(path.startswith(here + "/") for path in disk):
                break
            here = f"{here}/{part}"
        else:
            return next((here + suffix for suffix in (".py", ".mpy") if here + suffix in disk), None)
    return None


def states(disk: dict[str, bytes], wanted: dict[str, bytes]) -> list[dict[str, bytes]]:
    """The disk before the first step and after each."""
    todo = make(disk, wanted)
    disk = staged(disk, todo)
    result = [dict(disk)]
    for words in todo.steps:
        step(disk, words)
        result.append(dict(disk))
    return result


SCENES = {
    "a new board": {},
    "another main.py": {"/main.py": b"blink"},
    "an older deploy": {**OLD, MANIFEST: listing(OLD)},
    "the cycle stays": {**OLD, "/lib/node/cycle.mpy": NEW["/lib/node/cycle.mpy"], MANIFEST: listing(OLD)},
    "one module": {**NEW, "/lib/node/link.mpy": b"link 1", MANIFEST: listing(NEW)},
    "only config.py": {**NEW, "/config.py": b"config 1", MANIFEST: listing(NEW)},
    "copied by hand": {**BY_HAND, "/main.py": b"from node import cycle"},
    "src in the root": IN_ROOT,
    "the manifest is torn": {**OLD, MANIFEST: b'{"files": {"/ma'},
    "the manifest is a list": {**OLD, MANIFEST: b"[]"},
}


@pytest.mark.parametrize("scene", SCENES)
def test_old_and_new_never_run_together(scene: str) -> None:
    disk = {**SCENES[scene], **MINE}
    guards = {b"guard 1", b"guard 2", b"blink", b"from node import cycle"}
    steps = states(disk, NEW)
    modules = ("node.link", "mqtt.burst", "config", "credentials")
    before = {name: steps[0].get(imported(steps[0], name) or "") for name in modules}
    after = {name: steps[-1].get(imported(steps[-1], name) or "") for name in modules}
    assert list(after.values()) == [b"link 2", b"burst 2", b"config 2", b"secret 2"]
    for here in steps:
        assert "/main.py" not in disk or here["/main.py"] in guards
        if imported(here, "node.cycle") is None:
            continue  # main.py's guard sleeps: tests/wakes/test_guard_files.py
        now = {name: here.get(imported(here, name) or "") for name in modules}
        whole = [now == before, now == after]
        assert any(whole), now
        if now == after != before:
            assert here[imported(here, "node.cycle") or ""] == NEW["/lib/node/cycle.mpy"]


@pytest.mark.parametrize("scene", SCENES)
def test_the_next_deploy_completes_what_was_cut_off(scene: str) -> None:
    disk = {**SCENES[scene], **MINE}
    todo = make(disk, NEW)
    # In the stage, too, after each file.
    halves = [{**disk, **dict(list(todo.copied.items())[:i])} for i in range(len(todo.copied))]
    halves += [{**staged(disk, todo), next(iter(todo.copied), STAGE + "/x"): b"half"}]
    for cut in halves + states(disk, NEW):
        assert make(cut, NEW).new_bytes <= todo.new_bytes  # what is there already is not copied again
        end = states(cut, NEW)[-1]
        assert {path: end[path] for path in NEW} == NEW
        assert {path: end[path] for path in MINE} == MINE
        assert not [path for path in end if path.startswith(STAGE)]
        assert [imported(end, f"node.{name}") for name in ("cycle", "link")] == ["/lib/node/cycle.mpy", "/lib/node/link.mpy"]
        again = make(end, NEW)
        assert (again.steps, again.copied, again.removed) == ([], {}, [])


def test_only_what_changed_is_copied_and_a_single_file_needs_no_door() -> None:
    todo = make(SCENES["only config.py"], NEW)
    assert todo.changed == ["/config.py"]
    assert [words[2] for words in todo.steps] == ["/config.py", MANIFEST]


def test_config_and_credentials_are_the_last_but_the_door() -> None:
    steps = [words[-1] for words in make({}, NEW).steps if words[0] == "mv"]
    assert steps[0] == "/main.py"
    assert steps[-4:] == ["/credentials.py", "/config.py", "/lib/node/cycle.mpy", MANIFEST]


@pytest.mark.parametrize("scene", SCENES)
def test_the_board_remembers_which_node_it_is_and_nothing_stays_in_the_stage(scene: str) -> None:
    disk = {**SCENES[scene], **MINE}
    found, manifest = seen(disk), disk.get(MANIFEST)
    todo = plan.make(NEW, found, manifest, KNOWN, (), None, "shed")
    disk = staged(disk, todo)
    for words in todo.steps:
        step(disk, words)
    assert plan.node_of(disk[MANIFEST]) == "shed"
    assert not [path for path in disk if path.startswith(STAGE)]
    again = plan.make(NEW, seen(disk), disk[MANIFEST], KNOWN, (), None, "shed")
    assert (again.steps, again.changed) == ([], [])
    renamed = plan.make(NEW, seen(disk), disk[MANIFEST], KNOWN, (), None, "attic")
    assert (renamed.changed, [words[2] for words in renamed.steps]) == ([], [MANIFEST])


@pytest.mark.parametrize("torn", [None, b"", b"{", b"[]", b"7", b'{"node": 7}', b'{"version": 1, "files": {}}'])
def test_a_board_that_does_not_know_who_it_is(torn: bytes | None) -> None:
    assert plan.node_of(torn) is None


def test_what_an_earlier_deploy_left_goes_and_what_somebody_changed_stays() -> None:
    disk = {**OLD, **MINE, MANIFEST: listing(OLD)}
    assert make(disk, NEW).removed == ["/lib/node/lamp.mpy"]
    todo = make({**disk, "/lib/node/lamp.mpy": b"his own"}, NEW)
    assert todo.removed == []
    assert any("/lib/node/lamp.mpy" in note for note in todo.notes)


def test_a_foreign_main_is_kept() -> None:
    end = states({"/main.py": b"blink"}, NEW)[-1]
    assert (end["/main.py"], end["/main.before.py"]) == (b"guard 2", b"blink")
    again = states({**end, "/main.py": b"blink 2"}, NEW)[-1]  # somebody put one there after a deploy
    assert again["/main.before.py"] == b"blink"
    assert "/main.before.py" not in states({"/main.py": b"# 0.0.9\nfrom node import cycle\n"}, NEW)[-1]


@pytest.mark.parametrize("path", ["/mqtt.py", "/mqtt/simple.py", "/node/mine.mpy", "/lib/node/link/mine.py"])
def test_what_hides_a_module_and_is_not_ours_is_named(path: str) -> None:
    with pytest.raises(DormouseError, match=path.replace(".", r"\.")):
        make({**OLD, path: b"mine"}, NEW)


def test_a_folder_hides_a_module_even_when_it_is_empty() -> None:
    found = seen({}, {"/lib/node/link", "/node"})
    todo = plan.make(NEW, found, None, KNOWN)
    assert {words[1] for words in todo.steps if words[0] == "rmdir"} == {"/lib/node/link", "/node"}
    with pytest.raises(DormouseError, match="/config"):  # nobody knows what is in it
        plan.make(NEW, seen({}, {"/config"}), None, KNOWN)


def test_space_is_checked_before_anything_is_copied() -> None:
    todo = make({}, {**NEW, "/lib/node/link.mpy": bytes(90_000)})
    plan.space(todo, THERE, seen({}))
    small = Firmware(*("esp32", "a board", (1, 29, 0), 6, True, "", 4096), free=190_000)
    with pytest.raises(DormouseError, match="190000 bytes free"):
        plan.space(todo, small, seen({}))
    left = {f"{STAGE}/old": bytes(90_000)}
    plan.space(make(left, {**NEW, "/lib/node/link.mpy": bytes(90_000)}), small, seen(left))


FROZEN = ("main", *(path.rpartition(".")[0].removeprefix("/lib").lstrip("/") for path in NEW if path.count("/") > 1))


def test_beside_frozen_modules_only_settings_are_copied_and_what_hides_them_goes() -> None:
    todo = make({}, NEW, FROZEN)
    assert sorted(todo.changed) == ["/config.py", "/credentials.py"]
    assert make({}, NEW, FROZEN[1:]).changed == ["/main.py", "/config.py", "/credentials.py"]
    todo = make({**OLD, MANIFEST: listing(OLD)}, NEW, FROZEN)
    assert set(todo.removed) == {path for path in OLD if path not in ("/config.py", "/credentials.py")}
    assert "/power" in {words[1] for words in todo.steps if words[0] == "rmdir"}
    with pytest.raises(DormouseError, match=r"/power/mine\.py.*frozen"):
        make({"/power/mine.py": b"mine"}, NEW, FROZEN)
    with pytest.raises(DormouseError, match="lack node/link"):
        make({}, NEW, tuple(name for name in FROZEN if name != "node/link"))
