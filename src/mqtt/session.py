# What a client owes its broker: packet identifiers and the requests that wait for an answer. No I/O, no clock.
from micropython import const

_DUP = const(0x08)
_PUBACK = const(0x40)


class Request:
    """One packet that wants an answer.

    pid: its packet identifier, 1 to 65535. answer: the first byte of the packet that answers it.
    packet: its bytes (a bytearray), None once given up. done: an object whose set() tells of the result (asyncio.Event).
    result: what the broker answered (bytes of reason codes), or an exception.
    tries: transmissions on this connection, 0 before the first. sent_ms: ticks of the last.
    """

    def __init__(self, pid, answer, packet, done):
        self.pid = pid
        self.answer = answer
        self.packet = packet
        self.done = done
        self.result = None
        self.tries = self.sent_ms = 0

    def again(self):
        """The packet as it is sent a second time: a PUBLISH is marked DUP (MQTT-3.3.1-1)."""
        if self.answer == _PUBACK:
            self.packet[0] |= _DUP
        return self.packet


class Session:
    """requests: the unanswered ones, in the order in which they were made (MQTT-4.6.0-1)."""

    def __init__(self):
        self._pid = 0
        self.requests = []

    def _find(self, pid):
        for r in self.requests:
            if r.pid == pid:
                return r

    def new_pid(self):
        """An identifier, 1 to 65535, that nothing unanswered uses (MQTT-2.3.1-2, -3)."""
        while True:
            self._pid = self._pid % 65535 + 1
            if not self._find(self._pid):
                return self._pid

    def answer(self, answer, pid, codes):
        """Take an answer: answer is the packet's first byte, codes its reason codes (bytes).

        One that nobody waits for (late, repeated, never asked for) changes nothing: a PUBLISH sent twice is acknowledged twice.
        """
        r = self._find(pid)
        if r and r.answer == answer:
            self._finish(r, codes)

    def _finish(self, r, result):
        self.requests.remove(r)
        r.result = result
        r.done.set()

    def give_up(self, r):
        """The caller waits no longer. What was sent is sent: its identifier stays taken while this connection lasts."""
        r.packet = None
        if not r.tries and r in self.requests:
            self.requests.remove(r)

    def resume(self, present, now_ms):
        """A new connection: the packets to send again, oldest first.

        present: the broker kept the session, so a PUBLISH goes out with DUP (MQTT-4.4.0-1); else as new (MQTT-3.3.1-1).
        """
        out = []
        for r in self.requests[:]:
            if not r.packet:
                self.requests.remove(r)
            elif r.tries:
                r.sent_ms = now_ms
                r.tries = 1
                out.append(r.again())
                if not present and r.answer == _PUBACK:
                    r.packet[0] ^= _DUP
        return out

    def close(self, error):
        """The client stops: every request ends with this exception."""
        while self.requests:
            self._finish(self.requests[0], error)
