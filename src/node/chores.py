"""What a command asked for and could wait for the end of the wake: each thing once at most, whatever resets come between."""

from micropython import const

from node import state as states
from power import awake, sleep

# Of state.chores: the words of node.commands in their order, then a mark for what is not in flash yet, and above that the sleep
# that is still owed for having stayed awake: 4 s each. A second awake costs 48 s of sleep: 1800 s in a day.
_UPLOAD_NOW = const(1)
_RESTART = const(2)
_CLEAR = const(4)
_STAY = const(3)  # its place; 10 bits of seconds
_STAY_MOST_S = const(600)
_KEEP = const(0x2000)
_OWED = const(14)
_DAY = const(21600)
_COST = const(12)


def run(memory):
    """Keep the settings, clear. Returns what last() is to do: it is forgotten before it is done, a restart above all.

    memory: node.memory.Memory. Raises what the file system or retained memory does: all of it is tried again in the next wake.
    """
    import config
    from node import files

    state = memory.state
    noted = state.chores & _KEEP - 1
    if noted & _CLEAR:
        # What was learned of network and broker, and the failures counted; not the readings, the clock, the allowance for
        # staying awake, nor the marks of retained commands, which would be obeyed again. Settings: node.commands did it.
        state.link[:] = bytes(len(state.link))
        state.flags &= ~(states.STEP_BY_STEP | states.SMALL_HEAP | states.UPLOAD)
        state.fails = state.failure = state.hung = state.sensor_errors = 0
        state.shunned = state.clock_skips = state.clock_tries = 0
    files.keep_commanded(state, config)
    stay_s = min(noted >> _STAY, _STAY_MOST_S, (_DAY - (state.chores >> _OWED)) // _COST)
    state.chores = (state.chores >> _OWED) + stay_s * _COST << _OWED
    memory.save()
    return noted & (_UPLOAD_NOW | _RESTART) | stay_s << _STAY


def last(memory, board, noted, ms):
    """Stay awake, restart; both when nothing else is left to do but to sleep.

    board: the profile. noted: of run(). ms: to sleep. Returns the ms that are left to sleep; does not when it restarts.
    """
    state = memory.state
    if noted & _UPLOAD_NOW:
        state.flags |= states.UPLOAD
    stay_s = noted >> _STAY
    if stay_s or noted & _RESTART:
        # Whoever takes over, resets or cuts the power now has not interrupted anything.
        state.flags &= ~(states.UNFINISHED | states.AWAKE)
        memory.save()
        board.rails(False)
        awake.mark("window")
        # No deadline: a wait of one's own cannot hang, and the watchdog must not bite a person at the REPL.
        awake.disarm()
        sleep.wait(stay_s * awake.MS_PER_S)
    if noted & _RESTART:
        sleep.restart(board)
    return max(1000, ms - stay_s * 1000)
