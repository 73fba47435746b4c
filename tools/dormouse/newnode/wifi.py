"""The Wi-Fi network that this computer is in, where one of the systems' own programs tells it at once."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable

_TIMEOUT_S = 2.0


def _of_nmcli(text: str) -> str:
    # nmcli(1), --terse: ":" and "\" of a value have a "\" before them.
    found = re.search(r"^\*:(.+)$", text, re.MULTILINE)
    return re.sub(r"\\(.)", r"\1", found[1]) if found else ""


def _of_iwgetid(text: str) -> str:
    return text.strip("\r\n")


def _of_netsh(text: str) -> str:
    found = re.search(r"^\s*SSID\s*: (.+?)\s*$", text, re.MULTILINE)
    return found[1] if found else ""


_PROGRAMS: tuple[tuple[tuple[str, ...], Callable[[str], str]], ...] = (
    (("nmcli", "--terse", "--fields", "IN-USE,SSID", "device", "wifi", "list", "--rescan", "no"), _of_nmcli),
    (("iwgetid", "--raw"), _of_iwgetid),
    (("netsh", "wlan", "show", "interfaces"), _of_netsh),
)


def ssid() -> str | None:
    """The network's name; None when no program tells it. Never an error, at most some seconds."""
    for command, read in _PROGRAMS:
        program = shutil.which(command[0])
        if program is None:
            continue
        try:
            done = subprocess.run(
                [program, *command[1:]], capture_output=True, stdin=subprocess.DEVNULL, timeout=_TIMEOUT_S, check=False
            )
        except (OSError, subprocess.SubprocessError):
            continue
        if done.returncode == 0 and (name := read(done.stdout.decode("utf-8", "replace"))):
            return name
    return None
