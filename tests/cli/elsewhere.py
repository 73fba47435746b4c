"""Run by test_elsewhere.py in a Python of its own: the command where POSIX's modules and functions are not.

What Windows' Python lacks is taken away from this package: its modules may not import it, and os, signal, select and socket
have not got it. The standard library and the packages from PyPI keep what they need: they have a way of their own there,
which they choose by sys.platform. There is no MicroPython interpreter, no make, no shell and no broker.

Arguments: a JSON list of command lines, each a list of words. Prints a JSON list of (exit status, stdout, stderr).
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import pkgutil
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile  # these choose their ways when they are loaded
import traceback
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path

# docs.python.org/3/library: "Availability: Unix".
MODULES = {
    "termios", "tty", "pty", "fcntl", "resource", "grp", "pwd", "readline", "curses", "syslog", "crypt", "spwd", "posix",
    "micropython_unix",
}  # fmt: skip
OF_OS = (
    "fork", "forkpty", "openpty", "geteuid", "getuid", "getegid", "getgid", "getgroups", "setuid", "setgid", "setsid",
    "setpgid", "getpgid", "getpgrp", "killpg", "ttyname", "tcgetpgrp", "ctermid", "chown", "fchown", "lchown",
    "fchmod", "mkfifo", "mknod", "nice", "getpriority", "uname", "sysconf", "getloadavg", "sched_setscheduler",
    "sched_setaffinity", "sched_getaffinity", "SCHED_FIFO", "posix_openpt", "login_tty", "pipe2",
    "set_blocking", "wait", "wait3", "wait4", "waitid", "readv", "writev", "pread", "pwrite", "preadv", "pwritev",
    "memfd_create", "eventfd", "statvfs", "sync", "unshare", "setns", "O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY",
    "O_DIRECTORY", "O_NOFOLLOW", "O_SYNC", "WEXITSTATUS", "WIFEXITED",
)  # fmt: skip
OF_SIGNAL = (
    "SIGUSR1", "SIGUSR2", "SIGKILL", "SIGHUP", "SIGALRM", "SIGCHLD", "SIGPIPE", "SIGQUIT", "SIGSTOP", "SIGCONT", "SIGWINCH",
    "SIGRTMIN", "alarm", "setitimer", "pthread_kill", "pthread_sigmask", "sigwait", "siginterrupt", "pause",
)  # fmt: skip


class Blocker(MetaPathFinder):
    """Lets nothing of this package import what is not there, neither itself nor through another of its modules."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name.partition(".")[0] in MODULES and _ours():
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


def _ours() -> bool:
    frame = sys._getframe(2)
    while frame is not None and "importlib" in frame.f_code.co_filename:
        frame = frame.f_back
    return frame is None or frame.f_globals.get("__name__", "").partition(".")[0] == "dormouse"


def take_away() -> None:
    """From now on this is another system."""
    for name in MODULES:
        sys.modules.pop(name, None)
    sys.meta_path.insert(0, Blocker())
    for module, names in ((os, OF_OS), (signal, OF_SIGNAL), (select, ("poll", "epoll")), (socket, ("AF_UNIX", "AF_NETLINK"))):
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    shutil._use_fd_functions = False
    os.supports_dir_fd.clear()


def every_module() -> list[str]:
    """The modules of this package that do not import here: module and why. The virtual board may be missing, and says so."""
    import dormouse

    wrong = []
    for found in pkgutil.walk_packages(dormouse.__path__, "dormouse."):
        if found.name.startswith("dormouse.virtual.shims") or found.name.endswith("__main__"):
            continue
        try:
            __import__(found.name)
        except Exception:  # noqa: BLE001
            wrong.append(f"{found.name}: {traceback.format_exc().splitlines()[-1]}")
    return wrong


def run(words: list[str]) -> tuple[int, str, str]:
    """One command line."""
    from dormouse.cli import main

    # What a Windows' Python writes to a file or a pipe by default, strictly.
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="cp1252", newline="\n") for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main(words)
        except BaseException:  # noqa: BLE001
            traceback.print_exc()
            status = -1
    for stream in (out, err):
        stream.seek(0)
    return status, out.read(), err.read()


if __name__ == "__main__":
    import asyncio
    import importlib.metadata
    import multiprocessing

    import serial.tools.list_ports

    loaded = (subprocess, tempfile, asyncio, multiprocessing, importlib.metadata, serial, Path)
    take_away()
    found = every_module() if not sys.argv[2:] else []
    json.dump([found, *(run(words) for words in json.loads(sys.argv[1]))], sys.stdout)
