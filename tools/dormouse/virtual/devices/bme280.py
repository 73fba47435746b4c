"""Bosch BME280 and BMP280 at register level.

Sources: BME280 datasheet BST-BME280-DS002-15, revision 1.6, whose sections are named below; BMP280 datasheet
BST-BMP280-DS001-23, revision 1.23. Where they say nothing, the model takes the harsher answer, and the comment says so.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any

from dormouse.virtual.devices import Nack
from dormouse.virtual.devices.i2c_part import I2CPart
from dormouse.virtual.devices.scene import Scene

START_UP_MS = 2.0  # table 1, t_startup
COPY_MS = 1.0  # im_update (5.4.4), in which the model's trimming parameters read as zeros; the time is made up
BME280, BMP280 = 0x60, 0x58
_SAMPLES = (0, 1, 2, 4, 8, 16, 16, 16)  # tables 20, 23, 24
_T1 = (28189, 26285, 50)  # of a real part: github.com/elixir-sensors/bmp280, test/bmp280/sensor/bme280_sensor_test.exs
_P1 = (36635, -10696, 3024, 11092, -241, -7, 12300, -12000, 5000)
_H1 = (75, 338, 0, 370, 60, 30)
_CTRL_HUM, _STATUS, _CTRL_MEAS, _CONFIG, _DATA, _END = 0xF2, 0xF3, 0xF4, 0xF5, 0xF7, 0xFF
_DEFAULTS = b"\x80\0\0\x80\0\0\x80\0"  # table 18, reset state


def temperature(raw: int) -> tuple[float, float]:
    """Degrees Celsius and t_fine from 20 bits, in double precision (8.1): another way than the driver's integers."""
    t1, t2, t3 = _T1
    fine = (raw / 16384 - t1 / 1024) * t2 + (raw / 131072 - t1 / 8192) ** 2 * t3
    return fine / 5120, fine


def pressure(raw: int, fine: float) -> float:
    """Pascals from 20 bits (8.1)."""
    p1, p2, p3, p4, p5, p6, p7, p8, p9 = _P1
    a = fine / 2 - 64000
    b = (a * a * p6 / 32768 + a * p5 * 2) / 4 + p4 * 65536
    a = (1 + (p3 * a * a / 524288 + p2 * a) / 524288 / 32768) * p1
    p = (1048576 - raw - b / 4096) * 6250 / a
    return p + (p9 * p * p / 2147483648 + p * p8 / 32768 + p7) / 16


def humidity(raw: int, fine: float) -> float:
    """Percent from 16 bits (8.1)."""
    h1, h2, h3, h4, h5, h6 = _H1
    h = fine - 76800
    h = (raw - (h4 * 64 + h5 / 16384 * h)) * (h2 / 65536 * (1 + h6 / 67108864 * h * (1 + h3 / 67108864 * h)))
    return min(100.0, max(0.0, h * (1 - h1 * h / 524288)))


