"""The topics of nodes below TOPIC: filters to subscribe to, and whose a topic is."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dormouse.errors import UsageError

READINGS = ("readings", "history")
COUNTED = (*READINGS, "log", "result")
STATE = ("status", "report")
LEAVES = (*COUNTED, *STATE)
SERVICES = ("plain", "homeassistant")  # of config.py's SERVICE: those whose nodes have these topics
_HOLES = ("{name}", "{user}")


class Topics:
    """The topics of one TOPIC. Raises UsageError.

    Arguments: template, such as "dormouse/{name}" or "nodes/{user}/{name}" (a + is taken for {name}); name, the only node's
    where the template names none; user, whose nodes are called by their name alone. Another user's are called USER/NAME, unless
    the two are one word or the name was asked for (filters()).
    """

    def __init__(self, template: str, name: str | None = None, user: str | None = None) -> None:
        text = template.strip("/").removesuffix("/#").replace("+", "{name}")
        rest = text.replace("{name}", "").replace("{user}", "")
        if not text or any(text.count(hole) > 1 for hole in _HOLES) or any(letter in rest for letter in "#{}\0"):
            raise UsageError(f"--topic {template!r}; allowed: a topic with {{name}} in it once, such as dormouse/{{name}}")
        self.template = text
        self._name, self._user = name or text.rpartition("/")[2], user
        self._asked: frozenset[str] = frozenset()
        self._users: dict[str, str] = {}  # of the nodes that were heard
        # A name has no slash: it is a level, or a part of one.
        parts = [f"(?P<{part[1:-1]}>[^/]+)" if part in _HOLES else re.escape(part) for part in re.split(r"(\{\w+\})", text)]
        self._pattern = re.compile("".join(parts) + r"/(?P<leaf>\w+)")

    @property
    def fleet(self) -> bool:
        """Whether there can be more nodes than one of a user."""
        return "{name}" in self.template

    def base(self, node: str) -> str:
        """A node's topic. node: as split() calls it."""
        user, name = self._parts(node)
        return self._fill(name, user or self._users.get(node) or self._user or name)

    def everybody(self) -> list[str]:
        """The topics on which all nodes that were heard listen, one for each user."""
        users = sorted(set(self._users.values())) if "{user}" in self.template else [""]
        return [self._fill("all", user) for user in users]

    def split(self, topic: str) -> tuple[str, str] | None:
        """(node, leaf) of a topic; None when it is no node's."""
        found = self._pattern.fullmatch(topic)
        if found is None or found["leaf"] not in LEAVES:
            return None
        groups = found.groupdict()
        name, user = groups.get("name", self._name), groups.get("user")
        if self.fleet and name == "all":
            return None
        node = name if user in (None, self._user, name) or name in self._asked else f"{user}/{name}"
        if user is not None:
            self._users[node] = user
        return node, found["leaf"]

    def filters(self, leaves: Sequence[str], names: Sequence[str] = ()) -> list[list[str]]:
        """Filters for these leaves: a list for each of these nodes, else one for all. Each list is one SUBSCRIBE."""
        self._asked |= frozenset(names)
        bases = []
        for node in names if self.fleet else ():
            user, name = self._parts(node)
            bases.append(_levels(self._fill(name, user or "{user}")))
        return [[f"{base}/{leaf}" for leaf in leaves] for base in bases or [_levels(self.template)]]

    def _parts(self, node: str) -> tuple[str, str]:
        user, _, name = node.rpartition("/")
        return (user, name) if "{user}" in self.template else ("", node)

    def _fill(self, name: str, user: str) -> str:
        return self.template.replace("{name}", name).replace("{user}", user)


def _levels(text: str) -> str:
    # A + stands for a whole level.
    return "/".join("+" if any(hole in level for hole in _HOLES) else level for level in text.split("/"))
