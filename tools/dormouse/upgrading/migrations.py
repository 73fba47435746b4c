"""What became of settings whose name or meaning has changed: `dormouse upgrade` reads this file of the NEW version.

A row is (version, old, new, how), the version being the first with the new name:

- ("0.3.0", "WAKE_EVERY_S", "WAKE_EVERY", "{}"): renamed; how is the new value, with {} for the text of the old one, so a
  change of unit is "({}) * 1000".
- ("0.3.0", "TIMEOUT", "TIMEOUT", "({}) * 1000"): the same name with another meaning. It is done once, by an upgrade from a
  version before that one.
- ("0.3.0", "BATTERY.mah", "BATTERY.capacity_mah", "{}"): an entry of a dictionary; its value stays.
- ("0.3.0", "AREA", None, "TOPIC may have it"): gone; how says what to do instead.

Constants only: the file is read, never run. What is only gone, or only new, needs no row: the schema tells.
"""

MIGRATIONS: tuple[tuple[str, str, "str | None", str], ...] = ()
