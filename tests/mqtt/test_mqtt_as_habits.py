"""Names that mqtt_as did not document and programs use all the same: module functions, counters, timeouts.

Oracle: mqtt_as 0.8.3's module, whose names, arguments and results these are; MQTT 5's encoding, 1.5.5 and 2.2.2.
"""

from __future__ import annotations

from pathlib import Path

from clientkit import FakeBroker, Peer, both, run

from brokers import Mosquitto


@both
def test_module_level_names_do_what_old_programs_expect(interpreter: str, tmp_path: Path) -> None:
    code = """
        from errno import EINPROGRESS, ETIMEDOUT
        import mqtt_as
        from mqtt_as import BUSY_ERRORS, IBUFSIZE, MSG_BYTES, MQTT_base, MQTTClient, MsgQueue, pid_gen, qos_check, vbi

        mqtt_as.IBUFSIZE = 500
        mqtt_as.MSG_BYTES = False
        assert IBUFSIZE > 0 and MSG_BYTES is True
        assert EINPROGRESS in BUSY_ERRORS and ETIMEDOUT in BUSY_ERRORS
        assert issubclass(MQTTClient, MQTT_base) and MQTT_base is not MQTTClient

        pids = pid_gen()
        assert [next(pids) for _ in range(3)] == [1, 2, 3]
        for _ in range(65532):
            last = next(pids)
        assert last == 65535 and next(pids) == 1

        assert qos_check(0) is None and qos_check(1) is None
        try:
            qos_check(2)
        except ValueError as e:
            print("refused:", e)

        buf = bytearray(b"\\x30\\xff\\xff\\xff\\xff")
        for x, end, encoded in ((0, 2, b"\\0"), (127, 2, b"\\x7f"), (128, 3, b"\\x80\\1"), (16384, 4, b"\\x80\\x80\\1")):
            assert vbi(buf, 1, x) == end and buf[1:end] == encoded and buf[0] == 0x30, x

        q = MsgQueue(2)
        q.put(b"t", b"m", False)
        assert q.discards == 0
        try:
            mqtt_as.no_such_name
        except AttributeError:
            print("as any module")
    """
    output = run(interpreter, tmp_path, code)
    assert "refused: Only qos 0 and 1 are supported." in output and "as any module" in output


@both
def test_properties_are_encoded_and_decoded_by_the_old_functions(interpreter: str, tmp_path: Path) -> None:
    code = """
        from mqtt_as import decode_properties, encode_properties

        assert encode_properties(None) == encode_properties({}) == b"\\0"
        props = {0x11: 3600, 0x26: {"k": "v"}}
        encoded = bytes(encode_properties(props))
        parts = b"\\x11\\0\\0\\x0e\\x10", b"\\x26\\0\\1k\\0\\1v"  # in the dictionary's order, which MicroPython does not keep
        assert encoded in (b"\\x0c" + parts[0] + parts[1], b"\\x0c" + parts[1] + parts[0]), encoded
        assert decode_properties(memoryview(encoded)[1:], len(encoded) - 1) == props
        assert decode_properties(encoded[1:] + b"payload", len(encoded) - 1) == props
        assert decode_properties(b"", 0) == {}
        assert encode_properties({0x01: b"\\1"}) == encode_properties({0x01: 1}) == b"\\2\\1\\1"  # byte values came as bytes
        long = {0x03: "x" * 200}
        assert decode_properties(bytes(encode_properties(long))[2:], 203) == long
        try:
            decode_properties(b"\\x05\\0", 2)
        except ValueError:
            print("refused")
    """
    assert "refused" in run(interpreter, tmp_path, code)


@both
def test_packet_identifiers_and_counters(interpreter: str, tmp_path: Path) -> None:
    asked: list[bytes] = []

    def never_answers(peer: Peer) -> None:
        peer.accept()
        asked.extend(peer.until_closed())

    code = """
        import asyncio
        from kit import client, main, until

        async def go():
            c = client()
            assert c.rcv_pids == set() and c.topic_alias_maximum == 0
            assert not c.mqttv5 and c.mqttv5_con_props is None
            await c.connect(quick=True)
            assert next(c.newpid) == 1 and next(c.newpid) == 2
            task = asyncio.create_task(c.publish("a", "b", qos=1))
            await until(lambda: c.rcv_pids == {3})
            try:
                c.kill_pid(9, "PUBACK")
            except OSError as e:
                print(e)
            c.kill_pid(3, "PUBACK")
            await task
            assert c.rcv_pids == set() and c.REPUB_COUNT == 0
            c.close()
        main(go)
    """
    with FakeBroker(never_answers) as broker:
        output = run(interpreter, tmp_path, code, "127.0.0.1", broker.port)
    assert "Invalid pid in PUBACK packet" in output
    assert [packet[0] for packet in asked] == [0x32]


