"""/discovery.txt: what the node publishes, retained, so that Home Assistant knows its entities.

One message per line: topic, a tab, the payload as JSON. @E@ in it stands for expire_after in seconds, which only the node knows
(src/node/discovery.py). A line without a payload removes an entity that an earlier deploy made. The first line has no tab: a
mark of the others, by which the node sees a change without reading them all.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dormouse import boards
from dormouse.errors import DormouseError
from dormouse.homeassistant.entities import Entity, entities
from dormouse.settings import Settings

PATH = "/discovery.txt"
SERVICE = "homeassistant"
PREFIX = "homeassistant"  # Home Assistant's own default
_EXPIRE = "@E@"
_GONE = 32  # lines of removed entities, at most: a node sends them again after each power-up


def text(root: Path, read: Settings, prefix: str = PREFIX) -> bytes:
    """The file for a node. Arguments: root, the template; read, its settings; prefix, Home Assistant's discovery prefix.

    Raises DormouseError without a NAME: only the chip knows what it would be then.
    """
    name = read["NAME"]
    if name is None:
        raise DormouseError(
            f"{read.base.file}: NAME is None, and SERVICE = {SERVICE!r} needs one: Home Assistant knows the node by it, also "
            'when its board was replaced; for instance NAME = "kitchen"'
        )
    found = entities(root, read.values)
    base = read["TOPIC"].replace("{name}", name)
    about = _device(root, read)
    lines = []
    for entity in found:
        lines.append(f"{_topic(prefix, name, entity)}\t{_payload(name, base, entity, about)}\n")
        # Whoever gets the messages in another order needs the name in each, and nothing else.
        about = {key: about[key] for key in ("ids", "name")}
    return _marked("".join(lines).encode())


def merged(new: bytes, former: bytes | None) -> bytes:
    """What goes to a board that has a file already: before the new lines one without payload for each entity that went.

    Arguments: new, of text(); former, what is on the board. Entities of another node's name are left alone: they may be
    another board's by now. Lines without payload stay, the newest 32: the board may not have sent them yet.
    """
    kept = set(topics(new))
    mine = {_node(topic) for topic in kept}
    gone = [topic for topic in topics(former) if topic not in kept and _node(topic) in mine]
    return _marked(b"".join(topic + b"\t\n" for topic in gone[-_GONE:]) + new.partition(b"\n")[2])


def updated(wanted: Mapping[str, bytes], former: bytes | None) -> tuple[dict[str, bytes], list[str]]:
    """A deploy's files with what the board's former file asks for, and notes for the user.

    Arguments: wanted, path on the board to content; former, the board's /discovery.txt, None where there is none.
    """
    result = dict(wanted)
    if PATH in result:
        result[PATH] = merged(result[PATH], former)
    notes = [
        f"the board was {name} in Home Assistant, and no longer is: unless another board has that name, delete the device there"
        for name in sorted(names(former) - names(wanted.get(PATH)))
    ]
    return result, notes


def topics(former: bytes | None) -> list[bytes]:
    """The discovery topics in a file, those without a payload first; whatever else is in it is left out."""
    found = dict.fromkeys(
        (topic, bool(payload))
        for topic, tab, payload in (line.partition(b"\t") for line in (former or b"").splitlines())
        if tab and _node(topic)
    )
    return [topic for topic, there in found if not there] + [topic for topic, there in found if there]


def names(former: bytes | None) -> set[str]:
    """The names of the nodes whose entities are in a file."""
    return {_node(topic).decode("ascii", "replace") for topic in topics(former)}


def _marked(lines: bytes) -> bytes:
    return hashlib.sha256(lines).hexdigest()[:16].encode() + b"\n" + lines


def _node(topic: bytes) -> bytes:
    """The node's name in a discovery topic of ours, empty in another."""
    parts = topic.split(b"/")
    ours = len(parts) >= 5 and parts[-1] == b"config" and parts[-3].startswith(b"dormouse-")
    return parts[-3][len(b"dormouse-") :] if ours else b""


def _topic(prefix: str, name: str, entity: Entity) -> str:
    return f"{prefix}/{entity.component}/dormouse-{name}/{entity.key}/config"


def _payload(name: str, base: str, entity: Entity, about: dict[str, str]) -> str:
    meaning = entity.meaning
    words: dict[str, Any] = {
        "~": base,
        "name": meaning.name,
        "uniq_id": f"dormouse-{name}-{entity.key}",
        "stat_t": f"~/{entity.leaf}",
        "val_tpl": entity.template,
        "dev_cla": meaning.device_class,
        "unit_of_meas": meaning.unit,
        "stat_cla": meaning.state_class,
        "sug_dsp_prc": meaning.precision,
        "ent_cat": entity.category,
        **entity.more,
    }
    if entity.expires:
        words["exp_aft"] = _EXPIRE
    if entity.online:
        words.update(avty_t="~/status", avty_tpl=f"{{{{'online' if {entity.online} else 'offline'}}}}")
    words["dev"] = about
    chosen = {key: value for key, value in words.items() if value is not None}
    made = json.dumps(chosen, ensure_ascii=False, separators=(",", ":"))
    # An @ of the user's own is not the placeholder.
    return made.replace("@", "\\u0040").replace('"exp_aft":"\\u0040E\\u0040"', f'"exp_aft":{_EXPIRE}')


def _device(root: Path, read: Settings) -> dict[str, str]:
    name, title = read["NAME"], boards.read(root, read["BOARD"])["title"]
    about = {"ids": f"dormouse-{name}", "name": name, "mf": "Dormouse", "mdl": title, "sw": _version(root)}
    if read["AREA"]:
        about["sa"] = read["AREA"]
    return about


def _version(root: Path) -> str:
    """The template's, as the node's report has it."""
    found = re.search(r'^VERSION = "([^"]+)"', (root / "src" / "node" / "about.py").read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else "unknown"
