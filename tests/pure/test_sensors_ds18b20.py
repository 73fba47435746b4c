"""sensors/ds18b20.py against Maxim's DS18B20 (19-7487, rev. 6): tables 1 and 2, the commands of its operation
examples; and Maxim's application note 27 (CRC).
"""

from wirekit import Module, crc8, load, said

BOARD = Module(ONEWIRE=None)
_EIO = 5
_ENODEV = 19


class Wire:
    """onewire.OneWire with one part: what is written is noted, what it says is set by the test."""

    def __init__(self, pin):
        self.pin = pin
        self.log = []  # a reset as "r", then the bytes written
        self.present = True
        self.bits = [1, 0, 1]  # read slots: the idle line, conversion begun, conversion done
        self.pad = None

    def reset(self):
        self.log.append("r")
        return self.present

    def readbit(self):
        return self.bits.pop(0)

    def writebyte(self, byte):
        self.log.append(byte)

    def write(self, data):
        self.log += list(data)

    def readinto(self, data):
        data[:] = self.pad

    def scan(self):
        return self.found

    def crc8(self, data):
        return crc8(data)


made = []


def _one_wire(pin):
    return made[0] if made and made[0] is not None else Wire(pin)


ds18b20 = load("ds18b20", machine=Module(Pin=lambda pin: pin), onewire=Module(OneWire=_one_wire))


def _with_crc(data):
    return bytes(data) + bytes((crc8(data),))


def _pad(low=0x91, high=0x01, config=0x7F):
    # 25.0625 C (table 1), with what start() leaves in the alarm bytes.
    return _with_crc((low, high, 0xA5, 0x5A, config, 0xFF, 0x0F, 0x10))


def _started(**options):
    wire = Wire(5)
    made[:] = [wire]
    try:
        ms, handle = ds18b20.start(BOARD, dict({"pin": 5}, **options))
    finally:
        made[:] = []
    return wire, ms, handle


def _read(pad, **options):
    wire, _, handle = _started(**options)
    wire.pad = pad
    return said(ds18b20.read, handle)


def test_crc_example_of_the_application_note():
    assert crc8(b"\x02\x1c\xb8\x01\x00\x00\x00") == 0xA2


def test_table_1():
    for high, low, centi in (
        (0x07, 0xD0, 12500),
        (0x05, 0x50, 8500),
        (0x01, 0x91, 2506),  # 25.0625
        (0x00, 0xA2, 1013),  # 10.125
        (0x00, 0x08, 50),
        (0x00, 0x00, 0),
        (0xFF, 0xF8, -50),
        (0xFF, 0x5E, -1012),  # -10.125: half up, too
        (0xFE, 0x6F, -2506),
        (0xFC, 0x90, -5500),
    ):
        assert ds18b20.centi_c(low, high, 12) == centi, hex(high << 8 | low)
        assert _read(_pad(low, high)) == (centi,)


def test_rounds_to_nearest_everywhere():
    for sixteenths in range(-880, 2001):
        word = sixteenths & 0xFFFF
        assert abs(ds18b20.centi_c(word & 0xFF, word >> 8, 12) * 16 - sixteenths * 100) <= 8, sixteenths


def test_bits_below_the_resolution_do_not_count():
    for bits, step in ((9, 8), (10, 4), (11, 2), (12, 1)):
        for sixteenths in range(-880, 2000, step):
            whole = sixteenths & 0xFFFF
            dirty = whole | step - 1
            assert ds18b20.centi_c(dirty & 0xFF, dirty >> 8, bits) == ds18b20.centi_c(whole & 0xFF, whole >> 8, 12)


def test_commands_for_the_only_part():
    wire, ms, handle = _started()
    # Skip ROM, write scratchpad; skip ROM, convert (operation example 1).
    assert wire.log == ["r", "r", 0xCC, 0x4E, 0xA5, 0x5A, 0x7F, "r", 0xCC, 0x44]
    assert ms == 752
    wire.pad = _pad()
    del wire.log[:]
    assert ds18b20.read(handle) == (2506,)
    assert wire.log == ["r", 0xCC, 0xBE]


