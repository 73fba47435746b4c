"""The numbers of each board that can be virtual. Times are a model's, not measurements, unless a source is named.

Every figure can be replaced by the board's own ``[virtual]`` table in boards/NAME/board.toml.
"""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# Newlib's error numbers where they differ from Linux's: the ESP32 port passes them through (MICROPY_USE_INTERNAL_ERRNO 0).
_NEWLIB = {"98": 112, "103": 113, "107": 128, "110": 116, "113": 118, "114": 120, "115": 119}


@dataclass(frozen=True)
class BoardModel:
    """What tells one virtual board from another. Times in milliseconds, sizes in bytes, drift as a relative error."""

    name: str
    port: str  # folder of shims
    platform: str  # sys.platform
    machine: str  # os.uname()
    unique_id: bytes
    causes: dict[str, int]  # reset cause by what happened: power, reset, watchdog, deepsleep, soft
    cause_names: dict[str, str]
    modules: tuple[str, ...]  # modules beyond those that every port has
    flash_bytes: int  # of the file system
    retained_bytes: int
    root: str
    path: tuple[str, ...]
    boot_ms: int  # power applied to the first line of main.py
    wake_boot_ms: int  # the same after a deep sleep
    radio_ms: int  # WLAN.active(True)
    associate_ms: int  # scan, authentication, 4-way handshake
    associate_bssid_ms: int  # the same with bssid given (and channel, where the port uses it)
    dhcp_ms: int
    scan_ms: int  # a scan of all channels; also the time until "no such network" is known
    auth_fail_ms: int  # until a wrong password is known
    drift: float  # of the clock that runs in deep sleep: 0.01 sleeps 1 % too long
    native_usb: bool  # the port vanishes in deep sleep
    rtc_start_ms: int  # the RTC's time after power-up, since 2000
    rail: str | None  # pin that switches the sensors' supply
    pin_range: tuple[int, int]
    pins: dict[str, str] = field(default_factory=dict)
    errno: dict[str, int] = field(default_factory=dict)
    no_route: int = 113
    dns_error: int = -2
    irq_off_ms: int | None = None  # a watchdog resets when the interrupts are off for so long
    stuck_ms: int | None = None  # a watchdog that is always on resets what is stuck in the firmware for so long
    tcp_nodelay: int = 64  # the option's number: lwIP's own (TF_NODELAY, extmod/modlwip.c), or that of its BSD sockets
    dns_blocks: bool = False  # getaddrinfo() lets no callback run
    hostname: str = "mpy"
    adc: dict[str, Any] = field(default_factory=dict)  # board.toml's table: what hangs on which pin


_CAUSES = {
    "power": "PWRON_RESET",
    "reset": "HARD_RESET",
    "watchdog": "WDT_RESET",
    "deepsleep": "DEEPSLEEP_RESET",
    "soft": "SOFT_RESET",
}

_FEATHER_S2 = BoardModel(
    name="feather_s2", port="esp32", platform="esp32", machine="FeatherS2 with ESP32-S2",
    unique_id=bytes.fromhex("7cdfa1021234"),
    causes={"power": 1, "reset": 2, "watchdog": 3, "deepsleep": 4, "soft": 5},
    cause_names=_CAUSES,
    modules=("esp32", "esp"),
    flash_bytes=14 << 20,  # partitions-16MiB.csv: vfs from 0x200000
    retained_bytes=2048, root="/", path=("", ".frozen", "/lib"),
    # upy-esp32-experiments README: after a deep sleep the image is not validated again (-217 ms).
    boot_ms=600, wake_boot_ms=390, radio_ms=60,
    # The same: Wi-Fi up 734 ms with a static address, 1626 ms with DHCP, boot included.
    associate_ms=700, associate_bssid_ms=400, dhcp_ms=890, scan_ms=2000, auth_fail_ms=3000,
    drift=-0.003,  # OpenDisplay #42: 9 to 11 s an hour early
    native_usb=True, rtc_start_ms=0, rail="21", pin_range=(0, 46), errno=_NEWLIB, no_route=118, dns_error=-202,
    tcp_nodelay=1,
    dns_blocks=True, hostname="mpy-esp32s2",
    irq_off_ms=300,  # esp-idf, CONFIG_ESP_INT_WDT_TIMEOUT_MS
)  # fmt: skip

