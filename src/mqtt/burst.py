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


def _put(out, publish, waiting, items, acked, again):
    # Append the PUBLISHes. acked: None for results, which nobody sends a second time.
    for i, (name, payload, retain, qos, pid, dup, *more) in enumerate(items):
        if not (acked and acked[i]):
            publish(out, name, payload, retain, qos, qos and _pid(waiting, i if acked else -1, pid), dup or again, *more)


async def exchange(
    server, client_id, port=1883, publish=(), subscribe=(), on_message=None, acked=None, user=None, password=None, keepalive=60,
    clean=False, will=None, timeout_ms=8000, quiet_ms=20, pipeline=True, ssl=None, host=None, v5=None, fence=10, ask=(),
):
    """One session: connect, publish, subscribe, take what is queued, disconnect. Two round trips.

    server: host name or address. port: TCP. client_id, user, password, keepalive (s), clean, will: as packet.connect().
    publish: sequence of (topic, payload, retain, qos, pid, dup), asked for its items once for each try. pid 0: chosen here,
        from 65535 down; the others must differ from these and from each other (ValueError).
    acked: bytearray as long as publish. [i] becomes 1 once the PUBACK of publish[i] is in, and stays so if this raises; what
        is not 0 is not sent. MQTT 5: a code of 0x80 or above when the server refused it.
    subscribe: sequence of (filter, qos).
    on_message(topic, payload, retain, dup): called with (bytes, bytes, bool, bool) before the message is acknowledged. It may
        return a list of publish tuples (results): they go out in the same write as the acknowledgement. A message longer than
        1024 bytes is acknowledged and counted, but not given to it.
    timeout_ms: for everything, except that a port asks its name server in its own time.
    quiet_ms: the silence that ends the drain. Not waited for without subscription and session, when nothing can come, nor for a
        second time after results.
    pipeline: True: all in one write; once more, step by step (CONNACK awaited), if the broker dropped that or left it
        unanswered for half the time. False: step by step at once.
    ssl: None or an SSLContext, which checks the certificate for the name `host`, None: for `server`.
    v5: a v5.V5 for MQTT 5: publish's tuples may have a seventh item, properties, and subscribe's qos is the options byte.
    fence: a server holds back what exceeds its window of unacknowledged messages (mosquitto's: 20): after so many it is asked
        again. With MQTT 5 not more than the receive maximum (0x21).
    ask: publish tuples that go behind the SUBSCRIBE, because they are answered at once on what it asks for.

    Returns (session_present, granted, received, pipelined). granted: SUBACK's codes (bytes), 0x80 is a refusal. received:
    messages, over-long ones included. pipelined: False when it went step by step: ask for that the next time.

    Raises MQTTError (refused, or a broken packet: no second try), OSError (ETIMEDOUT, ECONNRESET...), and ValueError or
    TypeError before anything is sent. Source: MQTT 3.1.1, 3.1.4: a client need not wait for CONNACK.
    """
    # About what it takes: it keeps its place, and seldom moves while it grows. Made, and the rest loaded, once the coroutine
    # has its place in memory: later a small heap has no piece left that is large enough. So it is kept for a second try.
    room = bytearray(192 * len(publish) + 128)
    from . import packet
    from .parser import failure, parse
    from .transport import open, read, resolve, write

    until = ticks_add(ticks_ms(), timeout_ms)
    acked = acked or bytearray(len(publish))
    codec = v5 or packet
    spare = 0  # ms of the time kept back, until everything is answered, for trying again step by step
    while True:
        waiting = {}
        room[:] = b""
        rest = room
        out = rest if pipeline else bytearray()
        codec.connect(out, client_id, user, password, keepalive, clean, will)
        _put(rest, codec.publish, waiting, publish, acked, spare)
        if subscribe:
            codec.subscribe(rest, _pid(waiting, -1, 0), subscribe)
        _put(rest, codec.publish, waiting, ask, None, spare)
        rest += _PINGREQ
        if pipeline:
            rest = b""
        sock = await open(resolve(server, port), until, ssl, host or server)
        spare = ticks_diff(until, ticks_ms()) // 2 if pipeline else 0
        try:
            await write(sock, out, until)
            out = bytearray()  # acknowledgements and results not yet sent
            acks = received = 0  # acknowledgements since the last PINGREQ; messages in all
            pings = 1  # not yet answered
            present = n = None
            granted = b""
            steps = parse(1024, v5.body) if v5 else parse()
            while True:
                item = steps.send(n)
                n = None
                if isinstance(item, tuple):
                    kind, flags, pid, first, second = item
                    if (kind == _CONNACK) != (present is None):
                        raise failure(_PROTOCOL, -1)
                    if kind == _CONNACK:
                        if pid:
                            raise failure(pid)
                        present = flags
                        await write(sock, rest, until)
                    elif kind == _PUBLISH:
                        received += 1
                        if first and on_message:
                            spare = 0  # it answers: nothing is to be tried again
                            room = rest = bytearray()
                            second = on_message(first, second, flags % 2 == 1, flags > 7)
                            _put(out, codec.publish, waiting, second or (), None, False)
                        if pid:
                            out += bytes((0x40, 2, pid >> 8, pid & 255))
                            acks += 1
                    elif kind == _PINGRESP:
                        pings -= 1
                    else:
                        i = waiting.pop(pid, -1)
                        if kind == _SUBACK:
                            granted = first
                        elif kind == _PUBACK and i >= 0:
                            acked[i] = first[0] if first else 1
                else:  # all that has come is used up
                    answered = present is not None and not waiting
                    done = answered and pings < 1
                    left = ticks_diff(until, ticks_ms()) - (0 if answered else spare)
                    if acks < fence and left > 0:
                        if done or out:
                            left = min(left, quiet_ms if out or present or granted else 0)
                        n = await read(sock, item, ticks_add(ticks_ms(), left))
                    if not n:
                        if out and n is None:
                            if acks >= fence:
                                out += _PINGREQ
                                pings += 1
                                acks = 0
                                done = False
                            await write(sock, out, until)
                            out = bytearray()
                            n = 0
                            if waiting and pings < 1:
                                quiet_ms = 0  # it was silent once, and the results' PUBACK comes after what it held back
                        elif not done and (n == 0 or not answered):
                            raise OSError(ETIMEDOUT if n is None else ECONNRESET)
                        if done or n is None:
                            break
            try:
                sock.write(codec.goodbye)
            except OSError:  # the broker was faster
                pass
            return present, granted, received, pipeline
        except OSError as error:
            if not spare or hasattr(error, "retry"):
                raise
        finally:
            sock.close()
        pipeline = False
