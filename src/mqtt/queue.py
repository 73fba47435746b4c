# The event interface's message queue: bounded, oldest out first, any number of consumers.
import asyncio


class MsgQueue:
    """Messages between the reader and its consumers.

    size: messages kept while no consumer takes them, 1 or more. One more drops the oldest and adds 1 to `discards`.
    Source: mqtt_as, section 3.5 (event based interface).
    """

    def __init__(self, size):
        if size < 1:
            raise ValueError("queue_len")
        self._q = [None] * size
        self._ri = 0  # the oldest message
        self._n = 0
        self._waiters = []  # an Event for each consumer, in the order they came
        self.discards = 0

    def put(self, *v):
        """Append the tuple of the arguments; never blocks, never raises."""
        size = len(self._q)
        self._q[(self._ri + self._n) % size] = v
        if self._n < size:
            self._n += 1
        else:  # full: the slot just written was the oldest one's
            self._ri = (self._ri + 1) % size
            self.discards += 1
        self._next()

    def _next(self):
        if self._n and self._waiters:
            self._waiters[0].set()

    def __aiter__(self):
        return self

    async def __anext__(self):
        """The oldest message, as the tuple that was put; waits for one. Cancelled while it waits, it takes none."""
        turn = asyncio.Event()
        self._waiters.append(turn)
        self._next()
        try:
            await turn.wait()
            v = self._q[self._ri]
            self._q[self._ri] = None
            self._ri = (self._ri + 1) % len(self._q)
            self._n -= 1
            return v
        finally:
            self._waiters.remove(turn)
            self._next()
