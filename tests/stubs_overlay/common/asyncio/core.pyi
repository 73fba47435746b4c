# MicroPython's scheduler, extmod/asyncio/core.py, which the stubs leave out.
from collections.abc import Coroutine
from typing import Any

cur_task: Any  # core.py: the running task
_task_queue: Any  # core.py: TaskQueue
_io_queue: Any  # core.py: IOQueue, with queue_read, queue_write, remove

def create_task(coro: Coroutine[Any, Any, Any]) -> Any: ...  # core.py: create_task
def sleep_ms(t: int) -> Coroutine[Any, Any, None]: ...  # core.py: sleep_ms
def ticks() -> int: ...  # core.py: time.ticks_ms under its CPython-free name
def ticks_add(ticks: int, delta: int, /) -> int: ...  # core.py imports it from time
def ticks_diff(end: int, start: int, /) -> int: ...  # the same
