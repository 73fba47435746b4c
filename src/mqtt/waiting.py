# Waiting for a socket under asyncio: the task sleeps, the others run.
from asyncio import core
from time import ticks_diff, ticks_ms


def wake(task):
    """Let a task run that waits in ready(), and see for itself: before its socket is closed, for example."""
    queue = core._io_queue
    if task.data is queue:
        queue.remove(task)
        core._task_queue.push(task)


async def _late(task, until):
    await core.sleep_ms(ticks_diff(until, ticks_ms()))
    wake(task)


def ready(sock, write, until=None):
    """Await it: wait until sock can be read (written, with write); False when `until` (ticks_ms, None for ever) came first.

    One task may wait to read while another waits to write; once one of them was cancelled or came too late, close the socket.
    """
    late = until is not None and core.create_task(_late(core.cur_task, until))
    try:
        core._io_queue._enqueue(sock, write)  # queue_read() and queue_write() are this, with 0 and 1
        yield
        return not (late and late.done())
    finally:
        if late:
            late.cancel()
