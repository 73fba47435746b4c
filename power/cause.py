"""Why the board started."""

import sys

import machine


def cause():
    """"power", "deepsleep", "watchdog", "soft" (Ctrl-D, machine.soft_reset()) or "reset" (button, machine.reset(), panic).

    On the ESP32 family a brownout reads as "power" (MicroPython ports/esp32/modmachine.c). 3 is every port's WDT_RESET but the
    ESP8266's, where it is the SDK's software watchdog, which has no name (micropython #9119). rp2 knows two causes only: what
    its part of power has found out is asked, where that is loaded.
    """
    scratch = sys.modules.get("power.scratch_rp2")
    if scratch:
        return scratch.why()
    return {
        machine.PWRON_RESET: "power",
        machine.DEEPSLEEP_RESET: "deepsleep",
        machine.WDT_RESET: "watchdog",
        3: "watchdog",
        machine.SOFT_RESET: "soft",
    }.get(machine.reset_cause(), "reset")


def usb():
    """Whether a program on a PC has the USB port open; False where the firmware cannot tell, which only stm32's can."""
    try:
        return __import__("pyb").USB_VCP().isconnected()
    except ImportError:
        return False
