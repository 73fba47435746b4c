"""Defects in the life of a connection: what its calls wait for, what a loss does, what idling costs."""

from __future__ import annotations

from defects import (
    ANSWERS,
    BURST,
    CANCEL,
    CLIENT,
    CONNECTION,
    ERRORS,
    INPUT,
    KEEP,
    MP,
    OUTAGE,
    OUTPUT,
    PARSER,
    POWER,
    QUEUE,
    RESUME,
    SESSION,
    STUCK,
    TRANSPORT,
    WLAN,
    Defect,
)

LIFE = [
    # Session Present taken for an error, at the second wake and after an outage.
    Defect(1, RESUME + "w01_session_present_is_a_good_answer" + MP, CONNECTION, "if code:", "if code or flags:"),
    Defect(
        1,
        OUTAGE + "w26_unacknowledged_messages_go_out_again_after_a_reconnect[1-micropython]",
        CONNECTION,
        "if code:",
        "if code or flags:",
    ),
    # Waits without end: CONNACK, SYN, the burst's answers.
    Defect(
        2,
        STUCK + "w02_connect_ends_when_no_connack_comes[-micropython]",
        CONNECTION,
        "await self._event(stream, until)",
        "await self._event(stream)",
    ),
    Defect(
        2,
        STUCK + "w02_connect_ends_when_the_host_is_silent" + MP,
        TRANSPORT,
        "        if not await ready(sock, True, until)",
        "        if not await ready(sock, True)",
    ),
    Defect(
        2,
        STUCK + "w02_exchange_ends_whichever_byte_never_comes" + MP,
        BURST,
        "ticks_add(ticks_ms(), timeout_ms)",
        "ticks_add(ticks_ms(), 99999999)",
    ),
    # No time limit; a call after disconnect() waits for a connection that never comes.
    Defect(3, CANCEL + "w03_timeouts_end_calls_that_wait_for_the_broker" + MP, KEEP, "if seconds is None:", "if True:"),
    Defect(3, STUCK + "w03_without_a_connection_every_call_has_its_time_limit" + MP, KEEP, "if seconds is None:", "if True:"),
    Defect(
        3,
        RESUME + "w05_after_disconnect_nothing_is_left" + MP,
        CONNECTION,
        "        while True:\n            if self._closed:",
        "        while True:\n            while self._closed:\n                await asyncio.sleep(1)\n"
        "            if self._closed:",
    ),
    # A connect() that was cancelled counts as under way for ever; half a packet is followed by the next one.
    Defect(
        4,
        CANCEL + "w04_wait_for_around_a_hanging_connect_leaves_a_usable_client" + MP,
        CONNECTION,
        "            if self._keeper is True:",
        "            if self._keeper is None:",
    ),
    Defect(
        4,
        CANCEL + "w04_a_write_cancelled_in_the_middle_closes_the_link" + MP,
        CONNECTION,
        "if not whole and stream is self._stream:",
        "if False:",
    ),
    # A connect() that ran out of time in the instant in which it was done leaves the user's coroutines running.
    Defect(
        4,
        "test_cancel_sweep::test_w04_every_call_stopped_at_every_await[own-micropython]",
        CONNECTION,
        "                self._drop(True)",
        "                self._drop()",
    ),
    # disconnect(): 100 ms for nothing, acknowledgements not awaited, a false `down`, tasks left, no second connect().
    Defect(
        5,
        OUTPUT + "w05_disconnect_takes_no_fixed_time" + MP,
        CONNECTION,
        "await pause(self._wake, min(",
        "await asyncio.sleep(0.1)\n                await pause(self._wake, min(",
    ),
    Defect(
        5,
        OUTPUT + "w05_the_goodbye_comes_behind_what_is_due" + MP,
        CONNECTION,
        "for r in self._session.requests[:]:",
        "for r in ():",
    ),
    Defect(5, OUTPUT + "w05_leaving_is_no_outage" + MP, KEEP, "if c._closed:", "if False:"),
    Defect(
        5,
        RESUME + "w05_after_disconnect_nothing_is_left" + MP,
        CONNECTION,
        "while stop and self._tasks:",
        "while False:",
    ),
    Defect(5, RESUME + "w05_after_disconnect_nothing_is_left" + MP, CONNECTION, "self._closed = False\n", "pass\n"),
    # A refused subscription breaks the link; a smaller QoS than asked for is not reported.
    *(
        Defect(
            6,
            ANSWERS + test + MP,
            CONNECTION,
            "self._session.answer(kind",
            'if first and first[0] > 127:\n                        raise OSError(-1, "SUBACK")\n'
            "                    self._session.answer(kind",
        )
        for test in (
            "w06_a_refused_subscription_is_the_callers_error_and_no_reconnect",
            "w06_mosquitto_refuses_a_subscription_and_the_link_stays",
        )
    ),
    Defect(
        6,
        ANSWERS + "w06_a_refused_subscription_is_the_callers_error_and_no_reconnect" + MP,
        CLIENT,
        "return (await timed(",
        "(await timed(",
    ),
    # A second PUBACK breaks the link; what was given up keeps its identifier.
    Defect(
        7,
        ANSWERS + "w07_late_and_repeated_pubacks_are_harmless" + MP,
        SESSION,
        "if r and r.answer == answer:",
        'if not r:\n            raise OSError(-1, "Invalid pid")\n        if r.answer == answer:',
    ),
    Defect(
        7,
        STUCK + "w07_given_up_requests_leave_no_identifier_behind" + MP,
        SESSION,
        "if not r.tries and r in self.requests:",
        "if False:",
    ),
    # Every failure costs the Wi-Fi link; no backoff, no jitter.
    Defect(
        8,
        OUTAGE + "w08_a_broker_outage_leaves_the_network_alone_and_backs_off" + MP,
        KEEP,
        "if failures % _REJOIN == 0:",
        "if True:",
    ),
    *(
        Defect(8, OUTPUT + "w08_the_waits_double_up_to_a_minute_and_are_random_below_that" + MP, KEEP, old, new)
        for old, new in (("_BASE_MS << min(failures, _DOUBLINGS)", "_BASE_MS"), ("getrandbits(10) *", "1023 *"))
    ),
    # The end of the stream: the reader dies, nobody is told.
    Defect(9, OUTAGE + "w09_the_end_of_the_stream_is_noticed_at_once" + MP, CONNECTION, "self._lost(why)", "pass"),
    # Only OSError is expected: of the user's callback, of the heap, of the network.
    Defect(
        14,
        "test_client_input::test_w14_an_exception_in_a_callback_is_reported_and_the_reader_lives" + MP,
        CLIENT,
        "asyncio.create_task(self._call(*message))",
        "await self._call(*message)",
    ),
    Defect(
        14,
        INPUT + "w14_a_message_for_which_there_is_no_memory_costs_one_reconnect",
        CONNECTION,
        "except (OSError, MemoryError) as e:",
        "except OSError as e:",
    ),
    *(
        Defect(14, INPUT + "w14_what_the_network_raises_is_survived_or_told_to_all" + MP, KEEP, old, new)
        for old, new in (("except (OSError, MemoryError) as e:", "except OSError as e:"), ("if not c._closed:", "if False:"))
    ),
    # A refusal is a text in an OSError; any content of CONNACK will do; all causes look alike.
    Defect(
        15,
        "test_client_input::test_w15_a_refusal_is_a_typed_error_with_mqtt_ass_two_numbers[5-micropython]",
        CONNECTION,
        "raise failure(code)",
        'raise OSError(-1, "CONNACK reason code 0x%x" % code)',
    ),
    Defect(15, INPUT + "w15_a_malformed_connack_is_a_typed_error" + MP, PARSER, "if n == 2 and pid <= 256:", "if n >= 2:"),
    Defect(
        15,
        INPUT + "w15_whether_a_retry_helps_decides_the_wait" + MP,
        ERRORS,
        "self.retry = code not in",
        "self.retry = 0 not in",
    ),
    # A queue of one holds nothing.
    *(
        Defect(
            20,
            f"test_client_input::test_w20_a_queue_holds_what_it_says[{size}-micropython]",
            QUEUE,
            "if self._n < size:",
            "if self._n < size - 1:",
        )
        for size in (1, 3)
    ),
    # The name is looked up once in the client's life.
    Defect(
        22,
        "test_dns::test_w22_a_name_is_looked_up_once_and_again_only_after_a_failure" + MP,
        CONNECTION,
        "self.address = None  # resolved",
        "pass  # resolved",
    ),
    # The handshake is one long call that blocks.
    Defect(
        23,
        "test_tls_handshake::test_w23_a_stalled_handshake_keeps_its_deadline_and_the_loop_ticks[0-micropython]",
        "mqtt/tls.py",
        "do_handshake_on_connect=False",
        "do_handshake_on_connect=sock.setblocking(True) is None",
    ),
    # A reader that looks every 5 ms; garbage collected every second.
    Defect(
        24,
        POWER + "w24_an_idle_client_sleeps_and_leaves_no_garbage" + MP,
        CONNECTION,
        "n = await read(stream, item, until)",
        "n = stream.readinto(item)\n            while n is None:\n                await asyncio.sleep(0.005)\n"
        "                n = stream.readinto(item)",
    ),
    Defect(
        24,
        POWER + "w24_an_idle_client_sleeps_and_leaves_no_garbage" + MP,
        KEEP,
        "while c.isconnected():",
        'while c.isconnected() and (__import__("gc").collect() or 1):',
    ),
    # Power saving switched off on two ports; the radio on from the first.
    *(
        Defect(
            25,
            POWER + "w25_the_radio_is_off_before_connect_and_its_power_saving_is_the_users" + MP,
            WLAN,
            "        sta.active(True)",
            "        sta.active(True)\n        " + more,
        )
        for more in ("sta.config(pm=0xA11140)", '__import__("esp").sleep_type(0)')
    ),
    Defect(
        25,
        POWER + "w25_the_radio_is_off_before_connect_and_its_power_saving_is_the_users" + MP,
        WLAN,
        "        self.sta = None",
        "        import network\n\n        self.sta = network.WLAN(network.STA_IF)\n        self.sta.active(True)",
    ),
    Defect(25, POWER + "w25_a_fixed_address_is_set_before_joining" + MP, WLAN, "        if static:", "        if False:"),
    # What was not acknowledged is forgotten, or goes out as something new.
    *(
        Defect(26, OUTAGE + "w26_unacknowledged_messages_go_out_again_after_a_reconnect[1-micropython]", SESSION, old, new)
        for old, new in (
            ("elif r.tries:", "elif False:"),
            ("if not present and r.answer == _PUBACK:", "if r.answer == _PUBACK:"),
        )
    ),
    Defect(26, OUTPUT + "w16_w19_w26_the_bytes_of_a_burst[micropython]", BURST, "dup or again", "dup"),
]
