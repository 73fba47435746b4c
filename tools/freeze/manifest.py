# What is built into the firmware of an ESP8266 (docs/freeze.md): MicroPython's build runs this file, nothing copies it.
# https://docs.micropython.org/en/latest/reference/manifest.html
# include, package and module are the build's:
# ruff: noqa: F821
# pyright: reportUndefinedVariable=false

from pathlib import Path

_ROOT = "../.."
_BOARDS = ("esp8266", "d1_mini")
_NOT_HERE = ("cpython.py",)  # for a PC
_OTHER_CHIPS = ("esp32", "stm32", "rp2", "nina")
_LINES = 2  # -O2 keeps line numbers in tracebacks


def _files(folder: str) -> list[str]:
    found = sorted(Path(folder).glob("*.py"))
    return [path.name for path in found if path.name not in _NOT_HERE and not path.stem.endswith(_OTHER_CHIPS)]


include("$(PORT_DIR)/boards/manifest.py")  # dht, onewire, ds18x20 and the boot files
for _package, _base in (("node", _ROOT + "/src"), ("mqtt", _ROOT + "/src"), ("power", _ROOT), ("sensors", _ROOT)):
    package(_package, files=_files(_base + "/" + _package), base_path=_base, opt=_LINES)
package("node/services", base_path=_ROOT + "/src", opt=_LINES)
package("boards", files=[_board + "/profile.py" for _board in _BOARDS], base_path=_ROOT, opt=_LINES)
module("main.py", base_path=_ROOT, opt=_LINES)
