"""The parts of docs/battery.md that are made, its picture, and the table of what the node's own code takes."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from rich.console import Console

from dormouse import energy, made_parts, phases, settings
from dormouse.battery import assumptions, cells, draw, life, wakes, whatif
from dormouse.battery.life import Life
from dormouse.battery.words import months_text, title
from dormouse.errors import DormouseError, UsageError
from dormouse.project import board_names, shown
from dormouse.virtual import models

DOCUMENT, PICTURE = "docs/battery.md", "docs/battery.svg"
_MEASURED_ON = ("esp8266", "feather_s2", "pyboard_d")  # one of each port with its own way of joining
_MAH = 3600.0


def renew(root: Path, check: bool, measure: bool) -> None:
    """Write the document and its picture, or compare them. measure: the code's times first.

    Raises DormouseError when something is stale, UsageError for a document without its marks.
    """
    if measure:
        if check:
            raise UsageError("--measure-code writes, --check does not")
        wakes.CODE_FILE.write_text(_code(root), encoding="utf-8")
        wakes.code_ms.cache_clear()
        print(f"wrote {shown(wakes.CODE_FILE)}")
    path, picture = root / DOCUMENT, root / PICTURE
    text = made_parts.read(path)
    name, found, rows = _example(root)
    fresh = _filled(root, found, rows)
    drawn = draw.svg(name, found, rows)
    if check:
        stale = [DOCUMENT] if fresh != text else []
        stale += [PICTURE] if not picture.is_file() or numbers(made_parts.read(picture)) != numbers(drawn) else []
        if stale:
            raise DormouseError(f"{', '.join(stale)}: stale; run dormouse battery --write")
        print(f"{DOCUMENT} and {PICTURE} are fresh")
        return
    path.write_text(fresh, encoding="utf-8")
    picture.write_text(drawn, encoding="utf-8")
    print(f"wrote {shown(path)} and {shown(picture)}")


def numbers(svg: str) -> list[str]:
    """What a picture says: its texts, in their order. How it looks is the drawing library's, and changes with its releases."""
    return [text.strip() for text in re.findall(r"<(?:text|desc|title)[^>]*>([^<]+)<", svg) if text.strip()]


def _example(root: Path) -> tuple[str, Life, list[whatif.Row]]:
    read = settings.load(root)
    basis = whatif.Basis(root, read, wakes.Assumed(), {})
    return read.base.file, basis.life(), whatif.rows(basis, ("WAKE_EVERY_S=60, UPLOAD_EVERY=4",))


def _filled(root: Path, found: Life, rows: Sequence[whatif.Row]) -> str:
    parts = {
        "example": _example_text(found, rows),
        "assumptions": _table(("what", "value", "source"), assumptions.rows(found, root)),
        "boards": _boards(root),
        "batteries": _batteries(),
    }
    return made_parts.filled(root / DOCUMENT, {f"dormouse battery: {name}": made for name, made in parts.items()})


def _example_text(found: Life, rows: Sequence[whatif.Row]) -> str:
    day = found.day_mc
    draws = [(it.name, *_mah(it.mc), f"{it.mc.typical / day.typical:.0%}") for it in found.draws]
    draws.append(("a day", *_mah(day), "100%"))
    every = [whatif.Row("as it is", found), *rows]
    ifs = [(row.name, months_text(row.life), f"{row.life.day_mc.typical / _MAH:.2f}") for row in every]
    head = f"{title('config.py', found)}: about **{months_text(found)}**."
    first = _table(("what takes the charge", "mAh a day", "range", "part"), draws)
    return f"{head}\n\n{first}\n{_table(('what if', 'lasts', 'mAh a day'), ifs)}"


def _mah(mc: cells.Spread) -> tuple[str, str]:
    return f"{mc.typical / _MAH:.3f}", f"{mc.low / _MAH:.3f} to {mc.high / _MAH:.3f}"


def _boards(root: Path) -> str:
    lines = []
    for board in board_names(root):
        read = settings.load(root, board=board)
        found = life.of(read, root)
        upload, quiet = (found.kinds[name] for name in (wakes.UPLOAD, wakes.QUIET))
        told = models.read(board, root / "boards")["currents"]["deepsleep"]
        cells_ = f"{told['value']:g} {told['unit']}", f"{upload.awake_ms:.0f} ms, {upload.total_mc(found.currents):.0f} mC"
        more = f"{quiet.awake_ms:.0f} ms, {quiet.total_mc(found.currents):.0f} mC", f"{found.day_mc.typical / _MAH:.2f}"
        lines.append((f"`{board}`", *cells_, *more, months_text(found)))
    head = ("board", "asleep", "a wake that uploads", "one that only measures", "mAh a day", "lasts")
    return _table(head, lines)


def _batteries() -> str:
    lines = []
    for kind, cell in cells.CELLS.items():
        lost = f"{cell.loss.typical:.2%} ({cell.loss.low:.2%} to {cell.loss.high:.2%})"
        cold = ", ".join(f"{part:.0%} at {celsius:g} °C" for celsius, part in cell.cold)
        more = "; ".join(filter(None, (cell.loss_source, cell.cold_source, cell.shelf_source, cell.step_up_source)))
        lines.append((f"`{kind}`", cell.title, lost, cold, f"{cell.shelf_months:.0f}", f"{cell.step_up:.2f}", more))
    head = ("type", "what", "lost a month", "gives", "months on the shelf", "mA for 1 mA of the board", "sources")
    return _table(head, lines)


def _code(root: Path) -> str:
    """What the code takes in each phase: what virtual boards measured, less what board.toml and the drivers say."""
    found: dict[str, list[float]] = {}
    console = Console(stderr=True)
    for board in _MEASURED_ON:
        with console.status(board) if console.is_terminal else Console(quiet=True).status("") as status:
            rows = {row.name: row for row in phases.good_wakes(root, board, 5, status.update)}
        facts, read = models.read(board, root / "boards"), settings.load(root, board=board)
        sensors_ms = wakes.sensing(root, read).ms
        times = facts["virtual"]
        waits_ms = facts["rails"]["settle_ms"] + sensors_ms
        join_ms = times["radio_ms"] + times["associate_bssid_ms"] - min(sensors_ms, energy.LEAD_MS)
        warm, alone = rows["warm"], rows["no upload"]
        own = {name: float(warm.ms(name)) for name in ("start", "clock", "mqtt", "finish", "sleep") if warm.ms(name)}
        own["measure"], own["measure alone"] = warm.ms("measure") - waits_ms, alone.ms("measure") - waits_ms
        own["link"] = warm.ms("link") - join_ms
        for name, ms in own.items():
            found.setdefault(name, []).append(max(0.0, ms))
    ms = {name: round(median(values), 1) for name, values in sorted(found.items())}
    ms.setdefault("clock", wakes.code_ms()["clock"])  # not due in these wakes
    return json.dumps({"made_by": "dormouse battery --measure-code", "boards": list(_MEASURED_ON), "ms": ms}, indent=1) + "\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"
