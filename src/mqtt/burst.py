# A sleeper's whole MQTT session: everything in one write, answers in any order, the queue drained, gone again.
from errno import ECONNRESET, ETIMEDOUT
from time import ticks_add, ticks_diff, ticks_ms

from micropython import const

_CONNACK = const(0x20)
_PUBLISH = const(0x30)
_PUBACK = const(0x40)
_SUBACK = const(0x90)
_PINGRESP = const(0xD0)
_PROTOCOL = const(0x82)

_PINGREQ = const(b"\xc0\0")
_DISCONNECT = const(b"\xe0\0")
_FENCE = const(10)  # a broker holds back what exceeds its window (mosquitto: 20 unacknowledged): ask again after so many


def _pid(waiting, index, pid):
    # Note who waits for this packet identifier, and return it; 0: one that is free.
    if not pid:
        pid = 65535
        while pid in waiting:
            pid -= 1
    elif pid in waiting:
        raise ValueError("pid")
    waiting[pid] = index
    return pid


def _put(out, waiting, items, acked, again):
    # Append the PUBLISHes. acked: None for results, which nobody sends a second time.
    from .packet import publish

    for i, (name, payload, retain, qos, pid, dup) in enumerate(items):
        if not (acked and acked[i]):
            publish(out, name, payload, retain, qos, qos and _pid(waiting, i if acked else -1, pid), dup or again)


async def exchange(
    server, client_id, port=1883, publish=(), subscribe=(), on_message=None, acked=None, user=None, password=None, keepalive=60,
    clean=False, will=None, timeout_ms=8000, quiet_ms=20, pipeline=True, ssl=None,
):
    """One session: connect, publish, subscribe, take what is queued, disconnect. Two round trips.

    server: host name or address. port: TCP. client_id, user, password, keepalive (s), clean, will: as packet.connect().
    publish: sequence of (topic, payload, retain, qos, pid, dup), asked for its items once for each try. pid 0: chosen here,
        from 65535 down; the others must differ from these and from each other (ValueError).
    acked: bytearray as long as publish. [i] becomes 1 once the PUBACK of publish[i] is in, and stays so if this raises; what
        is 1 is not sent.
    subscribe: sequence of (filter, qos).
    on_message(topic, payload, retain, dup): called with (bytes, bytes, bool, bool) before the message is acknowledged. It may
        return a list of publish tuples (results): they go out in the same write as the acknowledgement. A message longer than
        1024 bytes is acknowledged and counted, but not given to it.
    timeout_ms: for everything, except that a port asks its name server in its own time.
    quiet_ms: the silence that ends the drain. Not waited for without subscription and session: nothing can come.
    pipeline: True: all in one write; once more, step by step (CONNACK awaited), if the broker dropped that or left it
        unanswered for half the time. False: step by step at once.
    ssl: None or an SSLContext, which checks the certificate for the name `server`.

    Returns (session_present, granted, received, pipelined). granted: SUBACK's codes (bytes), 0x80 is a refusal. received:
    messages, over-long ones included. pipelined: False when it went step by step: ask for that the next time.

    Raises MQTTError (refused, or a broken packet: no second try), OSError (ETIMEDOUT, ECONNRESET...), and ValueError or
    TypeError before anything is sent. Source: MQTT 3.1.1, 3.1.4: a client need not wait for CONNACK.
    """
    # Loaded here, when the coroutine has its place in memory: later a small heap has no piece left that is large enough.
    from .errors import MQTTError
    from .packet import connect, subscribe as ask
    from .parser import parse
    from .transport import open, read, resolve, write

    until = ticks_add(ticks_ms(), timeout_ms)
    acked = acked or bytearray(len(publish))
    spare = 0  # ms of the time kept back, until everything is answered, for trying again step by step
    while True:
        waiting = {}
        out = bytearray(192 * len(publish) + 128)  # about what it takes: it keeps its place, and seldom moves while it grows
        out[:] = b""
        connect(out, client_id, user, password, keepalive, clean, will)
        rest = out if pipeline else bytearray()
        _put(rest, waiting, publish, acked, spare)
        if subscribe:
            ask(rest, _pid(waiting, -1, 0), subscribe)
        rest += _PINGREQ
        if pipeline:
            rest = b""
        sock = await open(resolve(server, port)[0], until, ssl, server)
        spare = ticks_diff(until, ticks_ms()) // 2 if pipeline else 0
        try:
            await write(sock, out, until)
            out = bytearray()  # acknowledgements and results not yet sent
            acks = received = 0  # acknowledgements in it; messages in all
            pings = 1  # not yet answered
            present = n = None
            granted = b""
            steps = parse()
            while True:
                item = steps.send(n)
                if isinstance(item, tuple):
                    kind, flags, pid, first, second = item
                    n = None
                    if (kind == _CONNACK) != (present is None):
                        raise MQTTError(_PROTOCOL, -1)
                    if kind == _CONNACK:
                        if pid:
                            raise MQTTError(pid)
                        present = flags
                        await write(sock, rest, until)
                    elif kind == _PUBLISH:
                        received += 1
                        if first and on_message:
                            _put(out, waiting, on_message(first, second, flags % 2 == 1, flags > 7) or (), None, False)
                        if pid:
                            out += bytes((0x40, 2, pid >> 8, pid & 255))
                            acks += 1
                    elif kind == _PINGRESP:
                        pings -= 1
                    else:
                        n = waiting.pop(pid, -1)
                        if kind == _SUBACK:
                            granted = first
                        elif kind == _PUBACK and n >= 0:
                            acked[n] = 1
                        n = None
                else:  # all that has come is used up
                    answered = present is not None and not waiting
                    done = answered and pings < 1
                    left = ticks_diff(until, ticks_ms()) - (0 if answered else spare)
                    n = None
                    if acks < _FENCE and left > 0:
                        if done or out:
                            left = min(left, quiet_ms if out or present or granted else 0)
                        n = await read(sock, item, ticks_add(ticks_ms(), left))
                    if not n:
                        if out and n is None:
                            if acks >= _FENCE:
                                out += _PINGREQ
                                pings += 1
                                done = False
                            await write(sock, out, until)
                            out = bytearray()
                            n = acks = 0
                        elif not done and (n == 0 or not answered):
                            raise OSError(ETIMEDOUT if n is None else ECONNRESET)
                        if done or n is None:
                            break
            try:
                sock.write(_DISCONNECT)
            except OSError:  # the broker was faster
                pass
            return present, granted, received, pipeline
        except OSError as error:
            if not spare or isinstance(error, MQTTError):
                raise
        finally:
            sock.close()
        pipeline = False
