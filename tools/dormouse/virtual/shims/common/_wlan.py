# What the three WLAN classes share: the radio is a model in the supervisor, which answers with JSON.
import json

import _wire

STA_IF = 0
AP_IF = 1

_country = "XX"
_hostname = None


def ask(op, **args):
    return json.loads(_wire.call(b"wifi", json.dumps([op, args]).encode()))


def country(_code=None):
    global _country
    if _code is None:
        return _country
    if len(_code) != 2:
        raise ValueError
    _country = _code


def hostname(_name=None):
    global _hostname
    if _name is None:
        return _hostname or _wire.model["hostname"]
    if len(_name) > 32:
        raise ValueError
    _hostname = _name


def text(value):
    return value if isinstance(value, str) else str(bytes(value), "utf-8")


def mac(value):
    if value is None:
        return None
    if len(value) != 6:
        raise ValueError
    return list(bytes(value))


class Base:
    # Read and written with config(); what is not here is a ValueError, as on the port. _AP_READ and _AP_WRITE: the access
    # point's, which the ESP ports refuse to a station.
    _READ = _WRITE = _AP_READ = _AP_WRITE = ()
    _ONE = "can query only one param"
    _BOTH = "either pos or kw args are allowed"
    _GOT_IP = 5  # what status() then is

    def __init__(self, _interface=0):
        self._check(_interface)
        self._id = _interface

    def _check(self, number):
        if number not in (0, 1):
            raise ValueError("invalid WLAN interface identifier")

    def active(self, _on=None):
        if _on is None:
            return ask("active", interface=self._id)
        return ask("active", interface=self._id, on=bool(_on))

    def isconnected(self):
        # Not the same as packets that pass: under an address that another machine has, they do not.
        return self._id == 0 and self.status() == self._GOT_IP

    def disconnect(self):
        ask("disconnect")

    def status(self, _param=None):
        if _param is None:
            _wire.link()
            status = _wire.page[1] | _wire.page[2] << 8
            return status - 65536 if status & 0x8000 else status
        if _param == "rssi":
            return ask("rssi")
        raise ValueError("unknown status param")

    def scan(self):
        import time

        if not self.active():
            raise OSError("STA must be active")
        ms = ask("scan")
        if ms < 0:
            return []
        time.sleep_ms(ms)
        return [(n.encode(), bytes(b), c, r, s, h) for n, b, c, r, s, h in ask("found")]

    def ifconfig(self, _four=None):
        if _four is None:
            return tuple(ask("ifconfig"))
        if _four == "dhcp":
            ask("ifconfig", four=_four)
        else:
            _wire.array(_four, 4)
            ask("ifconfig", four=list(_four))

    def ipconfig(self, _name=None, **kwargs):
        if _name:
            name = _name
            ip, mask, gw, dns = ask("ifconfig")
            if name == "addr4":
                return ip, mask
            if name == "gw4":
                return gw
            if name == "dhcp4":
                return ask("dhcp")
            if name == "has_dhcp4":
                return self.isconnected() and ask("dhcp")
            raise ValueError("unexpected key")
        ip, mask, gw, dns = ask("ifconfig")
        for key, value in kwargs.items():
            if key == "addr4":
                ip, mask = value if isinstance(value, tuple) else _mask(value)
            elif key == "gw4":
                gw = value
            elif key == "dhcp4":
                ask("ifconfig", four="dhcp" if value else None)
                return
            else:
                raise ValueError("unexpected key")
        ask("ifconfig", four=[ip, mask, gw, dns])

    def _may(self, name, known, access_point):
        if self._id == 0 and name in access_point:
            raise OSError("AP required")
        if name not in known and name not in access_point:
            raise ValueError("unknown config param")

    def config(self, _name=None, **kwargs):
        if not kwargs:
            if _name is None:
                raise TypeError(self._ONE)
            name = _name
            self._may(name, self._READ, self._AP_READ)
            if name == "hostname" or name == "dhcp_hostname":
                return hostname()
            value = ask("config", get=name)
            return bytes(value) if name == "mac" else value
        if _name is not None:
            raise TypeError(self._BOTH)
        for name, value in kwargs.items():
            self._may(name, self._WRITE, self._AP_WRITE)
            if name == "hostname" or name == "dhcp_hostname":
                hostname(value)
            else:
                ask("config", put=name, to=list(value) if name == "mac" else value)


def _mask(address):
    ip, _, bits = address.partition("/")
    mask = (0xFFFFFFFF << 32 - int(bits or 32)) & 0xFFFFFFFF
    return ip, ".".join([str(mask >> s & 255) for s in (24, 16, 8, 0)])
