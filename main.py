"""The board's entry point. Whatever goes wrong, the board sleeps; only Ctrl-C leads to the REPL."""

import gc
import sys
import time

import machine

_AFTER_FAILURE_MS = 30 * 60 * 1000  # within every board's limit
_WINDOW_S = 10

try:
    from node import cycle

    cycle.run()
except (KeyboardInterrupt, SystemExit):
    # Ctrl-C is somebody at the REPL; SystemExit is how machine.soft_reset() leaves the program.
    if "power.awake" in sys.modules:
        sys.modules["power.awake"].disarm()
    raise
except BaseException as error:
    sys.print_exception(error)
    # Whatever memory the failure left, there is enough to sleep.
    sys.modules.clear()
    gc.collect()
    if machine.reset_cause() != machine.DEEPSLEEP_RESET:
        # After a power-up the mistake can be mended: mpremote finds the board awake for a while.
        for _ in range(_WINDOW_S * 10):
            time.sleep_ms(100)
    machine.deepsleep(_AFTER_FAILURE_MS)
