# Light sleep between two connections, memory and tasks kept. For sleeps of hours take deep sleep and mqtt.burst.
from time import ticks_diff, ticks_ms, time_ns

from micropython import const

_PROBE_MS = const(20)
_MOST_MS = const(2000000)  # in one go: ESP8266 and RP2 count microseconds in 32 bits
_steady = False  # the tick clock is known to go on


def _probe(sleep):
    # A port is judged by what it does. A sleep may end early (rp2: the radio's driver has work), so a clock that stood still
    # proves nothing by itself: another one must have moved.
    global _steady
    start = time_ns()
    for _ in range(3):
        before = ticks_ms()
        sleep(_PROBE_MS)
        if ticks_diff(ticks_ms(), before) >= _PROBE_MS // 2:
            _steady = True
            return
    if time_ns() - start > _PROBE_MS * 1500000:
        raise NotImplementedError("ticks_ms() stands still in this port's light sleep: use deep sleep and mqtt.burst")


async def lightsleep(client, ms, sleep, timeout=None):
    """Disconnect, turn the radio off, sleep lightly, and connect again; returns the milliseconds slept.

    client: an MQTTClient, connected or not. ms: for how long; a pin or another wake source of the port may end it earlier.
    sleep: machine.lightsleep. timeout: seconds for connecting again, None: no limit.
    The radio goes off if the client turned it on. Subscriptions must be renewed as after any connection: connect_coro and
    `up` tell. asyncio's other tasks stand still meanwhile; what fell due is then run at once, as late as the sleep made it.

    Raises NotImplementedError, before anything is done, where the tick clock, and asyncio's timers with it, would stand
    still: measured in the first call, with sleeps of 20 ms. Raises what connect() raises; the client is disconnected then,
    and connect() may be called again.
    Source: MicroPython's ports/*/modmachine.c. esp32: esp_timer goes on in esp_light_sleep_start(). esp8266: a loop that idles
    the CPU, but only while Wi-Fi is off. rp2: TIMER is kept running when a time is given. stm32: stop mode halts SysTick, which
    counts ticks_ms.
    """
    if ms < 0:
        raise ValueError("ms")
    if not _steady:
        _probe(sleep)
    await client.disconnect()
    client.close()
    start = ticks_ms()
    slept = 0
    while slept < ms:
        step = min(ms - slept, _MOST_MS)
        sleep(step)
        before = slept
        slept = ticks_diff(ticks_ms(), start)
        if slept - before < step - 1:  # something woke it
            break
    await client.connect(quick=True, timeout=timeout)
    return slept
