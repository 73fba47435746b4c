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
    # Ctrl-C is somebody at the REPL, where no deadline may come; SystemExit is how machine.soft_reset() leaves the program.
    # A second Ctrl-C may come while the first one is answered.
    try:
        getattr(sys.modules.get("power.awake"), "disarm", gc.collect)()
    finally:
        getattr(sys.modules.get("power.awake"), "disarm", gc.collect)()
    raise
except BaseException as error:
    try:
        getattr(sys.modules.get("power.awake"), "disarm", gc.collect)()
        sys.print_exception(error)
        if machine.reset_cause() != getattr(machine, "DEEPSLEEP_RESET", None):  # rp2 has none
            # After a power-up the mistake can be mended: mpremote finds the board awake for a while.
            try:
                # By the LED, where this has been copied: in the field it is not.
                from node import lamp

                lamp.window(error, _WINDOW_S)
            except Exception:
                for _ in range(_WINDOW_S * 10):
                    time.sleep_ms(100)
        # Whatever memory the failure left, there is enough to sleep.
        sys.modules.clear()
        gc.collect()
    except Exception as another:
        # No memory even to say what it was.
        error = another
    try:
        machine.deepsleep(_AFTER_FAILURE_MS)
    finally:
        # A board that cannot sleep tries again from the beginning.
        machine.reset()
