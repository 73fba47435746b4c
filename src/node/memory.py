"""What the node has at hand during a wake, and how it is kept."""

import io

from micropython import const

from power import retained

_VERSION = const(4)  # node.fields', which is not loaded for the whole wake


class Memory:
    """state: node.state.State. image: retained memory, or what becomes it: readings, then one state or two that take turns.
    used: bytes of readings in it. room: bytes that they may grow to.

    board_name, config_every_s, test_mode: of config.py, which is dropped before the end. link_error: what the radio said when
    it was started, or None. uploads: whether this wake has the radio on. window_ms: to stay awake at the end for somebody at
    the USB port. pin: config.WAKE_PIN. news: node.changes' values, to be kept once they are delivered.
    """

    news = None
    used = 0

    def __init__(self, board, config, state, kept, image, room, turn):
        self.state = state
        self.room = room
        self.image = image
        self._kept = kept
        self._turn = turn
        self.board_name = config.BOARD
        self.config_every_s = config.WAKE_EVERY_S
        self.test_mode = config.TEST_MODE
        self.pin = config.WAKE_PIN
        self.link_error = None
        self.uploads = False
        self.window_ms = 0
        self._write = board.retained_write
        self._wears = getattr(board, "IN_FLASH", False)

    def save(self):
        """Keep state and readings in retained memory."""
        self.state.flash_writes += self._wears
        self._turn = turn = self._turn + 1 & 0xFF
        frame = retained.HEADER + len(self._kept)
        at = self.room + turn % ((len(self.image) - self.room) // frame) * frame
        retained.put(self.image, at, _VERSION, turn, self._kept)
        self._write(self.image)

    def ram(self, size):
        """The first bytes of the readings, as a stream."""
        return io.BytesIO(memoryview(self.image)[:size])  # pyright: ignore  (any buffer will do)

    def board(self):
        """The board's profile; most steps of a wake have no use for it."""
        return __import__("boards." + self.board_name + ".profile", None, None, ("*",))

    def interval_s(self):
        """Seconds from one wake to the next: as commanded, else as configured."""
        return self.state.wake_every_s or self.config_every_s
