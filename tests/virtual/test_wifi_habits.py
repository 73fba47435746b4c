"""The radio: what each port does while it associates, and after it failed."""

from __future__ import annotations

from test_wifi import NEAR, run

from dormouse.virtual.board import World
from dormouse.virtual.mesh import AccessPoint, WifiMesh


def test_the_esp32_shows_the_last_failure_until_the_next_success(make):
    """network_wlan.c asks for the last reason before anything else, and connect() does not clear it (micropython #17339)."""
    program = """
wlan.config(reconnects=0)
wlan.connect("elsewhere", "sleep-tight")
print(watch(600)[0])
wlan.disconnect()
time.sleep_ms(60)
wlan.connect("dormouse", "sleep-tight")
print(watch(2000)[0])
wlan.disconnect()
print(wlan.status())
"""
    failed, again, after = run(make, "feather_s2", program)
    assert eval(failed)[-1] == 201
    assert eval(again) == [201, 1010]
    assert after == "1000"


def test_the_esp32_refuses_settings_and_scans_while_it_associates(make):
    """network_wlan.c: connect() and every config(x=y) end in esp_wifi_set_config(), and scan() hides esp_wifi_scan_start()'s
    error in an empty list.
    """
    program = """
wlan.connect("dormouse", "sleep-tight")
show(wlan.config, pm=0)
start = time.ticks_ms()
print(wlan.scan(), time.ticks_diff(time.ticks_ms(), start) < 60)
wlan.disconnect()
show(wlan.connect, "dormouse", "sleep-tight")  # not over yet
time.sleep_ms(60)
print(len(wlan.scan()))
show(wlan.connect, "dormouse", "sleep-tight")
print(watch(3000)[0][-1])
show(wlan.config, pm=0)
"""
    state = "OSError Wifi Internal State Error"
    assert run(make, "feather_s2", program, speed=1) == [state, "[] True", state, "1", "None", "1010", "None"]


def test_the_esp8266_cannot_scan_while_it_associates(make):
    program = """
wlan.connect("dormouse", "sleep-tight")
show(wlan.scan)
wlan.disconnect()
time.sleep_ms(60)
print(len(wlan.scan()))
"""
    assert run(make, "esp8266", program, speed=10) == ["OSError scan failed", "1"]


def test_the_pyboards_ifconfig_waits_for_dhcp(make):
    """network_lwip.c: ifconfig("dhcp") waits 10 s for an address, link or no link."""
    program = """
start = time.ticks_ms()
show(wlan.ifconfig, "dhcp")
print(time.ticks_diff(time.ticks_ms(), start) >= 500)
wlan.connect("dormouse", "sleep-tight")
watch(3000)
show(wlan.ifconfig, "dhcp")
print(wlan.isconnected())
"""
    late = "OSError timeout waiting for DHCP to get IP address"
    assert run(make, "pyboard_d", program) == [late, "True", "None", "True"]


def test_networks_side_by_side_and_names_that_are_hidden(make, board):
    world = World(wifi=WifiMesh(others=[AccessPoint(NEAR.bssid, 3, -70, "second", "to-none")], hidden=True))
    program = """
print(sorted(found[0] for found in wlan.scan()))
wlan.connect("second", "to-none")
watch(3000)
print(wlan.status("rssi"))
"""
    assert run(make, board, program, world) == ["[b'', b'second']", "-70"]
    mesh = world.wifi
    assert (mesh.scans, mesh.leases, [attempt.ssid for attempt in mesh.attempts]) == (1, 1, ["second"])
    # Its name is enough to join a hidden one.
    program = "wlan.connect('dormouse', 'sleep-tight')\nprint(watch(3000)[0][-1] == wlan.status() and wlan.isconnected())"
    assert run(make, board, program, world) == ["True"]
