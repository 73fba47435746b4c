# A sleeper's whole MQTT session: everything in one write, answers in any order, the queue drained, gone again.
from errno import ECONNRESET, ETIMEDOUT
from time import ticks_add, ticks_diff, ticks_ms

from micropython import const

from . import packet, transport
from .errors import MQTTError
from .parser import parse

_CONNACK = const(0x20)
_PUBLISH = const(0x30)
_PUBACK = const(0x40)
_SUBACK = const(0x90)
_PINGRESP = const(0xD0)
_PROTOCOL = const(0x82)

_FENCE = const(10)  # a broker holds back what exceeds its window (mosquitto: 20 unacknowledged): ask again after so many


def _expect(waiting, index, pid):
    # Note who waits for this packet identifier, and return it; 0: one that is free.
    if not pid:
        pid = 65535
        while pid in waiting:
            pid -= 1
    waiting[pid] = index
    return pid


def _put(out, waiting, index, again, name, payload, retain, qos, pid, dup):
    packet.publish(out, name, payload, retain, qos, _expect(waiting, index, pid) if qos else 0, dup or again)


async def exchange(
    server,
    *,
    port=1883,
    client_id,
    publish=(),
    subscribe=(),
    on_message=None,
    acked=None,
    user=None,
    password=None,
    keepalive=60,
    clean=False,
    will=None,
    timeout_ms=8000,
    quiet_ms=20,
    pipeline=True,
    ssl=None,
):
    """Connect, subscribe, publish, take what is queued, disconnect: two round trips. Returns (session_present, granted, received, pipelined).

    server: host name or address, port: TCP. client_id, user, password, keepalive (s), clean, will: as packet.connect().
    publish: sequence of (topic, payload, retain, qos, pid, dup); pid 0: chosen here. Given ones must differ (ValueError).
    acked: a bytearray as long as publish; [i] becomes 1 when the PUBACK of publish[i] is in, and stays so when this raises. What is 1 is not sent.
    subscribe: sequence of (filter, qos).
    on_message(topic, payload, retain, dup): called for each message (bytes, bytes, bool, bool) before it is acknowledged; may return a list of
        publish tuples, sent in the same write as the acknowledgement. Messages over 1024 bytes are not given to it; they are acknowledged.
    timeout_ms: for everything but the name server, which a port asks in its own time. quiet_ms: silence that ends the drain; not needed, not waited for
        without subscription and session.
    pipeline: True: all in one write, and step by step (CONNACK awaited) when that was dropped, or not answered in half the time. False: step by step.

    session_present: bool. granted: SUBACK's codes (bytes), 0x80 is a refusal. received: messages, the over-long ones included.
    pipelined: False when it went step by step: do so the next time.
    Raises MQTTError (refused: no second try; or a broken packet), OSError(ETIMEDOUT, ECONNRESET...), ValueError before anything is sent.
    Source: MQTT 3.1.1, 3.1.4 (a client need not wait for CONNACK).
    """
    until = ticks_add(ticks_ms(), timeout_ms)
    if acked is None:
        acked = bytearray(len(publish))
    again = False
    while True:
        waiting = {}
        for i, item in enumerate(publish):
            if item[3] and item[4] and not acked[i]:
                if item[4] in waiting:
                    raise ValueError("pid")
                waiting[item[4]] = i
        hello = bytearray()
        packet.connect(hello, client_id, user, password, keepalive, clean, will)
        rest = bytearray()
        if subscribe:
            packet.subscribe(rest, _expect(waiting, -1, 0), subscribe)
        for i, item in enumerate(publish):
            if not acked[i]:
                _put(rest, waiting, i, again, *item)
        rest += packet.PINGREQ
        if pipeline:
            hello += rest
            rest = b""
        sock = await transport.open(transport.resolve(server, port)[0], until, ssl, server)
        sent = False
        try:
            await transport.write(sock, hello, until)
            sent = pipeline
            left = ticks_diff(until, ticks_ms())
            half = ticks_add(ticks_ms(), left // 2 if pipeline else left)
            out = bytearray()  # acknowledgements and results not yet sent
            acks = received = 0  # acknowledgements in it; messages in all
            present = None
            granted = b""
            fenced = False  # the last PINGREQ was answered
            steps = parse()
            item = next(steps)
            while True:
                if isinstance(item, tuple):
                    kind, flags, pid, first, second = item
                    if (kind == _CONNACK) != (present is None):
                        raise MQTTError(_PROTOCOL, -1)
                    if kind == _CONNACK:
                        if pid:
                            raise MQTTError(pid)
                        present = bool(flags)
                        await transport.write(sock, rest, until)
                    elif kind == _PUBLISH:
                        received += 1
                        if first and on_message:
                            for result in on_message(first, second, bool(flags & 1), bool(flags & 8)) or ():
                                _put(out, waiting, -1, False, *result)
                        if pid:
                            packet.puback(out, pid)
                            acks += 1
                    elif kind == _PINGRESP:
                        fenced = True
                    else:
                        i = waiting.pop(pid, -1)
                        if kind == _SUBACK:
                            granted = first
                        elif kind == _PUBACK and i >= 0:
                            acked[i] = 1
                    item = next(steps)
                    continue
                # All that has come is used up.
                answered = present is not None and not waiting
                done = answered and fenced
                left = ticks_diff(until if answered else half, ticks_ms())
                n = None
                if acks < _FENCE and left > 0:
                    if done or out:
                        left = min(left, quiet_ms if out or present or subscribe else 0)
                    n = await transport.read(sock, item, ticks_add(ticks_ms(), left))
                if n:
                    item = steps.send(n)
                elif out and n is None:
                    if acks >= _FENCE:
                        out += packet.PINGREQ
                        done = fenced = False
                    await transport.write(sock, out, until)
                    if done:
                        break
                    out = bytearray()
                    acks = 0
                elif done or (answered and n is None):
                    break
                else:
                    raise OSError(ETIMEDOUT if n is None else ECONNRESET)
            try:
                await transport.write(sock, packet.DISCONNECT, until)
            except OSError:  # the broker was faster
                pass
            return present, granted, received, pipeline
        except OSError as error:
            if not sent or isinstance(error, MQTTError):
                raise
        finally:
            sock.close()
        pipeline = False
        again = True
