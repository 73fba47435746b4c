"""What a deploy does to a board, worked out on the PC alone.

Every changed file is first copied into a folder of its own, where nothing imports it: so far an interruption changes nothing.
Then one list of steps, which the board does by itself in a second or so, puts them in place. It begins with closing the door,
that is, taking node.cycle away, without which main.py can only sleep for half an hour and try again; and it ends with opening
it. So old and new modules never run together, wherever the power fails; and main.py itself is always whole.

On littlefs, that is: a rename there happens or does not. FAT (the Nano RP2040 Connect) removes the old file first
(extmod/vfs_fat.c), so for an instant there may be no main.py; it is only replaced when it has changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from dormouse.deploying.found import MANIFEST, STAGE, Firmware, Found
from dormouse.errors import DormouseError

MAIN, CONFIG, CREDENTIALS = "/main.py", "/config.py", "/credentials.py"
FOREIGN_MAIN = "/main.before.py"
_OUR_MAIN = b"from node import cycle"  # copied by hand, or of another version
_DOOR = "/lib/node/cycle"
_DOORS = ("/node/cycle.py", "/node/cycle.mpy", "/lib/node/cycle.py", "/lib/node/cycle.mpy")
_AWAY = STAGE + "/door"
# In the root they hide the packages of /lib, and frozen ones: sys.path is '', .frozen, /lib.
_HIDING = ("/node", "/mqtt")
_FROZEN_PACKAGES = ("/node", "/mqtt", "/power", "/sensors", "/boards")
_SUFFIXES = (".py", ".mpy")
# For readings that wait for the broker, settings and a traceback: what node.outbox and node.log may take, and again as much.
RESERVE_BYTES = 64 * 1024
Step = tuple[str, ...]  # ("mv", from, to), ("rm", file), ("rmdir", folder), ("mkdir", folder)


@dataclass
class Plan:
    """A deploy. copied: place in the stage to content, what must still be copied; changed, removed: paths, for the user; steps:
    for the board; discard: what an interrupted deploy left in the stage."""

    wanted: dict[str, bytes]
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    copied: dict[str, bytes] = field(default_factory=dict)
    discard: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    @property
    def new_bytes(self) -> int:
        """The size of what is copied."""
        return sum(map(len, self.copied.values()))


def make(
    wanted: Mapping[str, bytes],
    found: Found,
    manifest: bytes | None,
    known: Collection[str],
    frozen: Collection[str] = (),
    foreign_main: bytes | None = None,
    node: str | None = None,
) -> Plan:
    """Plan a deploy.

    Arguments: wanted, the node's files, path on the board to content; found, what is there; manifest, the content of
    /dormouse.json there; known, the template's modules as paths on a board without their suffix; frozen, "node/cycle";
    foreign_main, the content of a main.py that is there and not Dormouse's; node, its name, which the board then remembers.
    Raises DormouseError when something of the user's hides what is copied, or the frozen modules are not enough.
    """
    ours = _listed(manifest)
    wanted = dict(wanted)
    is_frozen = "node/cycle" in frozen
    if is_frozen:
        wanted = _beside_frozen(wanted, frozen)
    plan = Plan(wanted)
    stale = _stale(plan, found, ours, known, is_frozen)
    plan.changed = [path for path in wanted if found.hash(path) != _hash(wanted[path])]
    if foreign_main is not None and _OUR_MAIN not in foreign_main and found.hash(FOREIGN_MAIN) is None:
        wanted = {FOREIGN_MAIN: foreign_main, **wanted}
        plan.changed.insert(0, FOREIGN_MAIN)
        plan.notes.append(f"the main.py on the board is not Dormouse's: kept as {FOREIGN_MAIN[1:]}")
    _steps(plan, wanted, found, ours, stale, (node_of(manifest), node))
    return plan


def is_foreign(found: Found, manifest: bytes | None, content: bytes) -> bool:
    """Whether main.py on the board is somebody else's. content: of the template's."""
    return MAIN in found.files and MAIN not in _listed(manifest) and found.hash(MAIN) != _hash(content)


def node_of(manifest: bytes | None) -> str | None:
    """Which node a board is, by the list that a deploy left there. manifest: its content; None: there is none."""
    try:
        name = json.loads(manifest or b"{}").get("node")
    except (ValueError, AttributeError):
        return None
    return name if isinstance(name, str) else None


def space(plan: Plan, there: Firmware, found: Found) -> None:
    """Check that there is room. Old and new are there at the same time. Raises DormouseError that says how much is missing."""
    blocks = sum(_blocks(len(content), there.block) for content in plan.copied.values())
    blocks += 2 * sum(step[0] == "mkdir" for step in plan.steps) + 4  # two each on littlefs; the stage and the list of steps
    free = there.free + sum(_blocks(found.files[path][0], there.block) * there.block for path in plan.discard)
    needed = blocks * there.block + RESERVE_BYTES
    if needed > free:
        raise DormouseError(
            f"the board has {free} bytes free, and {needed} are needed ({plan.new_bytes} in {len(plan.copied)} files, and "
            f"{RESERVE_BYTES} for the readings): remove files of yours, mpremote ls -r"
        )


def script(plan: Plan) -> bytes:
    """The steps as the text that the board reads, a line each."""
    return "".join("\t".join(step) + "\n" for step in plan.steps).encode()


def _stale(plan: Plan, found: Found, ours: Mapping[str, str], known: Collection[str], is_frozen: bool) -> list[str]:
    """Files to remove. Raises DormouseError for what hides a module and is not ours to remove."""
    wanted = plan.wanted
    stale = []
    for path, (_, digest) in sorted(found.files.items()):
        stem, _, suffix = path.rpartition(".")
        if path in wanted or path.startswith(STAGE + "/") or path == MANIFEST:
            continue
        package = path[: path.find("/", 1)] if path.count("/") > 1 else stem
        if path in ours:
            if ours[path] and digest.startswith(ours[path]):
                stale.append(path)
                continue
            plan.notes.append(f"{path} is not needed any more, but somebody has changed it on the board: left")
        if suffix == "py" and f"{stem}.mpy" in wanted:
            stale.append(path)  # foo.py is found before foo.mpy
        elif package in _HIDING and "/lib" + stem in known:
            stale.append(path)  # a copy of src/ in the root
        elif is_frozen and package in _FROZEN_PACKAGES and stem in known:
            stale.append(path)  # hides the frozen one
    left = {path for path in found.files if path not in stale}
    hiding = _FROZEN_PACKAGES if is_frozen else _HIDING
    modules = {path.rpartition(".")[0] for path in wanted}
    for place in (*hiding, *(path for path in found.folders if path in modules)):
        own = [path for path in left if path.startswith(place + "/") or path in {place + suffix for suffix in _SUFFIXES}]
        own = [path for path in own if path not in wanted]
        if not own and place in found.folders and place.count("/") == 1 and place not in _FROZEN_PACKAGES:
            own = [place]  # nobody has looked into it
        if own:
            what = "the firmware's frozen modules" if is_frozen else f"what belongs in {'/lib' if place in _HIDING else place}"
            raise DormouseError(f"{', '.join(sorted(own))} on the board would hide {what}: move it away, mpremote rm :{own[0]}")
    return stale


def _steps(
    plan: Plan,
    wanted: Mapping[str, bytes],
    found: Found,
    ours: Mapping[str, str],
    stale: list[str],
    nodes: tuple[str | None, str | None],
) -> None:
    plan.removed = stale
    kept = {path: _hash(content)[:16] for path, content in plan.wanted.items()}
    final = _listing(kept, nodes[1])
    dropped = {path: ours.get(path, (found.hash(path) or "")[:16]) for path in stale}
    between = _listing({**dropped, **kept}, nodes[0])
    gone = _emptied(found, stale, wanted)
    if not plan.changed and not stale and not gone and found.hash(MANIFEST) == _hash(final):
        plan.discard = [path for path in found.files if path.startswith(STAGE + "/")]
        return
    staged = {path: f"{STAGE}/{_hash(path.encode() + wanted[path])[:16]}" for path in plan.changed}
    needed = {staged[path]: wanted[path] for path in plan.changed}
    listings = (between, final) if dropped else (final,)
    lists = [f"{STAGE}/{_hash(text)[:16]}" for text in listings]
    needed.update(zip(lists, listings))
    plan.copied = {place: content for place, content in needed.items() if found.hash(place) != _hash(content)}
    plan.discard = [path for path in found.files if path.startswith(STAGE + "/") and path not in needed]

    def put(paths: list[str]) -> list[Step]:
        return [("mv", staged[path], path) for path in paths]

    steps: list[Step] = [("mv", lists[0], MANIFEST)] if dropped else []
    doors = [path for path in _DOORS if path in found.files] if len(plan.changed) + len(stale) > 1 else []
    opened: list[Step] = []
    for path in doors:
        if path in wanted and path not in plan.changed:
            steps.append(("mv", path, _AWAY))
            opened = [("mv", _AWAY, path)]
        elif path not in stale:
            steps.append(("rm", path))
    # A stale door is shut first, too.
    steps += [("rm", path) for path in stale if path in doors]
    last = [path for path in plan.changed if _is_last(path)]
    door = [path for path in plan.changed if path.rpartition(".")[0] == _DOOR]
    first = [path for path in plan.changed if path in (FOREIGN_MAIN, MAIN)]
    steps += put(first)
    steps += [("mkdir", folder) for folder in _missing(found, plan.changed)]
    steps += put([path for path in plan.changed if path not in (*first, *door, *last)])
    steps += [("rm", path) for path in stale if path not in doors]
    steps += [("rmdir", folder) for folder in gone]
    steps += put(sorted(last, key=lambda path: (path == CONFIG, path == CREDENTIALS)))
    steps += put(door) + opened
    plan.steps = [*steps, ("mv", lists[-1], MANIFEST)]


def _is_last(path: str) -> bool:
    # Of the root: config.py, credentials.py, certificates.
    return path.count("/") == 1 and path not in (FOREIGN_MAIN, MAIN)


def _beside_frozen(wanted: dict[str, bytes], frozen: Collection[str]) -> dict[str, bytes]:
    """What is still copied when the modules are in the firmware. Raises DormouseError when it lacks some."""
    result, missing = {}, []
    for path, content in wanted.items():
        stem = path.rpartition(".")[0].removeprefix("/lib").lstrip("/")
        if path.count("/") == 1:
            if stem not in frozen:
                result[path] = content
        elif stem not in frozen and stem != "node/names":
            missing.append(stem)
    if missing:
        raise DormouseError(f"the firmware's frozen modules lack {', '.join(sorted(missing))}: build it anew, docs/freeze.md")
    return result


def _missing(found: Found, paths: list[str]) -> list[str]:
    folders = set()
    for path in paths:
        parts = path.split("/")[1:-1]
        folders.update("/" + "/".join(parts[: i + 1]) for i in range(len(parts)))
    return sorted(folders - found.folders)


def _emptied(found: Found, stale: list[str], wanted: Mapping[str, bytes]) -> list[str]:
    """Folders of ours that are empty in the end, deepest first: even an empty one hides a module of its name."""
    left = [*(path for path in found.files if path not in stale), *wanted]
    ours = {path.rsplit("/", 1)[0] for path in stale} | {folder for folder in found.folders if folder in _HIDING}
    modules = {path.rpartition(".")[0] for path in wanted}
    ours |= {folder for folder in found.folders if folder in modules}
    ours |= {parent for folder in ours for parent in _parents(folder)}
    empty = [folder for folder in ours - {"", "/lib"} if not any(path.startswith(folder + "/") for path in left)]
    return sorted((folder for folder in empty if folder in found.folders), key=lambda folder: (-folder.count("/"), folder))


def _parents(folder: str) -> list[str]:
    parts = folder.split("/")[1:-1]
    return ["/" + "/".join(parts[: i + 1]) for i in range(len(parts))]


def _listed(manifest: bytes | None) -> dict[str, str]:
    try:
        files = json.loads(manifest or b"{}").get("files", {})
        return {str(path): str(digest) for path, digest in files.items()}
    except (ValueError, AttributeError):
        return {}  # torn, or not ours: nothing in it is removed


def _listing(files: Mapping[str, str], node: str | None) -> bytes:
    listing = {"version": 1, **({"node": node} if node else {}), "files": dict(sorted(files.items()))}
    return json.dumps(listing, separators=(",", ":")).encode()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _blocks(size: int, block: int) -> int:
    return -(-max(size, 1) // block)
