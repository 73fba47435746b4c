"""The node's retained status: asleep, and until when. Loaded before the client, and beside it when a command changes it: so
it is small.
"""

from micropython import const

from power import awake

_STRETCHED = const(4)  # of node.state
_STAY = const(3)  # of node.chores: state.chores has the seconds to stay awake from this bit on, ten bits
_SECONDS = const(0x3FF)


def message(memory, topic, began_ms, mark, wake_s, every, tail):
    """The message for burst.exchange(): retained, QoS 0, for nobody waits for its acknowledgement.

    memory: node.memory.Memory. topic: text. began_ms: when this wake began, milliseconds since 1970; 0: the clock is unset.
    mark: 32 bits made of the chip's id. wake_s: the next wake, seconds since 1970; 0: at the next slot of the clock, the one
    that node.finish will find when nothing fails: what fails now, the next status tells. every: config.UPLOAD_EVERY.
    tail: the rest of the JSON text.
    """
    state = memory.state
    interval_s = memory.interval_s() << (2 if state.flags & _STRETCHED else 0)
    window_s = memory.window_ms // awake.MS_PER_S
    stay_s = state.chores >> _STAY & _SECONDS or window_s
    now_s = until = None
    if began_ms:
        now_s = (began_ms + awake.elapsed_ms()) // 1000
        until = now_s + stay_s
        # As node.schedule has it, for which there is no room (a test compares them).
        step_ms = interval_s * 1000
        offset_ms = min(step_ms, 900000) * mark >> 32
        slot = max(began_ms + step_ms // 2, (now_s + window_s) * 1000 + 999) - offset_ms
        # Whoever stays awake longer than that sleeps for a second.
        wake_s = max(wake_s or ((slot // step_ms + 1) * step_ms + offset_ms) // 1000, until + 1)
        every = state.upload_every or every
        if every > 1 and not state.chores & 1:  # upload_now: the next wake does
            # The upload is what a watcher waits for: one wake in `every` (node.plan).
            tail = ',"upload_at":{}'.format(wake_s + -state.seq % every * interval_s) + tail
    if stay_s or memory.test_mode:
        text = '{{"state":"online","until":{},"time":{},"wake_at":{},"wake_every_s":{}{}'.format(
            until if stay_s else None, now_s, wake_s or None, interval_s, tail
        )
    else:
        text = '{{"state":"sleeping","time":{},"wake_at":{},"wake_every_s":{}{}'.format(now_s, wake_s or None, interval_s, tail)
    return topic, text.replace("None", "null"), True, 0, 0, False