@both
def test_wait_msg_returns_after_a_packet(interpreter: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    code = """
        import asyncio
        from kit import client, main

        async def go():
            got = []
            c = client(subs_cb=lambda *v: got.append(v))
            await c.connect(quick=True)
            await c.subscribe("a", 1)
            waiting = asyncio.create_task(c.wait_msg())
            await asyncio.sleep(0.05)
            await c.publish("a", "b")
            await asyncio.wait_for(waiting, 5)
            await asyncio.sleep(0.05)
            assert got == [(b"a", b"b", False)], got
            await c.disconnect()
        main(go)
    """
    run(interpreter, tmp_path, code, mosquitto.host, mosquitto.port)


@both
def test_a_publication_is_cancelled_under_the_lock(interpreter: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    # The pattern that mqtt_as's README (4.4.1) recommends: a subclass with a timeout of its own, which takes self.lock and
    # then cancels the task that publishes. Nothing may be torn: the next publication gets through on the same connection.
    code = """
        import asyncio, time
        from kit import client, main, until
        from mqtt_as import MQTTClient as Base

        class MQTTClient(Base):
            _pub_task = None
            no_network = False

            async def wifi_connect(self, quick=False):
                if self.no_network:
                    raise OSError(113)

            async def _connection(self):
                while not self._isconnected:
                    await asyncio.sleep(0.05)

            async def _publish_once(self, topic, msg, retain, qos):
                try:
                    await super().publish(topic, msg, retain, qos)
                except asyncio.CancelledError:
                    pass
                finally:
                    self._pub_task = None

            async def publish(self, topic, msg, retain=False, qos=0, timeout=None):
                task = None
                start = time.ticks_ms()
                while timeout is None or time.ticks_diff(time.ticks_ms(), start) < timeout:
                    if self._pub_task is None and task is None:
                        task = self._pub_task = asyncio.create_task(self._publish_once(topic, msg, retain, qos))
                    elif task is not None:
                        if self._pub_task is not task:
                            return True
                    await asyncio.sleep(0.02)
                if task is not None:
                    async with self.lock:
                        task.cancel()
                return False

        async def go():
            got = []
            c = client(MQTTClient, subs_cb=lambda *v: got.append(v[1]))
            await c.connect(quick=True)
            await c.subscribe("a", 1)
            c.no_network = True
            c._lost("a test")
            assert await c.publish("a", "too late", False, 1, timeout=200) is False
            c.no_network = False
            await until(c.isconnected, 14)
            await c.subscribe("a", 1)
            first = c._stream
            assert await c.publish("a", "in time", False, 1, timeout=5000) is True
            assert await c.publish("a", "x" * 3000, False, 1) is True
            await until(lambda: len(got) == 2)
            assert got == [b"in time", b"x" * 3000], got
            assert c._stream is first and c.rcv_pids == set()
            await c.disconnect()
        main(go, 25)
    """
    run(interpreter, tmp_path, code, mosquitto.host, mosquitto.port)


@both
def test_a_program_asks_for_a_new_connection(interpreter: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    # _reconnect() and _has_connected as watchdogs of old programs use them; a task made before asyncio.run() on MicroPython.
    code = """
        import asyncio, sys
        from kit import client, until

        early = []

        async def before():
            early.append(1)

        async def go():
            c = client(queue_len=1)
            assert not c._has_connected
            await c.connect(quick=True)
            await asyncio.wait_for(c.up.wait(), 5)
            c.up.clear()
            first = c._stream
            c._reconnect()
            await asyncio.wait_for(c.down.wait(), 5)
            await asyncio.wait_for(c.up.wait(), 14)
            assert c._stream is not first and c._has_connected
            await c.disconnect()
            assert not c._has_connected
            assert early == [1] or sys.implementation.name != "micropython"

        if sys.implementation.name == "micropython":
            asyncio.create_task(before())
        try:
            asyncio.run(go())
        finally:
            asyncio.new_event_loop()
    """
    run(interpreter, tmp_path, code, mosquitto.host, mosquitto.port)
