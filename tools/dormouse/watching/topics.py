"""The topics of nodes below TOPIC: filters to subscribe to, and whose a topic is."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dormouse.errors import UsageError

READINGS = ("readings", "history")
COUNTED = (*READINGS, "log", "result")
STATE = ("status", "report")
LEAVES = (*COUNTED, *STATE)


class Topics:
    """The topics of one TOPIC. Arguments: template, such as "dormouse/{name}" (a + is taken for {name}); name, the only node's
    where the template names none.

    Raises UsageError.
    """

    def __init__(self, template: str, name: str | None = None) -> None:
        text = template.strip("/").removesuffix("/#").replace("+", "{name}")
        if not text or text.count("{name}") > 1 or any(letter in text.replace("{name}", "") for letter in "#{}\0"):
            raise UsageError(f"--topic {template!r}; allowed: a topic with {{name}} in it once, such as dormouse/{{name}}")
        self.template = text
        self._name = name or text.rpartition("/")[2]
        before, _, after = text.partition("{name}")
        # The name has no slash: it is a level, or a part of one.
        self._pattern = re.compile(re.escape(before) + ("([^/]+)" if "{name}" in text else "") + re.escape(after) + r"/(\w+)")

    @property
    def fleet(self) -> bool:
        """Whether there can be more nodes than one."""
        return "{name}" in self.template

    def base(self, name: str) -> str:
        """A node's topic."""
        return self.template.replace("{name}", name)

    def split(self, topic: str) -> tuple[str, str] | None:
        """(node's name, leaf) of a topic; None when it is no node's."""
        found = self._pattern.fullmatch(topic)
        if found is None:
            return None
        name, leaf = found.groups() if self.fleet else (self._name, found[1])
        return (name, leaf) if leaf in LEAVES and not (self.fleet and name == "all") else None

    def filters(self, leaves: Sequence[str], names: Sequence[str] = ()) -> list[list[str]]:
        """Filters for these leaves: a list for each of these nodes, else one for all. Each list is one SUBSCRIBE."""
        if not self.fleet:
            return [[f"{self.template}/{leaf}" for leaf in leaves]]
        if names:
            return [[f"{self.base(name)}/{leaf}" for leaf in leaves] for name in names]
        # A + stands for a whole level.
        base = "/".join("+" if "{name}" in level else level for level in self.template.split("/"))
        return [[f"{base}/{leaf}" for leaf in leaves]]
