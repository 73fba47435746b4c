# errno of the rp2 port: MicroPython's own numbers, which are Linux's; newlib's where a board's firmware has them (Nano RP2040
# Connect: MICROPY_USE_INTERNAL_ERRNO 0).
import _wire

EPERM = 1
ENOENT = 2
EIO = 5
EBADF = 9
EAGAIN = 11
ENOMEM = 12
EACCES = 13
EEXIST = 17
ENODEV = 19
EISDIR = 21
EINVAL = 22
EOPNOTSUPP = 95
ECONNRESET = 104
ENOBUFS = 105
ECONNREFUSED = 111
_of = _wire.model["errno"].get
EADDRINUSE = _of("98", 98)
ECONNABORTED = _of("103", 103)
ENOTCONN = _of("107", 107)
ETIMEDOUT = _of("110", 110)
EHOSTUNREACH = _of("113", 113)
EALREADY = _of("114", 114)
EINPROGRESS = 119 if _wire.model["errno"] else 115
errorcode = {v: k for k, v in globals().items() if k[0] == "E"}
