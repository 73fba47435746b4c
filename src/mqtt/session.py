# What a client owes its broker: packet identifiers and the requests that wait for an answer. No I/O, no clock: bytes in, bytes out.
from micropython import const

_DUP = const(0x08)
_PUBACK = const(0x40)


class Request:
    """One packet that wants an answer.

    pid: its packet identifier, 1 to 65535. answer: the first byte of the packet that answers it. packet: its bytes (a bytearray).
    done: an object with set(), called once the answer is in (an asyncio.Event). result: what the broker answered (bytes of reason codes), or an exception.
    sent_ms: ticks of the last transmission, None before the first. tries: transmissions again on this connection.
    """

    def __init__(self, pid, answer, packet, done):
        self.pid = pid
        self.answer = answer
        self.packet = packet
        self.done = done
        self.result = None
        self.sent_ms = None
        self.tries = 0

    def again(self):
        """The packet as it is sent a second time: a PUBLISH is marked DUP (MQTT-3.3.1-1)."""
        if self.answer == _PUBACK:
            self.packet[0] |= _DUP
        return self.packet

    def finish(self, result):
        """Give the result to whoever waits."""
        self.result = result
        self.done.set()


class Session:
    """The unanswered requests, in the order in which they were made (MQTT-4.6.0-1)."""

    def __init__(self):
        self._last = 0
        self._requests = []
        self._given_up = set()  # identifiers whose answer may still come on this connection

    def new_pid(self):
        """An identifier, 1 to 65535, that nothing unanswered uses (MQTT-2.3.1-2, -3)."""
        while True:
            self._last = self._last % 65535 + 1
            if self._last not in self._given_up and not any(r.pid == self._last for r in self._requests):
                return self._last

    def add(self, request):
        """Keep a request until answer(), give_up() or close()."""
        self._requests.append(request)

    def oldest(self):
        """The request that has waited longest, or None."""
        return self._requests[0] if self._requests else None

    def answer(self, answer, pid, codes):
        """Take an answer: answer is the packet's first byte, codes its reason codes (bytes).

        Returns False for one that nobody waits for: late, repeated or never asked for. That is harmless (a PUBLISH sent twice is acknowledged twice).
        """
        self._given_up.discard(pid)
        for r in self._requests:
            if r.pid == pid and r.answer == answer:
                self._requests.remove(r)
                r.finish(codes)
                return True
        return False

    def give_up(self, request):
        """The caller waits no longer. What was sent cannot be recalled: its identifier stays taken until the answer or the end of the connection."""
        if request in self._requests:
            self._requests.remove(request)
            if request.sent_ms is not None:
                self._given_up.add(request.pid)

    def resume(self, present, now_ms):
        """A new connection: what must be sent again, oldest first.

        present: the broker kept the session, so a PUBLISH goes out with DUP (MQTT-4.4.0-1); else it is a new message to this broker (MQTT-3.3.1-1).
        """
        self._given_up.clear()
        out = []
        for r in self._requests:
            if r.sent_ms is not None:
                r.sent_ms = now_ms
                r.tries = 0
                if present:
                    r.again()
                elif r.answer == _PUBACK:
                    r.packet[0] &= ~_DUP
                out.append(r.packet)
        return out

    def close(self, error):
        """The client stops: every request ends with this exception."""
        for r in self._requests:
            r.finish(error)
        self._requests = []
        self._given_up.clear()
