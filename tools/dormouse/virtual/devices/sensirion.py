"""What Sensirion's I2C parts have in common: words with a CRC, and an answer that can be read once."""

from __future__ import annotations

from dormouse.virtual.devices.i2c_part import I2CPart

# Remainders of the four-bit numbers divided by the polynomial: on purpose another way to the CRC than the drivers'.
_REMAINDERS = (0x00, 0x31, 0x62, 0x53, 0xC4, 0xF5, 0xA6, 0x97, 0xB9, 0x88, 0xDB, 0xEA, 0x7D, 0x4C, 0x1F, 0x2E)


def crc8(data: bytes) -> int:
    """The CRC of a word: polynomial 0x31, initial value 0xff (Datasheet SHT4x, version 7.3, table 7: 0xBEEF gives 0x92)."""
    crc = 0xFF
    for byte in data:
        for nibble in (byte >> 4, byte & 15):
            crc = (crc << 4) & 0xFF ^ _REMAINDERS[crc >> 4 ^ nibble]
    return crc


def words(*numbers: int) -> bytes:
    """Words of 16 bits, the high byte first, each with its CRC."""
    return b"".join(word.to_bytes(2, "big") + bytes([crc8(word.to_bytes(2, "big"))]) for word in numbers)


def ticks(value: float, low: float, span: float) -> int:
    """The word that stands for a value between low and low + span; beyond them, the nearest."""
    return min(0xFFFF, max(0, round((value - low) * 65535 / span)))


class SensirionPart(I2CPart):
    """One part. Its failure "crc" is dealt with here: the first CRC is wrong."""

    _answer = b""
    _ready_ms = 0.0

    def begin(self, ms: float, answer: bytes = b"") -> None:
        """It is busy for so long, and then has an answer."""
        self._ready_ms = self.now_ms() + ms
        self._answer = answer

    def busy(self) -> bool:
        """Whether it is."""
        return self.now_ms() < self._ready_ms

    def once(self, n: int) -> bytes:
        """n bytes of the answer, which is gone then; past its end nobody pulls the line down."""
        answer, self._answer = self._answer, b""
        if self.fails("crc"):
            answer = answer[:2] + bytes([answer[2] ^ 1]) + answer[3:]
        return answer[:n] + b"\xff" * (n - len(answer))
