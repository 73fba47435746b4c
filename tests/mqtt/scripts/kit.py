# The device's side of the client's tests: argv is HOST PORT ...
import asyncio
import sys

from mqtt_as import MQTTClient, config

HOST = sys.argv[1]
PORT = int(sys.argv[2])


def client(kind=MQTTClient, **settings):
    """A client of the test's broker."""
    c = dict(config)
    c.update({"server": HOST, "port": PORT})
    c.update(settings)
    return kind(c)


def main(function, limit_s=15):
    """Run an async function to its end."""
    asyncio.run(asyncio.wait_for(function(), limit_s))


def tasks():
    """How many tasks are scheduled or wait for a socket, this one not counted."""
    if hasattr(asyncio, "all_tasks"):
        return len(asyncio.all_tasks()) - 2  # wait_for's and this one
    queue = asyncio.core._task_queue
    found = []
    while queue.peek():
        found.append(queue.pop())
    for task in found:
        queue.push(task, task.ph_key)
    return len(found) + len(asyncio.core._io_queue.map) - 1  # wait_for's timer


async def until(condition, limit_s=10):
    """Wait for condition() to be true."""
    for _ in range(limit_s * 100):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("never true")


class Fixed:
    """A network that is simply there, and counts what the client asks of it."""

    def __init__(self):
        self.up = True
        self.calls = []

    def isconnected(self):
        return self.up

    async def connect(self, quick=False):
        self.calls.append("connect")

    def drop(self):
        self.calls.append("drop")

    def close(self):
        self.calls.append("close")
