# sys as the board shows it. The lists and dicts are the interpreter's own.
from sys import argv, byteorder, exit, implementation, modules, path, print_exception, stderr, stdin, stdout
from sys import version, version_info

import _wire

platform = _wire.model["platform"]
maxsize = 0x7FFFFFFF
