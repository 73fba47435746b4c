"""What the node has at hand during a wake, and how it is kept."""

from micropython import const

from node import state as states
from power import retained

SECTIONS = (states.VERSION, 1)  # of retained memory: the state, the readings (node.record)

_MOST_BYTES = const(448)  # of retained memory in use: its image is made in one piece, on a heap that may be small


class Memory:
    """state: node.state.State. ram: bytes of readings in retained memory. room: bytes that they may grow to.

    board_name, config_every_s, test_mode: of config.py, which is dropped before the end. link_error: what the radio said when
    it was started, or None. uploads: whether this wake has the radio on. commanded: whether a command changed a setting in it.
    window_ms: to stay awake at the end for somebody at the USB port.
    """

    def __init__(self, board, config, state, ram):
        self.state = state
        self.ram = ram
        self.room = min(_MOST_BYTES, board.RETAINED_BYTES) - len(states.dump(state)) - 2 * retained.HEADER
        self.board_name = config.BOARD
        self.config_every_s = config.WAKE_EVERY_S
        self.test_mode = config.TEST_MODE
        self.link_error = None
        self.uploads = False
        self.commanded = False
        self.window_ms = 0
        self._write = board.retained_write

    def save(self):
        """Keep state and readings in retained memory."""
        self._write(retained.dump(SECTIONS, (states.dump(self.state), self.ram)))

    def board(self):
        """The board's profile; most steps of a wake have no use for it."""
        return __import__("boards." + self.board_name + ".profile", None, None, ("*",))

    def interval_s(self):
        """Seconds from one wake to the next: as commanded, else as configured."""
        return self.state.wake_every_s or self.config_every_s
