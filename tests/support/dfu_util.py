"""A program named dfu-util that checks its words and answers as dfu-util does; there is no boot loader behind it."""

from __future__ import annotations

import sys
from pathlib import Path

# dfu-util 0.11's own words
_PROGRAM = """#!{python}
import pathlib, shutil, sys
here = pathlib.Path(__file__).parent
(here / "words").open("a").write(" ".join(sys.argv[1:]) + "\\n")
if sys.argv[1:] == ["-l"]:
    if not (here / "absent").exists():
        print('Found DFU: [0483:df11] ver=0200, devnum=9, cfg=1, intf=0, path="1-1", alt=0, name="@Internal Flash", serial="1"')
    sys.exit(0)
if (here / "fails").exists():
    print((here / "fails").read_text(), file=sys.stderr)
    sys.exit(74)
assert sys.argv[1:-1] == ["-d", "0483:df11", "-a", "0", "-D"]
shutil.copy(sys.argv[-1], here / "written")
for share in (0, 40, 100):
    print(f"\\rDownload\\t[=====     ] {{share:3}}%    4096 bytes", end="", flush=True)
print("\\nDownload done.")
"""


def install(folder: Path) -> Path:
    """Make the program in a new folder, for PATH. What it was told is in the file `words` there, what it got in `written`."""
    folder.mkdir()
    (folder / "dfu-util").write_text(_PROGRAM.format(python=sys.executable))
    (folder / "dfu-util").chmod(0o755)
    return folder
