"""What all boards of a MicroPython port have in common, and all boards of a chip. The rest is in boards/NAME/board.toml."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType

# Newlib's error numbers where they differ from Linux's: the ESP32 port passes them through (MICROPY_USE_INTERNAL_ERRNO 0).
_NEWLIB = {"98": 112, "103": 113, "107": 128, "110": 116, "113": 118, "114": 120, "115": 119}
_CAUSES = {
    "power": "PWRON_RESET",
    "reset": "HARD_RESET",
    "watchdog": "WDT_RESET",
    "deepsleep": "DEEPSLEEP_RESET",
    "soft": "SOFT_RESET",
}


@dataclass(frozen=True, kw_only=True)
class Port:
    """A port of MicroPython. Times in milliseconds, sizes in bytes."""

    port: str  # folder of shims
    platform: str  # sys.platform
    causes: dict[str, int]  # reset cause by what happened: power, reset, watchdog, deepsleep, soft
    cause_names: dict[str, str] = field(default_factory=lambda: _CAUSES)
    modules: tuple[str, ...]  # modules beyond those that every port has
    id_bytes: int  # of machine.unique_id()
    root: str = "/"
    path: tuple[str, ...] = ("", ".frozen", "/lib")
    rtc_start_ms: int = 0  # the RTC's time after power-up, since 2000
    errno: dict[str, int] = field(default_factory=dict)
    no_route: int = 113
    dns_error: int = -2
    irq_off_ms: int | None = None  # a watchdog resets when the interrupts are off for so long
    stuck_ms: int | None = None  # a watchdog that is always on resets what is stuck in the firmware for so long
    tcp_nodelay: int = 64  # the option's number: lwIP's own (TF_NODELAY, extmod/modlwip.c), or that of its BSD sockets
    dns_blocks: bool = False  # getaddrinfo() lets no callback run


@dataclass(frozen=True)
class Chip:
    """A chip. pins: the lowest and the highest number of a GPIO; (0, 0): pins have names only."""

    port: str
    pins: tuple[int, int]


_ESP32 = Port(
    port="esp32",
    platform="esp32",
    causes={"power": 1, "reset": 2, "watchdog": 3, "deepsleep": 4, "soft": 5},
    modules=("esp32", "esp"),
    id_bytes=6,
    errno=_NEWLIB,
    no_route=118,
    dns_error=-202,
    irq_off_ms=300,  # esp-idf, CONFIG_ESP_INT_WDT_TIMEOUT_MS
    tcp_nodelay=1,
    dns_blocks=True,
)
_ESP8266 = Port(
    port="esp8266",
    platform="esp8266",
    # machine.reset() is a software restart here (system_restart), and a soft reset leaves the cause as it was.
    # What bites is the SDK's software watchdog, which has no name in machine (micropython #9119): not WDT_RESET, 1.
    causes={"power": 0, "reset": 4, "watchdog": 3, "deepsleep": 5},
    cause_names={**_CAUSES, "reset": "SOFT_RESET"},
    modules=("esp",),
    id_bytes=4,
    irq_off_ms=8200,  # the chip's hardware watchdog (sigmdel.ca, ESP8266 Watchdogs in Arduino)
    stuck_ms=3200,  # ports/esp8266/ets_alt_task.c: a timer of 1.6 s resets at its second turn
)
_STM32 = Port(
    port="stm32",
    platform="pyboard",
    causes={"soft": 0, "power": 1, "reset": 2, "watchdog": 3, "deepsleep": 4},
    modules=("pyb",),
    id_bytes=12,
    root="/flash",
    path=("", ".frozen", "/flash", "/flash/lib"),
    rtc_start_ms=473385600_000,  # 2015-01-01 (rtc.c)
)

PORTS = MappingProxyType({port.port: port for port in (_ESP32, _ESP8266, _STM32)})

CHIPS = MappingProxyType(
    {
        "esp32s2": Chip("esp32", (0, 46)),
        "esp8266": Chip("esp8266", (0, 16)),
        "stm32f722": Chip("stm32", (0, 0)),
    }
)
