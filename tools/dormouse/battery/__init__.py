"""How long the battery lasts, and what takes its charge: a model (dormouse.energy), from the settings and board.toml.

cells: what each type of battery is. wakes: how long the phases of a wake take. life: what a day takes, and how long that goes
on. traces, samples: the same from a trace of `dormouse simulate`, and from a measured current. The rest: what is shown.
"""
