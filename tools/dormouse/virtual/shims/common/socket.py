# Sockets over the interpreter's own, as lwIP's behave: addresses are tuples, nothing works without a link, names are resolved
# by the virtual world, UDP port 123 goes to its time server.
import io
import time
import uselect
import usocket
from usocket import AF_INET, SO_REUSEADDR, SOCK_DGRAM, SOCK_STREAM, SOL_SOCKET

import _wire

SOCK_RAW = 3
IPPROTO_IP = 0
IPPROTO_TCP = 6
IPPROTO_UDP = 17
TCP_NODELAY = _wire.model["tcp_nodelay"]
SO_BROADCAST = 6
SO_KEEPALIVE = 9

_ERRNO = _wire.model["errno"]  # Linux's number (text) to the port's


def _need_link():
    if not _wire.link():
        raise OSError(_wire.model["no_route"])


def _port_error(e):
    return OSError(_ERRNO.get(str(e.args[0]), e.args[0]))


def getaddrinfo(host, port, af=0, type=0, proto=0, flags=0):
    parts = host.split(".")
    if not (len(parts) == 4 and all(p.isdigit() for p in parts)):
        # ESP32 waits inside lwip_getaddrinfo(), where no callback runs: there the supervisor answers late.
        ms, ip = _wire.call(b"dns", host.encode()).decode().split()
        time.sleep_ms(int(ms))
        if ip == "-":
            raise OSError(_wire.model["dns_error"])
        host = ip
    return [(AF_INET, type or SOCK_STREAM, proto, "", (host, port))]


def _packed(address):
    host, port = address
    if not isinstance(host, str):
        raise TypeError("can't convert 'bytes' object to str implicitly")
    host = getaddrinfo(host, port)[0][-1][0]
    return usocket.getaddrinfo(host, port)[0][-1]


def _tuple(packed):
    return ".".join([str(b) for b in packed[4:8]]), packed[2] << 8 | packed[3]


class socket(io.IOBase):
    def __init__(self, af=AF_INET, type=SOCK_STREAM, proto=0, _s=None):
        self._s = _s or usocket.socket(AF_INET, type)
        self._udp = type == SOCK_DGRAM
        self._timeout = None  # seconds; 0 is non-blocking
        self._ntp = None
        self._poll = uselect.poll()
        self._poll.register(self._s, uselect.POLLIN)
        self._s.setblocking(False)

    def _wait(self, flags):
        # Blocking calls wait in slices: soft timers and Ctrl-C come through between them, as on the ports.
        if self._timeout == 0:
            raise OSError(11)
        end = None if self._timeout is None else time.ticks_add(time.ticks_ms(), int(self._timeout * 1000))
        self._poll.modify(self._s, flags)
        while True:
            if _wire.link():
                if self._poll.poll(20):
                    return
            else:
                time.sleep_ms(20)  # nothing comes and nothing goes
            if end is not None and time.ticks_diff(end, time.ticks_ms()) <= 0:
                raise OSError(_ERRNO.get("110", 110))

    def _retry(self, flags, f, *args):
        while True:
            if _wire.link() or flags == uselect.POLLOUT:
                try:
                    r = f(*args)
                    if r is not None:
                        return r
                except OSError as e:
                    if e.args[0] != 11:
                        raise _port_error(e)
            self._wait(flags)

    def connect(self, address):
        _need_link()
        if self._udp:
            self._peer = address
            if address[1] == 123:
                self._ntp = address
                address = ("127.0.0.1", _wire.number(b"ntp"))
            self._s.connect(_packed(address))
            return
        try:
            self._s.connect(_packed(address))
        except OSError as e:
            if e.args[0] != 115:
                raise _port_error(e)
            if self._timeout == 0:
                raise OSError(_ERRNO.get("115", 115))
            self._wait(uselect.POLLOUT)
            try:
                self._s.connect(_packed(address))
            except OSError as e:
                if e.args[0] not in (106, 114):
                    raise _port_error(e)

    def bind(self, address):
        host = address[0] or "0.0.0.0"
        try:
            self._s.bind(_packed((host, address[1])))
        except OSError as e:
            raise _port_error(e)

    def listen(self, backlog=1):
        self._s.listen(backlog)

    def accept(self):
        s, address = self._retry(uselect.POLLIN, self._s.accept)
        return socket(_s=s), _tuple(address)

    def setblocking(self, value):
        self._timeout = None if value else 0

    def settimeout(self, value):
        self._timeout = value

    def setsockopt(self, level, option, value):
        if level == SOL_SOCKET and option == SO_REUSEADDR:
            self._s.setsockopt(level, option, value)
        elif level == IPPROTO_TCP and option == TCP_NODELAY:
            self._s.setsockopt(level, 1, value)  # Linux's number
        else:
            print("Warning: lwip.setsockopt() not implemented")

    def send(self, data):
        return self._retry(uselect.POLLOUT, self._s.send, data)

    def write(self, data):
        try:
            return self.send(data)
        except OSError as e:
            if e.args[0] != 11:
                raise

    def sendall(self, data):
        data = memoryview(data)
        while data:
            data = data[self.send(data):]

    def recv(self, n):
        return self._retry(uselect.POLLIN, self._s.recv, n)

    def read(self, n=-1):
        if n < 0:
            out = b""
            while True:
                part = self._more(512, out)
                if not part:
                    return out if part is not None or out else None
                out += part
        out = self._more(n, b"")
        while out and len(out) < n:
            part = self._more(n - len(out), out)
            if not part:
                break
            out += part
        return out

    def _more(self, n, have):
        try:
            return self.recv(n)
        except OSError as e:
            if e.args[0] != 11:
                raise
            return None

    def readinto(self, buf, n=None):
        data = self._more(n or len(buf), b"")
        if data is None:
            return None
        buf[: len(data)] = data
        return len(data)

    def readline(self):
        out = b""
        while not out.endswith(b"\n"):
            c = self._more(1, out)
            if not c:
                return out or c
            out += c
        return out

    def sendto(self, data, address):
        _need_link()
        if address[1] == 123:
            self._ntp = address
            address = ("127.0.0.1", _wire.number(b"ntp"))
        return self._retry(uselect.POLLOUT, self._s.sendto, data, _packed(address))

    def recvfrom(self, n):
        data, address = self._retry(uselect.POLLIN, self._s.recvfrom, n)
        return data, self._ntp or _tuple(address)

    def makefile(self, mode="rb", buffering=0):
        return self

    def fileno(self):
        return self._s.fileno()

    def ioctl(self, request, arg):
        if request == 3:
            if not _wire.link():
                return 0
            self._poll.modify(self._s, arg)
            for _, event in self._poll.ipoll(0):
                return event
            return 0
        if request == 4:
            self._s.close()
            return 0
        return -1

    def close(self):
        self._s.close()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()
