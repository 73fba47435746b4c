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

# Frozen by each port's boards/manifest.py; ds18x20 by all but stm32's.
_FROZEN = ("_onewire", "onewire", "dht")


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
    radio: str = ""  # whose ways wifi.py has; "": the port has its own
    keeps_clock: bool = True  # over a reset, deep sleep's end included; else it begins anew
    cause_stays: bool = False  # a soft reset leaves the cause of the reset before it


@dataclass(frozen=True)
class Chip:
    """A chip: what the firmware lets its pins do.

    pins: the GPIOs that the firmware knows; (): pins have names only. inputs: those that cannot be driven. wakes: those that
    can end deep sleep, as the chip names them. adc: those with a converter. shared: those whose converter the radio takes.
    adc_mv: where the converter ends, by attenuation. shims: what else the port's shims want to know.
    """

    port: str
    pins: tuple[int, ...] = ()
    inputs: tuple[int, ...] = ()
    wakes: tuple[int | str, ...] = ()
    adc: tuple[int | str, ...] = ()
    shared: tuple[int, ...] = ()
    adc_mv: tuple[int, ...] = ()
    shims: dict[str, int | str] = field(default_factory=dict)

    def told(self) -> dict[str, object]:
        """What the shims are told of it."""
        pins = {"pins": self.pins, "inputs": self.inputs, "wakes": self.wakes, "adc": self.adc, "adc_mv": self.adc_mv}
        return {**pins, **self.shims}

    @property
    def pin_range(self) -> tuple[int, int]:
        """The lowest and the highest number of a pin."""
        return (self.pins[0], self.pins[-1]) if self.pins else (0, 0)


_ESP32 = Port(
    port="esp32",
    platform="esp32",
    causes={"power": 1, "reset": 2, "watchdog": 3, "deepsleep": 4, "soft": 5},
    modules=("esp32", "esp", *_FROZEN, "ds18x20"),
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
    cause_stays=True,
    modules=("esp", *_FROZEN, "ds18x20"),
    id_bytes=4,
    irq_off_ms=8200,  # the chip's hardware watchdog (sigmdel.ca, ESP8266 Watchdogs in Arduino)
    stuck_ms=3200,  # ports/esp8266/ets_alt_task.c: a timer of 1.6 s resets at its second turn
)
_STM32 = Port(
    port="stm32",
    platform="pyboard",
    causes={"soft": 0, "power": 1, "reset": 2, "watchdog": 3, "deepsleep": 4},
    modules=("pyb", *_FROZEN),
    id_bytes=12,
    root="/flash",
    path=("", ".frozen", "/flash", "/flash/lib"),
    rtc_start_ms=473385600_000,  # 2015-01-01 (rtc.c)
    radio="cyw43",
)
_RP2 = Port(
    port="rp2",
    platform="rp2",
    # It knows two causes: each reset is the watchdog's, deepsleep() included (modmachine.c, mp_machine_reset).
    causes={"power": 1, "reset": 3, "watchdog": 3, "deepsleep": 3},
    cause_names=dict.fromkeys(_CAUSES, "WDT_RESET") | {"power": "PWRON_RESET"},
    cause_stays=True,
    modules=("rp2", *_FROZEN, "ds18x20"),
    id_bytes=8,
    rtc_start_ms=662774400_000,  # 2021-01-01 (main.c)
    keeps_clock=False,
    radio="cyw43",
)
# What a board's radio has that is not the port's: [virtual] radio. NINA-W102: sockets and names are the module's own
# (extmod/network_ninaw10.c), and the firmware has newlib's numbers (ARDUINO_NANO_RP2040_CONNECT/mpconfigboard.h); it waits for
# an answer with the scheduler locked (nina_wifi_drv.c).
RADIOS = MappingProxyType(
    {
        "": {},
        "nina": {"errno": _NEWLIB, "no_route": 118, "dns_error": -1, "tcp_nodelay": 1, "dns_blocks": True, "radio": "nina"},
    }
)

PORTS = MappingProxyType({port.port: port for port in (_ESP32, _ESP8266, _STM32, _RP2)})


def _pins(*ranges: int | tuple[int, int]) -> tuple[int, ...]:
    return tuple(
        pin for part in ranges for pin in (range(part[0], part[1] + 1) if isinstance(part, tuple) else range(part, part + 1))
    )


# The ESP32 family. pins: ports/esp32/machine_pin.h; those of a native USB port are in use, as are those of flash and RAM.
# wakes: modesp32.h, RTC_VALID_EXT_PINS; the C3 has no EXT0 and EXT1, its GPIO 0 to 5 wake (ESP-IDF sleep_modes, esp32c3).
# adc, adc_mv: ESP-IDF v4.4 docs/en/api-reference/peripherals/adc.rst, channels and measurable ranges; shared: there, the ADC2
# limitations, of the ESP32 (the others may fail now and then). timers: SOC_TIMER_GROUP_TOTAL_TIMERS (machine_timer.c). i2c:
# SOC_I2C_NUM. bits: of the converter (SOC_ADC_RTC_MAX_BITWIDTH). mhz: modmachine.c, freq.
_S2_PINS = _pins((0, 18), 21, (33, 46))
_S3_PINS = _pins((0, 18), 21, (33, 48))
_ESP32_PINS = _pins((0, 23), (25, 27), (32, 39))
_STM32_ADC = tuple(f"{bank}{pin}" for bank, most in (("A", 8), ("B", 2), ("C", 6)) for pin in range(most))
CHIPS = MappingProxyType(
    {
        "esp32": Chip(
            "esp32",
            _ESP32_PINS,
            inputs=_pins((34, 39)),
            wakes=_pins(0, 2, 4, (12, 15), (25, 27), (32, 39)),
            adc=_pins(0, 2, 4, (12, 15), (25, 27), (32, 39)),
            shared=_pins(0, 2, 4, (12, 15), (25, 27)),
            adc_mv=(950, 1250, 1750, 2450),
            shims={"timers": 4, "i2c": 2, "bits": 12, "mhz": 240, "wake": "ext"},
        ),
        "esp32s2": Chip(
            "esp32",
            _S2_PINS,
            inputs=(46,),
            wakes=_pins((0, 21)),
            adc=_pins((1, 20)),
            adc_mv=(750, 1050, 1300, 2500),
            shims={"timers": 4, "i2c": 2, "bits": 13, "mhz": 240, "wake": "ext"},
        ),
        "esp32s3": Chip(
            "esp32",
            _S3_PINS,
            wakes=_pins((0, 21)),
            adc=_pins((1, 20)),
            adc_mv=(950, 1250, 1750, 3100),
            shims={"timers": 4, "i2c": 2, "bits": 12, "mhz": 240, "wake": "ext"},
        ),
        "esp32c3": Chip(
            "esp32",
            _pins((0, 13), 20, 21),
            wakes=_pins((0, 5)),
            adc=_pins((0, 5)),
            adc_mv=(750, 1050, 1300, 2500),
            shims={"timers": 2, "i2c": 1, "bits": 12, "mhz": 160, "wake": "gpio"},
        ),
        "esp8266": Chip("esp8266", _pins((0, 5), 9, 10, (12, 16)), adc=(0,), adc_mv=(1000,)),
        # Four of the six WKUP inputs are on the Pyboard D's pins (RM0431, section 4.4). adc: STM32F722 datasheet, pin table.
        "stm32f722": Chip("stm32", wakes=("A0", "A2", "C1", "C13"), adc=_STM32_ADC, adc_mv=(3300,)),
        "rp2040": Chip("rp2", _pins((0, 29)), adc=_pins((26, 29)), adc_mv=(3300,)),
    }
)
