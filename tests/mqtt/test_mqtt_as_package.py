"""package.json, what `mip install` copies to a board: the client, whole, and nothing that only CPython needs."""

from __future__ import annotations

import json

from clientkit import ROOT


def test_the_package_lists_every_module_of_the_client() -> None:
    package = json.loads((ROOT / "package.json").read_text())
    listed = dict(package["urls"])
    modules = {f"mqtt/{path.name}" for path in (ROOT / "src" / "mqtt").glob("*.py")} - {"mqtt/cpython.py"}
    assert set(listed) == modules | {"mqtt_as.py"}
    for target, source in listed.items():
        assert source == f"src/{target}"
        assert (ROOT / source).is_file()
