# The board's end of the wire to the supervisor: one request, one answer, over two pipes.
# Request: sequence number, length of the name, length of the payload, name, payload.
# Answer: sequence number, status, length, payload.
# Status 0 is good, -32768 is OSError(text), any other OSError(status).
from struct import pack, unpack

_r = _w = None
_seq = 0
rtc = 0  # milliseconds: the RTC's time since 2000 less ticks_ms()
model = None  # the board's numbers, a dict
_page = None
lock = None  # of the pipe: an interrupt's request never comes into the middle of another
busy = False  # a request is under way: a timer's callback must not begin another
page = bytearray(3)  # the radio's state, which costs no call: link up, WLAN.status()


def open_pipes(r, w, p):
    global _r, _w, _page
    _page = open(p, "rb")
    _r = open(r, "rb")
    _w = open(w, "wb")


def link():
    _page.seek(0)
    _page.readinto(page)
    return page[0]


def send(name, payload=b""):
    global _seq
    if lock:
        lock.acquire()
    try:
        _seq = _seq + 1 & 0xFF
        # Two writes: a large payload is not copied on the firmware's heap.
        _w.write(pack("<BBH", _seq, len(name), len(payload)) + name)
        if payload:
            _w.write(payload)
    finally:
        if lock and lock.locked():
            lock.release()


def call(name, payload=b""):
    global busy
    busy = True
    try:
        send(name, payload)
        while True:
            # No jump between the two reads: Ctrl-C cannot come between an answer's head and its body. An answer whose caller
            # was interrupted is still in the pipe: its number is an old one.
            head = _r.read(5)
            body = _r.read(head[3] | head[4] << 8)
            if head[0] == _seq:
                break
    finally:
        busy = False
    status = unpack("<h", head[1:3])[0]
    if status:
        raise OSError(str(body, "utf-8") if status == -32768 else status)
    return body


def array(items, n):
    # What a port's C function takes as so many values (py/obj.c, mp_obj_get_array_fixed_n).
    if not isinstance(items, (tuple, list)):
        raise TypeError("object '{}' isn't a tuple or list".format(type(items).__name__))
    if len(items) != n:
        raise ValueError("requested length {} but object has length {}".format(n, len(items)))


def number(name, payload=b""):
    return unpack("<q", call(name, payload))[0]


def end(name, payload=b""):
    # The supervisor kills the process: as on hardware nothing after it runs, and nothing can catch it.
    global busy
    busy = True
    send(name, payload)
    while True:
        try:
            _r.read(1)
        except BaseException:
            pass
