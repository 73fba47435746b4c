# What the firmware does before main.py: build the modules of the port, mount the flash, run boot.py and main.py.
import builtins
import gc
import json
import sys

import _wire

_wire.open_pipes(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[5]))
_wire.model = _m = json.loads(_wire.call(b"hello"))
if _m["heap"]:
    gc.threshold(1024)  # what stays lies together at the beginning of the heap: the firmware gets the rest in one piece

import time

_wire.rtc = _m["rtc_ms"] - time.ticks_ms()

import errno
import machine
import network
import os
import select
import socket
import _sys

for _name in _m["modules"]:
    __import__(_name)

import vfs
from _flash import Flash

machine._setup(int(sys.argv[3]))
_flash = Flash(int(sys.argv[4]), _m["blocks"], not _m["heap"])
vfs.umount("/")
vfs.mount(vfs.VfsLfs2(_flash, readsize=32, progsize=32, lookahead=32), _m["root"])
os.chdir(_m["root"])
sys.path[:] = _m["path"]
sys.argv[:] = []
sys.modules["sys"] = _sys
_globals = __import__("__main__").__dict__
_import = builtins.__import__


def _mark(phase, ticks):
    gc.collect()
    _wire.call(b"mark", _wire.pack("<qI", ticks, gc.mem_free()) + phase.encode())


def _hook(*args):
    # power.awake tells the phases of a wake; its budget is divided as the modelled times are.
    module = _import(*args)
    awake = sys.modules.get("power.awake")
    if awake and hasattr(awake, "mark"):
        builtins.__import__ = _import
        awake.on_mark = _mark
        awake.MS_PER_S = 1000 // _m["speed"]
    return module


def _run(name):
    try:
        open(name).close()
    except OSError:
        return
    try:
        execfile(name, _globals)
    except SystemExit:
        if machine._soft:
            _wire.end(b"soft_reset")
    except BaseException as e:
        sys.print_exception(e)


def _grow_names():
    # The table of names doubles when it is full (py/qstr.c). With the shims' names in it the firmware would meet a larger
    # step than on a board, in the middle of a wake: take the step now. The supervisor charges the firmware for its own names.
    used = gc.mem_alloc()
    i = 0
    while gc.mem_alloc() - used < 6000:  # the step to 640 names, more than any node adds
        used = gc.mem_alloc()
        getattr(gc, "q%d" % i, None)
        i += 1


if _m["heap"]:
    _grow_names()
del _grow_names
builtins.__import__ = _hook
del sys.modules["_vboot"], sys.modules["_flash"], sys.modules["_sys"]
gc.threshold(-1)
gc.collect()
_wire.call(b"main", _wire.pack("<II", gc.mem_alloc(), gc.mem_free()))
_run("boot.py")
if not _m["raw"]:
    _run("main.py")
_wire.call(b"repl")
