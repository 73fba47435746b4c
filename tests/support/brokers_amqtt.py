"""amqtt, the embedded broker of a machine without mosquitto. Run as a program it serves: PORT PASSWORDS ANONYMOUS."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

from brokers_served import PASSWORD, USER, Served


class Amqtt(Served):
    """amqtt as most have it. Once anonymous clients are let in, it takes every client for one, named users too."""

    anonymous = True

    def prepare(self) -> None:
        from pwdlib.hashers.argon2 import Argon2Hasher

        # The cheapest hash: only the comparison counts here.
        hashed = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
        (self.folder / "passwords").write_text(f"{USER}:{hashed}\n")

    def command(self) -> list[str]:
        return [sys.executable, __file__, str(self.port), str(self.folder / "passwords"), str(int(self.anonymous))]

    def environment(self) -> dict[str, str]:
        tests = Path(__file__).resolve().parent
        return {"PYTHONPATH": f"{tests}:{tests.parents[1] / 'tools'}"}


class AmqttOfUsers(Amqtt):
    """amqtt that lets in only USER; it is ready when it refuses."""

    anonymous = False


async def _serve(port: int, passwords: str, anonymous: bool) -> None:
    from amqtt.broker import Broker

    module = "amqtt.plugins.authentication."
    plugins: dict[str, dict[str, object]] = {module + "FileAuthPlugin": {"password_file": passwords}}
    if anonymous:
        plugins[module + "AnonymousAuthPlugin"] = {"allow_anonymous": True}
    broker = Broker({"listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}}, "plugins": plugins})
    await broker.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    asyncio.run(_serve(int(sys.argv[1]), sys.argv[2], sys.argv[3] == "1"))