class BMx280(I2CPart):
    """One BME280, or with chip 0x58 one BMP280.

    now_ms: the virtual board's monotonic milliseconds. scene: gives temperature_c, pressure_hpa and humidity_pct; its failure
    "bme280" is "nack" (not there), "busy" (never done measuring) or "stuck" (SDA held low: every bit reads 0). address: 0x76 or
    0x77.
    """

    addresses = (0x76, 0x77)  # 6.2: SDO to GND, to VDDIO

    def __init__(self, now_ms: Callable[[], float], scene: Scene, address: int = 0x76, chip: int = BME280) -> None:
        self.chip = chip
        super().__init__(now_ms, scene, address)

    def power_up(self) -> None:
        """It answers after START_UP_MS."""
        self._reset()

    def take(self, data: bytes) -> None:
        """Set the register pointer, then write pairs: value, register, value... (6.2.1). It does not go up by itself."""
        self._pointer = data[0]
        for i in range(0, len(data) - 1, 2):
            self._set(data[i], data[i + 1])

    def give(self, n: int) -> bytes:
        """Registers from the pointer on (6.2.2)."""
        self._finish()
        return bytes(self._register(self._pointer + i) for i in range(n))

    def _reset(self) -> None:
        self._alive_ms = self.now_ms() + START_UP_MS
        self._copied_ms = self._alive_ms + COPY_MS
        self._done_ms: float | None = None
        self._ctrl_hum = self._effective_hum = self._ctrl_meas = self._config = self._pointer = 0
        self._data = _DEFAULTS
        self._filtered: tuple[float, float] | None = None

    def be_present(self) -> None:
        """Raises Nack while it starts, too."""
        super().be_present()
        if self.now_ms() < self._alive_ms:
            raise Nack

    def _copying(self) -> bool:
        return self.now_ms() < self._copied_ms

    def _register(self, at: int) -> int:
        if at == 0xD0:
            return self.chip
        if 0x88 <= at <= 0xA1 or (0xE1 <= at <= 0xE7 and self.chip == BME280):
            return 0 if self._copying() else _trim()[at]
        if at == _CTRL_HUM and self.chip == BME280:
            return self._ctrl_hum
        if at == _STATUS:
            return (8 if self._done_ms is not None else 0) | self._copying()
        if at == _CTRL_MEAS:
            return self._ctrl_meas
        if at == _CONFIG:
            return self._config
        if _DATA <= at < (_END if self.chip == BME280 else _END - 2):
            return self._data[at - _DATA]
        return 0  # reserved, reset: 0 (5.4.2)

    def _set(self, at: int, value: int) -> None:
        self._finish()
        if at == 0xE0 and value == 0xB6:
            self._reset()
        elif self._copying() and self._done_ms is None:
            pass  # lost: not mentioned
        elif at == _CTRL_HUM and self.chip == BME280:
            self._ctrl_hum = value & 7
        elif at == _CONFIG and self._ctrl_meas & 3 != 3:  # 5.4.6: in normal mode writes may be ignored
            self._config = value & 0xFD
        elif at == _CTRL_MEAS:
            self._ctrl_meas = value
            self._effective_hum = self._ctrl_hum  # 5.4.3
            self._done_ms = None
            if value & 3:
                self._measure()

    def _measure(self) -> None:
        times_t, times_p, times_h = (_SAMPLES[i] for i in (self._ctrl_meas >> 5, self._ctrl_meas >> 2 & 7, self._effective_hum))
        ms = 1.25 + 2.3 * times_t + (2.3 * times_p + 0.575) * (times_p > 0) + (2.3 * times_h + 0.575) * (times_h > 0)  # 9.1
        self._done_ms = self.now_ms() + ms
        self._copied_ms = self.now_ms() + COPY_MS  # 5.4.4: before every conversion, too
        self._raw = self._convert(times_t, times_p, times_h)

    def _finish(self) -> None:
        while self._done_ms is not None and self.now_ms() >= self._done_ms and not self.fails("busy"):
            self._data = self._raw
            self._done_ms = None
            if self._ctrl_meas & 3 == 3:
                self._measure()  # normal mode: on and on, with the shortest standby
                break
            self._ctrl_meas &= 0xFC  # 3.3.3: forced mode ends in sleep mode

    def _convert(self, times_t: int, times_p: int, times_h: int) -> bytes:
        def value(name: str) -> float:
            return self.scene.value(name)

        raw_t, raw_p, raw_h = 0x80000, 0x80000, 0x8000  # skipped
        if times_t:
            raw_t = _raw(lambda raw: temperature(raw)[0], value("temperature_c"), 20, 4 - times_t.bit_length() + 1)
        fine = temperature(raw_t)[1]
        if times_p:
            raw_p = _raw(lambda raw: pressure(raw, fine), 100 * value("pressure_hpa"), 20, 4 - times_p.bit_length() + 1)
        if times_h and self.chip == BME280:
            raw_h = _raw(lambda raw: humidity(raw, fine), value("humidity_pct"), 16, 0)
        strength = (1, 2, 4, 8, 16, 16, 16, 16)[self._config >> 2 & 7]  # 3.4.4: the filter's coefficient, 1: off
        if strength > 1 and self._filtered:
            raw_t, raw_p = ((old * (strength - 1) + new) / strength for old, new in zip(self._filtered, (raw_t, raw_p)))
        self._filtered = (raw_t, raw_p) if strength > 1 else None
        return (int(raw_p) << 28 | int(raw_t) << 4).to_bytes(6, "big") + raw_h.to_bytes(2, "big")


def make(now_ms: Callable[[], float], scene: Scene, options: Mapping[str, Any]) -> BMx280:
    """The part that a sensor's entry in config.py describes: a BME280."""
    return BMx280(now_ms, scene, options.get("address", 0x76))


def _raw(physical: Callable[[int], float], value: float, bits: int, lost: int) -> int:
    """The raw number whose physical value comes nearest, rounded by its lowest bits that are lost; found by halving."""
    rising = physical(1 << (bits - 1)) > physical(0)
    low, high = 0, (1 << bits) - 1
    while low < high:
        middle = (low + high) // 2
        if (physical(middle) < value) == rising:
            low = middle + 1
        else:
            high = middle
    return min((1 << bits) - 1, low + (1 << lost >> 1)) >> lost << lost


def _trim() -> dict[int, int]:
    """The trimming parameters, by register (table 16)."""
    h1, h2, h3, h4, h5, h6 = _H1
    low = struct.pack("<HhhH8hBB", *_T1, *_P1, 0, h1)
    high = struct.pack("<hBBBBb", h2, h3, h4 >> 4 & 0xFF, (h4 & 15) | (h5 & 15) << 4, h5 >> 4 & 0xFF, h6)
    return dict(enumerate(low, 0x88)) | dict(enumerate(high, 0xE1))
