"""What came from Adafruit IO (node.services.adafruit): loaded when it comes, at the heap's fullest."""

from node import drop


def heard(kept, memory, topic, payload):
    """What node.services has heard() for: the command, obeyed once; the account's limits; the time. kept: of the service."""
    state = memory.state
    if topic == b"time/seconds":
        from node import hearsay

        hearsay.take(memory, payload)
        drop("node.hearsay", "node.drift")
    elif topic.endswith(b"/throttle") or topic.endswith(b"/errors"):
        mine = payload.startswith(kept[2])
        account = topic.endswith(b"e") or b"banned" in payload or b"blocked" in payload
        if mine or account:
            print("adafruit:", payload)
            from node import throttle

            # A topic of this node's that is none: each further upload would bring the account nearer to a ban.
            throttle.take(state, payload if account else b"7200 seconds")
            drop("node.throttle")
            if kept[3]:
                # Acknowledged is not stored: all of it goes again.
                kept[3].clear()
    elif payload and b'"ok":' not in payload:
        from power.retained import check

        # The first of node.commands' marks: what is kept for new subscribers, which it knows by the retain flag.
        mark = check(b"", payload)
        if state.heard[:4] != mark:
            state.heard[:4] = mark
            return topic, payload, False, False
    else:
        state.heard[:4] = bytes(4)
    return None
