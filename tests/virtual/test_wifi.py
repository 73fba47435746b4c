"""The radio: each port's arguments, status codes and failures, and how long they take."""

from __future__ import annotations

import pytest

from dormouse.virtual.board import World
from dormouse.virtual.wifi import AccessPoint, WifiMesh

JOIN = """
import network, time
def show(f, *args, **kwargs):
    try:
        print(f(*args, **kwargs))
    except Exception as e:
        print(type(e).__name__, *e.args)
wlan = network.WLAN(network.STA_IF)
wlan.active(True)
def watch(ms):
    seen = []
    start = time.ticks_ms()
    while time.ticks_diff(time.ticks_ms(), start) < ms and not wlan.isconnected():
        if wlan.status() not in seen:
            seen.append(wlan.status())
        time.sleep_ms(2)
    seen.append(wlan.status())
    took = time.ticks_diff(time.ticks_ms(), start)
    return seen, took
"""
# idle, connecting, connected, no such network, wrong password: ports/esp32/network_wlan.c, ports/esp8266 (SDK), cyw43.h
CODES = {"feather_s2": (1000, 1001, 1010, 201, 202), "esp8266": (0, 1, 5, 3, 2), "pyboard_d": (0, 1, 3, -2, -3)}
SPEED = 20


def run(make, board, program, world=None, speed=SPEED):
    wake = make(board, JOIN + program, world=world, speed=speed).run_wake(20)
    assert wake.ended == "repl", wake.output
    return wake.output.splitlines()


def test_joining_goes_through_the_ports_states(make, board):
    idle, connecting, up, _, _ = CODES[board]
    program = "print(wlan.status())\nwlan.connect('dormouse', 'sleep-tight')\nprint(*watch(3000))\nprint(wlan.ifconfig()[0])"
    first, second, third = run(make, board, program)
    seen, _, took = second.rpartition(" ")
    assert first == str(idle)
    assert eval(seen)[0] == connecting and eval(seen)[-1] == up
    assert third == "192.168.1.57"
    model = make(board, "").model
    assert int(took) == pytest.approx((model.radio_ms + model.associate_ms + model.dhcp_ms) / SPEED, abs=30)


@pytest.mark.parametrize("failure", ["absent", "password", "name"])
def test_failures_have_the_ports_codes(make, board, failure):
    world = World()
    world.wifi.ap_present = failure != "absent"
    name = "elsewhere" if failure == "name" else "dormouse"
    key = "wrong" if failure == "password" else "sleep-tight"
    limit = "wlan.config(reconnects=0)\n" if board == "feather_s2" else ""
    program = f"{limit}wlan.connect({name!r}, {key!r})\nprint(watch(600)[0][-1], wlan.isconnected(), wlan.ifconfig()[0])"
    code = CODES[board][4 if failure == "password" else 3]
    assert run(make, board, program, world) == [f"{code} False 0.0.0.0"]


def test_esp32_tries_for_ever_unless_told_otherwise(make):
    # network_wlan.c: conf_wifi_sta_reconnects 0 is without limit, and status() says "connecting" all the while
    world = World()
    world.wifi.ap_present = False
    assert run(make, "feather_s2", "wlan.connect('dormouse', 'sleep-tight')\nprint(watch(800)[0])", world) == ["[1001, 1001]"]


def test_only_esp32_knows_reconnects(make, board):
    found = run(make, board, "show(wlan.config, reconnects=2)\nshow(wlan.config, 'reconnects')")
    unknown = "ValueError unknown config param"
    assert found == (["None", "2"] if board == "feather_s2" else [unknown, unknown])


@pytest.mark.parametrize("keyword", ["bssid", "channel", "security"])
def test_connects_keywords(make, board, keyword):
    # channel and security: extmod/network_cyw43.c only
    value = {"bssid": b"\x02\x1a\x2b\x3c\x4d\x5e", "channel": 6, "security": 4}[keyword]
    (found,) = run(make, board, f"show(wlan.connect, 'dormouse', 'sleep-tight', {keyword}={value!r})")
    assert found == "None" if keyword == "bssid" or board == "pyboard_d" else found.startswith("TypeError")


def test_a_known_access_point_is_joined_sooner(make, board):
    program = """
wlan.connect("dormouse", "sleep-tight"{})
print(watch(3000)[1])
"""
    hint = ", bssid=b'\\x02\\x1a\\x2b\\x3c\\x4d\\x5e'" + (", channel=6" if board == "pyboard_d" else "")
    speed = 5
    slow, fast = (int(run(make, board, program.format(extra), speed=speed)[0]) for extra in ("", hint))
    model = make(board, "").model
    assert slow - fast == pytest.approx((model.associate_ms - model.associate_bssid_ms) / speed, abs=50)
    (never,) = run(make, board, program.format(hint.replace("x1a", "x1b")).replace("[1]", "[0][-1]").replace("3000", "400"))
    assert never != str(CODES[board][2])


def test_a_fixed_address_saves_dhcp(make, board):
    program = """
wlan.ifconfig(("192.168.7.7", "255.255.255.0", "192.168.7.1", "192.168.7.1"))
wlan.connect("dormouse", "sleep-tight")
print(watch(3000)[1], wlan.ifconfig()[0])
"""
    world = World()
    world.wifi.dhcp_answers = False
    took, address = run(make, board, program, world)[0].split()
    assert address == "192.168.7.7"
    model = make(board, "").model
    assert int(took) == pytest.approx((model.radio_ms + model.associate_ms) / SPEED, abs=30)


def test_without_dhcp_there_is_no_link(make, board):
    world = World()
    world.wifi.dhcp_answers = False
    (found,) = run(make, board, "wlan.connect('dormouse', 'sleep-tight')\nprint(watch(400)[0][-1])", world)
    assert int(found) == {"feather_s2": 1001, "esp8266": 1, "pyboard_d": 2}[board]