def test_commands_for_one_of_several():
    rom = _with_crc(b"\x28\x12\x34\x56\x78\x9a\xbc")
    wire, _, handle = _started(rom="".join(["{:02X}".format(byte) for byte in rom]), resolution=9)
    match = ["r", 0x55] + list(rom)
    assert wire.log == ["r"] + match + [0x4E, 0xA5, 0x5A, 0x1F] + match + [0x44]
    wire.pad = _pad(config=0x1F)
    wire.bits = []  # the line says nothing of this part: it is not asked
    del wire.log[:]
    assert ds18b20.read(handle) == (2500,)
    assert wire.log == match + [0xBE]


def test_waits_for_the_slowest_part_and_a_tick():
    for bits, longest_ms in ((9, 93.75), (10, 187.5), (11, 375), (12, 750)):
        assert longest_ms <= _started(resolution=bits)[1] - 1 < longest_ms + 2


def test_every_flipped_bit_is_refused():
    for bit in range(72):
        bad = bytearray(_pad())
        bad[bit // 8] ^= 1 << bit % 8
        assert _read(bad) == (OSError, _EIO), bit


def test_dead_lines_are_refused_though_the_crc_of_zeros_is_right():
    assert crc8(bytes(9)) == 0
    assert _read(bytes(9)) == (OSError, _EIO)
    assert _read(b"\xff" * 9) == (OSError, _EIO)


def test_power_up_default_is_refused_and_85_degrees_are_not():
    # Figure 9 and table 1's note: 85 C, alarm bytes and configuration from the EEPROM; byte 6 as the parts have it.
    assert _read(_with_crc(b"\x50\x05\x4b\x46\x7f\xff\x0c\x10")) == (OSError, _EIO)
    assert _read(_pad(0x50, 0x05)) == (8500,)


def test_another_resolution_than_asked_for_is_refused():
    assert _read(_pad(config=0x1F)) == (OSError, _EIO)
    assert _read(_pad(config=0xFF)) == (OSError, _EIO)  # a DS18S20


def test_a_line_that_is_held_or_empty_is_named_at_once():
    for present, bits, error in ((False, [1, 0], _ENODEV), (True, [0], _EIO), (True, [1, 1], _ENODEV)):
        wire = Wire(5)
        wire.present, wire.bits = present, bits
        made[:] = [wire]
        assert said(ds18b20.start, BOARD, {"pin": 5}) == (OSError, error)
        made[:] = []


def test_still_converting_is_an_error():
    wire, _, handle = _started()
    wire.bits, wire.pad = [0], _pad()
    assert said(ds18b20.read, handle) == (OSError, _EIO)


def test_gone_between_start_and_read():
    wire, _, handle = _started()
    wire.present, wire.pad = False, _pad()
    assert said(ds18b20.read, handle) == (OSError, _ENODEV)


def test_probe_gives_rom_codes_and_drops_what_has_a_wrong_crc():
    wire = Wire(5)
    wire.bits = [1]
    rom = bytearray(_with_crc(b"\x28\x01\x02\x03\x04\x05\x06"))
    wire.found = [rom, bytearray(b"\x28\x01\x02\x03\x04\x05\x06\x00")]
    made[:] = [wire]
    assert ds18b20.probe(BOARD, {"pin": 5}) == ["".join(["{:02x}".format(byte) for byte in rom])]
    made[:] = []


def test_wrong_options_are_named():
    good = "28010203040506"
    for option, value in (
        ("resolution", 8),
        ("resolution", 13),
        ("rom", "28"),
        ("rom", "00"),  # of which the CRC is right
        ("rom", good + "00"),
        ("rom", good + "zz"),
        ("rom", good + "0"),
        ("pin", None),
    ):
        assert said(ds18b20.start, BOARD, {"pin": 5, option: value}) == (ValueError, option), value


def test_the_profiles_pin():
    wire = Wire(None)
    made[:] = [wire]
    assert ds18b20.start(Module(ONEWIRE=12), {})[0] == 752
    made[:] = []
    assert said(ds18b20.start, BOARD, {}) == (ValueError, "pin")
