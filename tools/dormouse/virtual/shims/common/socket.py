# Sockets over the interpreter's own, as lwIP's behave: addresses are tuples, nothing works without a link, names are resolved
# by the virtual world, UDP port 123 goes to its time server.
import io as _io
import time as _time
import uselect as _uselect
import usocket as _usocket
from usocket import AF_INET, SOCK_DGRAM, SOCK_STREAM

import _wire

SOCK_RAW = 3
IPPROTO_IP = 0
IPPROTO_TCP = 6
TCP_NODELAY = _wire.model["tcp_nodelay"]
SOL_SOCKET = 4095 if _wire.model["platform"] == "esp32" else 1  # lwIP's BSD sockets, or extmod/modlwip.c
SO_REUSEADDR = 4
SO_BROADCAST = 32

_ERRNO = _wire.model["errno"]  # Linux's number (text) to the port's


def _need_link():
    if not _wire.link():
        raise OSError(_wire.model["no_route"])


def _port_error(e):
    return OSError(_ERRNO.get(str(e.args[0]), e.args[0]))


def getaddrinfo(_host, _port, _af=0, _type=0, _proto=0, _flags=0):
    host = _host
    parts = host.split(".")
    if not (len(parts) == 4 and all(p.isdigit() for p in parts)):
        # ESP32 waits inside lwip_getaddrinfo(), where no callback runs: there the supervisor answers late.
        ms, ip = _wire.call(b"dns", host.encode()).decode().split()
        _time.sleep_ms(int(ms))
        if ip == "-":
            raise OSError(_wire.model["dns_error"])
        host = ip
    return [(AF_INET, _type or SOCK_STREAM, _proto, "", (host, _port))]


def _packed(address):
    host, port = address
    if not isinstance(host, str):
        raise TypeError("can't convert 'bytes' object to str implicitly")
    host = getaddrinfo(host, port)[0][-1][0]
    return _usocket.getaddrinfo(host, port)[0][-1]


def _tuple(packed):
    return ".".join([str(b) for b in packed[4:8]]), packed[2] << 8 | packed[3]


class socket(_io.IOBase):
    def __init__(self, _af=AF_INET, _type=SOCK_STREAM, _proto=0):
        self._open(_usocket.socket(AF_INET, _type), _type)

    def _open(self, s, type):
        self._s = s
        self._udp = type == SOCK_DGRAM
        self._timeout = None  # seconds; 0 is non-blocking
        self._ntp = None
        self._poll = _uselect.poll()
        self._poll.register(self._s, _uselect.POLLIN)
        self._s.setblocking(False)

    def _wait(self, flags):
        # Blocking calls wait in slices: soft timers and Ctrl-C come through between them, as on the ports.
        if self._timeout == 0:
            raise OSError(11)
        end = None if self._timeout is None else _time.ticks_add(_time.ticks_ms(), int(self._timeout * 1000))
        self._poll.modify(self._s, flags)
        while True:
            if _wire.link():
                if self._poll.poll(20):
                    return
            else:
                _time.sleep_ms(20)  # nothing comes and nothing goes
            if end is not None and _time.ticks_diff(end, _time.ticks_ms()) <= 0:
                raise OSError(_ERRNO.get("110", 110))

    def _retry(self, flags, f, *args):
        while True:
            if _wire.link() or flags == _uselect.POLLOUT:
                try:
                    r = f(*args)
                    if r is not None:
                        return r
                except OSError as e:
                    if e.args[0] != 11:
                        raise _port_error(e)
            self._wait(flags)

    def connect(self, _address):
        address = _address
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
            self._wait(_uselect.POLLOUT)
            try:
                self._s.connect(_packed(address))
            except OSError as e:
                if e.args[0] not in (106, 114):
                    raise _port_error(e)

    def bind(self, _address):
        host = _address[0] or "0.0.0.0"
        try:
            self._s.bind(_packed((host, _address[1])))
        except OSError as e:
            raise _port_error(e)

    def listen(self, _backlog=2):  # modlwip.c, esp32/modsocket.c: the same default
        self._s.listen(_backlog)

    def accept(self):
        s, address = self._retry(_uselect.POLLIN, self._s.accept)
        new = object.__new__(socket)
        new._open(s, SOCK_STREAM)
        return new, _tuple(address)

    def setblocking(self, _value):
        self._timeout = None if _value else 0

    def settimeout(self, _value):
        self._timeout = _value

    def setsockopt(self, _level, _option, _value):
        # Linux's numbers to the interpreter.
        if _level == SOL_SOCKET and _option == SO_REUSEADDR:
            self._s.setsockopt(1, 2, _value)
        elif _level == IPPROTO_TCP and _option == TCP_NODELAY:
            self._s.setsockopt(6, 1, _value)
        else:
            print("Warning: lwip.setsockopt() not implemented")

    def send(self, _data):
        return self._retry(_uselect.POLLOUT, self._s.send, _data)

    def write(self, _data):
        try:
            return self.send(_data)
        except OSError as e:
            if e.args[0] != 11:
                raise

    def sendall(self, _data):
        data = memoryview(_data)
        while data:
            data = data[self.send(data):]

    def recv(self, _n):
        return self._retry(_uselect.POLLIN, self._s.recv, _n)

    def read(self, _n=-1):
        n = _n
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

    def readinto(self, _buf, _n=None):
        data = self._more(_n or len(_buf), b"")
        if data is None:
            return None
        _buf[: len(data)] = data
        return len(data)

    def readline(self):
        out = b""
        while not out.endswith(b"\n"):
            c = self._more(1, out)
            if not c:
                return out or c
            out += c
        return out

    def sendto(self, _data, _address):
        address = _address
        _need_link()
        if address[1] == 123:
            self._ntp = address
            address = ("127.0.0.1", _wire.number(b"ntp"))
        return self._retry(_uselect.POLLOUT, self._s.sendto, _data, _packed(address))

    def recvfrom(self, _n):
        data, address = self._retry(_uselect.POLLIN, self._s.recvfrom, _n)
        return data, self._ntp or _tuple(address)

    def makefile(self, _mode="rb", _buffering=0):
        return self

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