_ESP8266 = BoardModel(
    name="esp8266", port="esp8266", platform="esp8266", machine="ESP module with ESP8266",
    unique_id=bytes.fromhex("a41b5c00"),
    # machine.reset() is a software restart here (system_restart), and a soft reset leaves the cause as it was.
    # What bites is the SDK's software watchdog, which has no name in machine (micropython #9119): not WDT_RESET, 1.
    causes={"power": 0, "reset": 4, "watchdog": 3, "deepsleep": 5},
    cause_names={**_CAUSES, "reset": "SOFT_RESET"},
    irq_off_ms=8200,  # the chip's hardware watchdog (sigmdel.ca, ESP8266 Watchdogs in Arduino)
    stuck_ms=3200,  # ports/esp8266/ets_alt_task.c: a timer of 1.6 s resets at its second turn
    modules=("esp",),
    flash_bytes=(3 << 20) - 0x5000,  # 4 MiB less 1 MiB of firmware and the SDK's five sectors
    retained_bytes=492, root="/", path=("", ".frozen", "/lib"),
    boot_ms=350, wake_boot_ms=300, radio_ms=0,
    associate_ms=1200, associate_bssid_ms=400, dhcp_ms=700, scan_ms=2200, auth_fail_ms=3500,
    drift=-0.023,  # micropython #2724: 14 s in 600 s
    native_usb=False, rtc_start_ms=0, rail=None, pin_range=(0, 16), hostname="mpy-esp8266",
)  # fmt: skip

_PYBD_PINS = {
    **{f"X{i}": p for i, p in enumerate(["A0", "A1", "A2", "A3", "A4", "A5", "A6", "A7", "B6", "B7", "C4", "C5"], 1)},
    "EN_3V3": "F2", "LED_RED": "A13", "LED_GREEN": "A14", "LED_BLUE": "A15", "PULL_SCL": "D10", "PULL_SDA": "D9",
    "VBAT": "VBAT", "C1": "C1", "C13": "C13",
}  # fmt: skip

_PYBOARD_D = BoardModel(
    name="pyboard_d", port="stm32", platform="pyboard", machine="PYBD-SF2W with STM32F722IEK",
    unique_id=bytes.fromhex("3a0024000f51363039363532"),
    causes={"soft": 0, "power": 1, "reset": 2, "watchdog": 3, "deepsleep": 4},
    cause_names=_CAUSES,
    modules=("pyb",),
    flash_bytes=2 << 20, retained_bytes=4096,
    root="/flash", path=("", ".frozen", "/flash", "/flash/lib"),
    # Nobody has published this board's times. The radio's firmware goes over SDIO at every start.
    boot_ms=250, wake_boot_ms=250, radio_ms=300,
    associate_ms=1200, associate_bssid_ms=500, dhcp_ms=900, scan_ms=2500, auth_fail_ms=3000,
    drift=0.00002,  # a watch crystal
    native_usb=True, rtc_start_ms=473385600_000,  # 2015-01-01 (rtc.c)
    rail="F2", pin_range=(0, 0), pins=_PYBD_PINS, hostname="mpy-pybd",
)  # fmt: skip

MODELS = {m.name: m for m in (_FEATHER_S2, _ESP8266, _PYBOARD_D)}


def load(name: str, boards: Path | None = None) -> BoardModel:
    """The model of a board.

    name: a folder of boards/. boards: that folder's place; a number of the model may stand in board.toml's ``[virtual]``
    table, what hangs on the ADC's pins in ``[adc]``.
    Raises ValueError for a board that cannot be virtual.
    """
    if name not in MODELS:
        raise ValueError(f"no virtual board {name!r}: there are {', '.join(sorted(MODELS))}")
    model = MODELS[name]
    path = (boards or Path(__file__).parents[3] / "boards") / name / "board.toml"
    if not path.is_file():
        return model
    document: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    table = document.get("virtual", {})
    numbers = {f.name for f in dataclasses.fields(BoardModel)} - {"name", "adc"}
    changed = {k: tuple(v) if isinstance(v, list) else v for k, v in table.items() if k in numbers}
    return dataclasses.replace(model, adc=document.get("adc", {}), **changed)
