"""The questions of `dormouse new` on sensors: from the drivers, what each must be given, with what is allowed."""

from __future__ import annotations

from typing import Any

from dormouse import boards as facts
from dormouse import drivers, settings
from dormouse import options as every_sensor
from dormouse.drivers import Driver, Option
from dormouse.errors import UsageError
from dormouse.newnode import words
from dormouse.newnode.ask import Asker
from dormouse.newnode.draft import Draft, about

_NONE = "none"
_FUNCTIONS = ("I2C", "1-Wire")
_OPTION = "--sensor"


def sensors(draft: Draft, given: tuple[str, ...], ask: Asker) -> None:
    """SENSORS. given: the options, such as "air=sht4x"; "none" for no sensor."""
    if given:
        _of_options(draft, given)
        return
    there = draft["SENSORS"]
    wrong = [text for text in draft.problems() if about(text) == "SENSORS"]
    for text in wrong:
        ask.note(text, "yellow")
    if there and not wrong:
        told = ", ".join(f"{name} ({options['driver']})" for name, options in there.items())
        if ask.sure(f"Sensors: {told}. Keep them?", True, _OPTION):
            return
    if ask.yes:
        return
    draft.put("SENSORS", {})
    known = _fitting(draft)
    rows = [(it.name, it.part, ", ".join(it.fields), _needs(it)) for it in known.values()]
    ask.table(("driver", "part", "measures", "must be given"), rows)
    pins = [f"{what}: {which}" for what, which in facts.pins(facts.read(draft.root, draft["BOARD"])) if what in _FUNCTIONS]
    ask.note(f"{draft['BOARD']}: {'; '.join(pins)}")
    while len(draft["SENSORS"]) < _row(draft)[4]:
        name = ask.value(_OPTION, None, "Driver (Enter: no more)", lambda text: _known(text, known), "")
        if not name:
            break
        _one(draft, known[name], ask)


def _of_options(draft: Draft, given: tuple[str, ...]) -> None:
    made: dict[str, Any] = {}
    for text in given:
        try:
            if text == _NONE:
                if len(given) > 1:
                    raise ValueError("beside others; allowed: alone")
                break
            name, entry = words.sensor(text)
            if name in made:
                raise ValueError(f"the name {name!r} is given twice")
            made[name] = entry
            draft.put("SENSORS", made)
        except ValueError as error:
            raise UsageError(f"{_OPTION} {text}: {error}") from None
    draft.put("SENSORS", made)


def _fitting(draft: Draft) -> dict[str, Driver]:
    """The drivers that the board can have. battery: that is BATTERY's."""
    fit = (name for name in drivers.names(draft.root) if not drivers.unfit(draft.root, draft["BOARD"], {"driver": name}))
    return {name: drivers.read(draft.root, name) for name in fit if name != "battery"}


def _known(text: str, known: dict[str, Driver]) -> str:
    if text and text not in known:
        raise ValueError(f"{text!r} is no driver; allowed: {', '.join(known)}")
    return text


def _one(draft: Draft, driver: Driver, ask: Asker) -> None:
    """One sensor, until the check has nothing against it."""
    taken = draft["SENSORS"]
    schema = settings.load_schema(draft.root)

    def name_of(text: str) -> str:
        if text in taken:
            raise ValueError(f"{text!r} is taken; allowed: another name than {', '.join(taken)}")
        if wrong := schema.problem(_row(draft), {text: {"driver": driver.name}}):
            raise ValueError(wrong)
        return text

    name = ask.value(_OPTION, None, "Its name in the readings", name_of, _free(driver.name, taken))
    rows = [[o.name, o.words(), o.note or ""] for o in driver.allowed.values() if not o.needed]
    rows += [[row[0], every_sensor.allowed(row), row[6]] for row in every_sensor.OPTIONS]
    ask.table(("other options", "allowed", "what"), rows)
    said: dict[str, str] = {}
    while True:
        entry: dict[str, Any] = {"driver": driver.name}
        for option in (known for known in driver.allowed.values() if known.needed):
            entry[option.name], said[option.name] = _asked(option, said.get(option.name), ask)
        question = "  Other options, such as every=2,samples=3 (Enter: none)"
        more, said[""] = ask.value(_OPTION, None, question, lambda text: (words.options(text), text), said.get("", ""))
        try:
            draft.put("SENSORS", {**taken, name: {**entry, **more}})
        except ValueError as error:
            ask.note(f"  {error}", "red")
        else:
            return


def _asked(option: Option, default: str | None, ask: Asker) -> tuple[Any, str]:
    note = (option.note or "").partition(": ")[2]

    def value(text: str) -> tuple[Any, str]:
        found = words.constant(text)
        if not option.fits(found):
            raise ValueError(f"{option.name} is {found!r}; allowed: {option.words()}")
        return found, text

    return ask.value(_OPTION, None, f"  {option.name}: {f'{note}; ' if note else ''}{option.words()}", value, default)


def _needs(driver: Driver) -> str:
    return ", ".join(option.name for option in driver.allowed.values() if option.needed)


def _row(draft: Draft) -> Any:
    return next(row for row in settings.load_schema(draft.root).SETTINGS if row[0] == "SENSORS")


def _free(driver: str, taken: dict[str, Any]) -> str:
    return next(name for name in (driver, *(f"{driver}{n}" for n in range(2, 100))) if name not in taken)
