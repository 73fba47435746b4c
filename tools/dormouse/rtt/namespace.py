"""A network namespace with one TUN device in it. It has no name: it ends with this process, and nothing is left behind."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from dormouse.errors import DormouseError
from dormouse.report import command_name

# linux/sched.h, linux/if_tun.h, linux/sockios.h, linux/if.h
_CLONE_NEWNET = 0x40000000
_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x1, 0x1000
_SIOCGIFFLAGS, _SIOCSIFFLAGS = 0x8913, 0x8914
_SIOCSIFADDR, _SIOCSIFNETMASK = 0x8916, 0x891C
_IFF_UP = 0x1

_TUN = "/dev/net/tun"
_NETMASK = "255.255.255.0"
# What a connection learned must not serve the next one; no IPv6 chatter; the algorithm that lwIP has too (RFC 5681).
_SYSCTLS = {
    "ipv6/conf/all/disable_ipv6": "1",
    "ipv4/tcp_no_metrics_save": "1",
    "ipv4/tcp_congestion_control": "reno",
}

_T = TypeVar("_T")


class Namespace:
    """A network namespace of its own with one address; what the namespace sends comes out of `tun`, a file descriptor.

    Arguments: address, of its TUN device, IPv4; sysctls, more settings below /proc/sys/net, by path.
    Raises DormouseError when this computer or this user cannot have one.
    """

    def __init__(self, address: str, sysctls: dict[str, str] | None = None) -> None:
        self.address = address
        self.tun = -1
        self._self = -1
        _in_thread(self._make, {**_SYSCTLS, **(sysctls or {})})

    def call(self, function: Callable[..., _T], *arguments: object, **named: object) -> _T:
        """Call a function inside, in a thread of its own; the sockets and processes that it makes stay inside."""

        def inside() -> _T:
            _libc("setns", self._self, _CLONE_NEWNET)
            return function(*arguments, **named)

        return _in_thread(inside)

    def close(self) -> None:
        """Give it up; it is gone when the last process in it has ended."""
        for name in ("tun", "_self"):
            number = getattr(self, name)
            setattr(self, name, -1)
            if number >= 0:
                os.close(number)

    def _make(self, sysctls: dict[str, str]) -> None:
        if not sys.platform.startswith("linux"):
            raise DormouseError("a link with a round-trip time needs Linux: network namespaces and TUN devices")
        try:
            _libc("unshare", _CLONE_NEWNET)
            self._self = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            self.tun = _open_tun()
            for name, value in sysctls.items():
                _set(name, value)
            _bring_up("lo", None)
            _bring_up("tun0", self.address)
        except PermissionError as error:
            self.close()
            text = "a link with a round-trip time needs root, for network namespaces and TUN devices"
            raise DormouseError(f"{text}: sudo {command_name()} ..., or unshare -r {command_name()} ...") from error
        except OSError as error:
            self.close()
            raise DormouseError(f"no network namespace with a TUN device: {error}") from error


def _open_tun() -> int:
    import fcntl  # not there on Windows, where all commands must at least start

    try:
        tun = os.open(_TUN, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError:
        raise
    except OSError as error:
        raise DormouseError(f"{_TUN}: {error.strerror} (modprobe tun; in a container: --device {_TUN})") from error
    fcntl.ioctl(tun, _TUNSETIFF, struct.pack("16sH22x", b"tun0", _IFF_TUN | _IFF_NO_PI))
    return tun


def _set(name: str, value: str) -> None:
    path = Path("/proc/sys/net", name)
    if path.exists():  # a kernel may be without IPv6
        path.write_text(value)


def _bring_up(device: str, address: str | None) -> None:
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for request, value in ((_SIOCSIFADDR, address), (_SIOCSIFNETMASK, _NETMASK)):
            if address is not None and value is not None:
                packed = struct.pack("16sHH4s16x", device.encode(), socket.AF_INET, 0, socket.inet_aton(value))
                fcntl.ioctl(control, request, packed)
        answer = fcntl.ioctl(control, _SIOCGIFFLAGS, struct.pack("16sH22x", device.encode(), 0))
        flags = struct.unpack_from("16sH", answer)[1] | _IFF_UP
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH22x", device.encode(), flags))


def _libc(function: str, *arguments: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, function)(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _in_thread(function: Callable[..., _T], *arguments: Any) -> _T:
    """A namespace is a thread's: whoever enters one does so in a thread that ends afterwards."""
    results: list[_T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(function(*arguments))
        except BaseException as error:  # noqa: BLE001  (handed to the caller's thread)
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]
