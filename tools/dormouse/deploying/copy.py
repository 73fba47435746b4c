"""Carry a plan out on a board: copy into the stage, verify, put in place, verify again."""

from __future__ import annotations

import contextlib
import hashlib
import signal
import threading
from collections.abc import Callable, Iterator

from dormouse.deploying import found as founds
from dormouse.deploying.found import STAGE, Firmware
from dormouse.deploying.link import Link
from dormouse.deploying.plan import Plan, script
from dormouse.errors import DormouseError

_STEPS = STAGE + "/steps"

# It reads the steps line by line: a heap of 30 KiB has no room for them all.
_GO = """
d = {{"mv": os.rename, "rm": os.remove, "rmdir": os.rmdir, "mkdir": os.mkdir}}
with open({path!r}) as f:
 for l in f:
  a = l[:-1].split("\\t")
  d[a[0]](*[{root!r} + p for p in a[1:]])
os.remove({path!r})
os.rmdir({stage!r})
"""


def stage(link: Link, there: Firmware, plan: Plan, progress: Callable[[str, int], None]) -> None:
    """Copy what is new to where nothing imports it, and read it back. progress: told a name and the bytes of it so far.

    Until this returns the board's node is the old one. Raises DormouseError, link.LinkLost.
    """
    for path in plan.discard:
        link.run(f"os.remove({there.root + path!r})")
    if not plan.steps:
        return
    link.run(f"try:\n os.mkdir({there.root + STAGE!r})\nexcept OSError:\n pass")
    names = {content: path for path, content in plan.wanted.items()}
    for place, content in plan.copied.items():
        name = names.get(content, place)
        link.write(there.root + place, content, lambda done, name=name: progress(name, done))  # type: ignore[misc]
        progress(name, len(content))
    here = founds.files(link, there.root)
    for place, content in plan.copied.items():
        _same(here.hash(place), content, names.get(content, place))
    link.write(there.root + _STEPS, script(plan))


def commit(link: Link, there: Firmware, plan: Plan) -> None:
    """Put everything in place, on the board's own; Ctrl-C waits for its end. Then compare every file's hash.

    Raises DormouseError, link.LinkLost.
    """
    with _uninterrupted():
        link.run(_GO.format(path=there.root + _STEPS, stage=there.root + STAGE, root=there.root))
    here = founds.files(link, there.root)
    for path, content in plan.wanted.items():
        _same(here.hash(path), content, path)


def _same(digest: str | None, content: bytes, name: str) -> None:
    if digest != hashlib.sha256(content).hexdigest():
        raise DormouseError(f"{name} is not on the board as it was sent: deploy again; if it stays so, the flash is worn")


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
