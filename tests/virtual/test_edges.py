"""Pin.irq() on the virtual boards: edges from outside, and what each port makes of them."""

from __future__ import annotations

import pytest

from dormouse.virtual.board import World

PINS = {"feather_s2": ("5", "5"), "esp8266": ("14", "14"), "pyboard_d": ("'X5'", "A4")}  # in the program, and the chip's name
COUNT = """
import machine, time
P = machine.Pin
hits = []
def hit(pin):
    hits.append(pin)
pin = P({}, P.IN, P.PULL_UP)
"""
BOTH = "P.IRQ_FALLING | P.IRQ_RISING"


def edges(virtual, pin: str, *begin_s: float) -> None:
    """Twenty edges each, ten of them falling, so long after the first line of main.py."""
    start_s = virtual.now_s + virtual.model.boot_ms / 1000
    virtual.world.inputs[pin] = 1
    virtual.world.edges[pin] = [(start_s + at + i * 0.02, i % 2) for at in begin_s for i in range(20)]


@pytest.mark.parametrize(
    ("board", "trigger", "most"),
    [
        ("feather_s2", "P.IRQ_FALLING", 10),
        ("esp8266", "P.IRQ_RISING", 10),
        ("pyboard_d", "P.IRQ_FALLING", 10),
        ("pyboard_d", BOTH, 20),
    ],
)
def test_the_edges_that_were_asked_for_until_it_is_over(make, board, trigger, most):
    program = (
        COUNT.format(PINS[board][0])
        + f"""
pin.irq(handler=hit, trigger={trigger})
time.sleep_ms(800)
pin.irq(handler=None)
n = len(hits)
time.sleep_ms(800)
print(n, len(hits) == n, all([one is pin for one in hits]), pin.value())
"""
    )
    virtual = make(board, program, world=World())
    edges(virtual, PINS[board][1], 0.2, 1.1)
    count, *rest = virtual.run_wake(20).output.split()
    # The queue of callbacks is short, and a slow host fills it.
    assert most // 2 < int(count) <= most
    assert rest == ["True", "True", "1"]


def test_none_while_the_interrupts_are_off_but_the_one_that_is_remembered(make):
    program = (
        COUNT.format("'X5'")
        + """
pin.irq(handler=hit, trigger=P.IRQ_FALLING)
state = machine.disable_irq()
end = time.ticks_add(time.ticks_ms(), 900)
while time.ticks_diff(end, time.ticks_ms()) > 0:
    pass
n = len(hits)
machine.enable_irq(state)
time.sleep_ms(100)
print(n, len(hits))
"""
    )
    virtual = make("pyboard_d", program, world=World())  # no watchdog looks at its interrupts
    edges(virtual, "A4", 0.3)
    assert virtual.run_wake(20).output.split() == ["0", "1"]


def test_a_hard_one_may_not_take_memory(make):
    program = COUNT.format("'X5'") + "pin.irq(lambda pin: [pin] * 9, P.IRQ_FALLING, hard=True)\ntime.sleep_ms(900)\n"
    virtual = make("pyboard_d", program, world=World())
    edges(virtual, "A4", 0.3)
    assert virtual.run_wake(20).output.count("MemoryError") == 1  # and is not called again (shared/runtime/mpirq.c)


def test_what_has_no_interrupt(make):
    # ports/esp8266/machine_pin.c; ports/stm32/extint.c: one line for the pins of a number
    program = "import machine\ntry:\n    machine.Pin(16, machine.Pin.IN).irq(print)\nexcept OSError as e:\n    print(e)\n"
    assert make("esp8266", program).run_wake(20).output == "pin does not have IRQ capabilities\n"
    program = """
import machine
machine.Pin("C5", machine.Pin.IN).irq(print)
try:
    machine.Pin("A5", machine.Pin.IN).irq(print)
except (OSError, ValueError) as e:
    print(e)
"""
    assert (
        "taken by Pin('C5')" in make("pyboard_d", program.replace('"C5"', '"X12"').replace('"A5"', '"X6"')).run_wake(20).output
    )