def test_scan_and_signal(make, board):
    program = """
print(wlan.scan()[0][:4])
wlan.connect("dormouse", "sleep-tight")
watch(3000)
print(wlan.status("rssi"))
show(wlan.config, "channel")
show(wlan.status, "x")
"""
    # ports/esp8266/network_wlan.c, esp_config: the channel is the access point's
    channel = "OSError AP required" if board == "esp8266" else "6"
    found = ["(b'dormouse', b'\\x02\\x1a+<M^', 6, -61)", "-61", channel, "ValueError unknown status param"]
    assert run(make, board, program) == found


def test_esp32_refuses_a_second_connect(make):
    program = """
wlan.connect("dormouse", "sleep-tight")
show(wlan.connect, "dormouse", "sleep-tight")
wlan.active(False)
show(wlan.connect, "a")
"""
    assert run(make, "feather_s2", program) == ["OSError Wifi Internal State Error", "OSError Wifi Not Started"]


def test_esp8266_joins_by_itself_unless_switched_off(make):
    # The SDK keeps network and mode in flash (ports/esp8266/network_wlan.c: wifi_station_set_config, wifi_set_opmode).
    virtual = make(
        "esp8266",
        JOIN.replace("wlan.active(True)\n", "")
        + """
import machine
if machine.reset_cause() == 0:
    wlan.active(True)
    wlan.connect("dormouse", "sleep-tight")
else:
    print(wlan.config("ssid"), watch(2000)[0][-1])
    wlan.active(False)
machine.deepsleep(1000)
""",
        speed=SPEED,
    )
    first, second, third = (virtual.run_wake(20) for _ in range(3))
    assert first.flash_writes == 1
    assert second.output == "dormouse 5\n"
    assert third.output == "dormouse 0\n"


def test_a_link_that_drops(make, board):
    world = World()
    world.wifi.drops_after_ms = 2000
    program = """
wlan.connect("dormouse", "sleep-tight")
watch(3000)
print(wlan.isconnected())
time.sleep_ms(200)
print(wlan.isconnected())
"""
    assert run(make, board, program, world) == ["True", "False"]


NEAR = AccessPoint(b"\x02\x1a\x2b\x3c\x4d\x77", 11, -40)


def test_which_of_two_access_points_is_joined(make, board):
    # ESP32: WIFI_FAST_SCAN takes the first one met, from channel 1 up (ESP-IDF, Wi-Fi driver, station scenarios)
    world = World(wifi=WifiMesh(others=[NEAR]))
    program = """
wlan.connect("dormouse", "sleep-tight")
watch(3000)
print(wlan.status("rssi"), len(wlan.scan()))
"""
    assert run(make, board, program, world) == ["-61 2" if board == "feather_s2" else "-40 2"]
    hint = f", bssid={NEAR.bssid!r}" + (", channel=11" if board == "pyboard_d" else "")
    program = program.replace('tight"', 'tight"' + hint)
    assert run(make, board, program, world) == ["-40 2"]


def test_a_wrong_channel_is_no_network_where_it_is_obeyed(make):
    # cyw43_ll.c: a join with access point and channel looks nowhere else
    (found,) = run(
        make,
        "pyboard_d",
        "wlan.connect('dormouse', 'sleep-tight', bssid=b'\\x02\\x1a+<M^', channel=7)\nprint(watch(400)[0][-1])",
    )
    assert int(found) == -2


def test_under_an_address_that_another_has_nothing_passes(make, board):
    program = """
import socket
wlan.ifconfig(("192.168.1.99", "255.255.255.0", "192.168.1.1", "192.168.1.1"))
wlan.connect("dormouse", "sleep-tight")
watch(3000)
print(wlan.isconnected())
s = socket.socket()
s.settimeout(0.1)
try:
    s.connect(("127.0.0.1", 9))
except OSError:
    print("nothing passes")
"""
    world = World(wifi=WifiMesh(dead={"192.168.1.99"}))
    assert run(make, board, program, world) == ["True", "nothing passes"]


@pytest.mark.parametrize("again", ["connected", "powered down"])
def test_dhcp_after_a_set_address(make, board, again):
    # network_cyw43.c: deinit() is what makes the port forget an address; the ESP ports start their client anew.
    off = "wlan.deinit()\nwlan.active(True)\n" if board == "pyboard_d" else "wlan.disconnect()\nwlan.ifconfig('dhcp')\n"
    program = f"""
wlan.ifconfig(("192.168.1.99", "255.255.255.0", "192.168.1.1", "192.168.1.1"))
{"wlan.connect('dormouse', 'sleep-tight'); watch(3000)" if again == "connected" else ""}
{off}
wlan.connect("dormouse", "sleep-tight")
watch(3000)
print(wlan.ifconfig()[0])
"""
    assert run(make, board, program) == ["192.168.1.57"]


def test_the_esp8266_keeps_the_access_point_too(make):
    # wifi_station_set_config() stores the whole station_config, bssid_set included (ports/esp8266/network_wlan.c)
    main = """
import machine
if machine.reset_cause() == 0:
    wlan.active(True)
    wlan.connect("dormouse", "sleep-tight", bssid=b"\\x02\\x1a+<M^")
else:
    print(watch(400)[0][-1])
machine.deepsleep(1000)
"""
    world = World(wifi=WifiMesh(others=[NEAR]))
    virtual = make("esp8266", JOIN.replace("wlan.active(True)\n", "") + main, world=world, speed=SPEED)
    assert virtual.run_wake(20).flash_writes == 1
    assert virtual.run_wake(20).output == "5\n"
    world.wifi.ap_present = False
    assert virtual.run_wake(20).output == "3\n"
