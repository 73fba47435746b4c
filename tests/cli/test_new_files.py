"""What `dormouse new` writes, asks and refuses: by options, and by answers."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from unittest import mock

import pytest
from command_line import ROOT
from new_node import files, run, template, uncompiled

from dormouse import bundle, constants, settings
from dormouse.newnode import wifi

WIFI = ("--ssid", "home", "--wifi-password", "12345678")
QUIET = ("--yes", "--no-try")


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(template(tmp_path))
    monkeypatch.setattr(wifi, "ssid", lambda: None)
    uncompiled(monkeypatch)
    return tmp_path


def test_a_node_by_options(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.chdir(root)
    compiled = mock.Mock(wraps=bundle.files)
    monkeypatch.setattr(bundle, "files", compiled)
    done = run(
        "greenhouse", *QUIET, *WIFI, "--board", "esp8266", "--broker", "broker.lan:1884", "--user", "garden",
        "--password", "s'\"\\", "--every", "5min", "--battery", "2xaa", "--mah", "2500",
        "--sensor", "air=sht4x,address=0x45,offset={'temperature_c': -0.4}",
        "--sensor", "one=ds18b20,rom=28ff641e8216c3a1,resolution=9",
    )  # fmt: skip
    assert (done.status, done.err) == (0, "")
    assert files(root)["nodes/greenhouse.py"] == '''\
# greenhouse, one node of a fleet: each line replaces the line of that name in config.py.

NAME = "greenhouse"           # a-z 0-9 -, at most 32 characters; None: made from the chip's id
BOARD = "esp8266"             # a folder of boards/
WAKE_EVERY_S = 5 * 60         # from one wake to the next, 10 s to 30 days
SENSORS = {                   # your name: driver and its options
    "air": {"driver": "sht4x", "address": 0x45, "offset": {"temperature_c": -0.4}},
    "one": {"driver": "ds18b20", "rom": "28ff641e8216c3a1", "resolution": 9},
}
BATTERY = {                   # None: on mains; published as volts and percent
''' + _block(type='"2xaa"', mah="2500", stretch_below_v="2.2", stop_below_v="1.9", want_months="4") + '''}
BROKER = "broker.lan:1884"    # host or host:port; user and password: credentials.py
'''  # fmt: skip
    secrets = constants.read(root / "credentials.py", "")
    assert {name: known.value for name, known in secrets.constants.items()} == {
        "WIFI": (("home", "12345678"),), "USER": "garden", "PASSWORD": "s'\"\\", "CA": None, "CERT": None, "KEY": None,
    }  # fmt: skip
    assert "# tried in this order, at most 4" in secrets.source and "# its key" in secrets.source
    if os.name == "posix":
        assert stat.S_IMODE((root / "credentials.py").stat().st_mode) == 0o600
    for step in ("check", "flash", "deploy", "logs"):
        assert f"dormouse {step} greenhouse  #" in done.out
    assert "cannot be tried from this PC" in done.out and "config.py is as it came" in done.out
    # What is written is what the check reads, and was compiled.
    compiled.assert_called_once()
    read = settings.load(root, node="greenhouse")
    assert (read["BOARD"], read["WAKE_EVERY_S"], read["BATTERY"]["mah"]) == ("esp8266", 300, 2500)


def _block(**values: str) -> str:
    """config.py's lines of BATTERY with other values, the comments where they are."""
    lines = [next(it for it in (ROOT / "config.py").read_text().splitlines() if f'    "{name}": ' in it) for name in values]
    made = [f'    "{name}": {value},' for name, value in values.items()]
    return "".join(f"{text:<{line.index('#')}}{line[line.index('#') :]}\n" for text, line in zip(made, lines))


def test_only_what_differs_is_written(root: Path) -> None:
    (root / "config.py").write_text((root / "config.py").read_text().replace("15 * 60", "1200"))
    done = run("shed", *QUIET, *WIFI, "--every", "20min", "--battery", "lipo", "--broker", "192.168.1.10")
    assert done.status == 0, done.err
    assert [line for line in files(root)["nodes/shed.py"].splitlines() if line and line[0] not in "# }"] == [
        'NAME = "shed"                 # a-z 0-9 -, at most 32 characters; None: made from the chip\'s id'
    ]
    assert "config.py is as it came" not in done.out


def test_what_another_board_has_not_is_left_out(root: Path) -> None:
    changes = {"WAKE_PIN": {"pin": 5}, "STATIC_IP": ("192.168.1.50/24", "192.168.1.1"),
               "UPLOAD_IF": {"light.light_mv": {"above": 30}}}  # fmt: skip
    found = constants.read(ROOT / "config.py", "")
    (root / "config.py").write_text(found.replaced({name: repr(value) for name, value in changes.items()}))
    done = run("attic", *QUIET, *WIFI, "--board", "pico_w")
    assert done.status == 0, done.err
    values = {name: it.value for name, it in constants.read(root / "nodes" / "attic.py", "").constants.items()}
    assert values == {
        "NAME": "attic", "BOARD": "pico_w", "WAKE_PIN": None, "STATIC_IP": None, "UPLOAD_IF": {}, "BATTERY": None,
        "SENSORS": {"air": {"driver": "sht4x", "offset": {"temperature_c": -0.4}}},
    }  # fmt: skip
    for told in ("STATIC_IP can be one node's only", "WAKE_PIN needs a pin", "UPLOAD_IF names 'light.", "not for batteries"):
        assert told in done.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("Green",), "NAME is 'Green'; allowed: 1 to 32 of a-z 0-9 -"),
        (("a" * 33,), "allowed: 1 to 32"),
        (("con",), "a device's name on Windows"),
        (("all",), "stands for every node"),
        (("x", "--board", "abacus"), "--board: BOARD is 'abacus'; allowed: d1_mini, esp32"),
        (("x", "--ssid", "n" * 33), "--ssid: "),
        (("x", "--ssid", "home", "--wifi-password", "1234567"), "--wifi-password: "),
        (("x", "--broker", "a:b"), "--broker: BROKER is 'a:b'; allowed: host or host:port"),
        (("x", "--broker", "node.local", "--board", "esp8266"), "which"),
        (("x", "--every", "5s"), "--every: WAKE_EVERY_S is 5; allowed: 10 to 2592000 s"),
        (("x", "--every", "soon"), "--every: 'soon' is no time; allowed: seconds, or such as 90s"),
        (("x", "--sensor", "sht4x"), "allowed: NAME=DRIVER"),
        (("x", "--sensor", "air=sht5x"), "has the driver 'sht5x'; allowed: "),
        (("x", "--sensor", "air=sht4x,address=0x43"), "has address 67; allowed: 0x44, 0x45, 0x46"),
        (("x", "--sensor", "air=sht4x,f(1)=2"), "are no options"),
        (("x", "--sensor", "air=sht4x,every=2,every=3"), "every is given twice"),
        (("x", "--sensor", "time=sht4x"), "which the record itself uses"),
        (("x", "--sensor", "a=sht4x", "--sensor", "b=sht3x"), "has the I2C address 0x44, as 'a'"),
        (("x", "--sensor", "bed=soil,pin=6"), "has no dry_mv, which must be given"),
        (("x", "--sensor", "none", "--sensor", "a=sht4x"), "allowed: alone"),
        (("x", "--battery", "duracell"), "--battery: BATTERY.type is 'duracell'; allowed: lipo, lifepo4"),
        (("x", "--mah", "5"), "--mah: BATTERY.mah is 5; allowed: 10 to 100000 mAh"),
        (("x", "--battery", "none", "--mah", "500"), "--mah without a battery"),
        (("x", "--tls", "--ca", "gone.pem"), "--ca: cannot read gone.pem"),
        (("x", "--tls", "--ca", "config.py"), "config.py is no certificate; allowed: one in PEM or DER"),
        (("x", "--ca", "config.py"), "--ca is for TLS"),
        (("x", "--password", "p"), "--password without --user"),
        (("x", "--user", "u"), "--password is missing"),
    ],
)  # fmt: skip
def test_a_wrong_option_is_named_with_what_is_allowed(root: Path, words: tuple[str, ...], told: str) -> None:
    wifi = () if "--ssid" in words else WIFI
    done = run(*words, *wifi, *QUIET)
    assert done.status == 2 and told in done.err, done.err
    assert files(root) == {}


def test_what_must_be_said_is_named(root: Path) -> None:
    assert "--ssid is missing" in run("x", *QUIET).err
    assert "--wifi-password is missing" in run("x", *QUIET, "--ssid", "home").err
    done = run("x", "--no-try", answers="")
    assert done.status == 2 and "nobody answers: give --board, or --yes" in done.err
    assert files(root) == {}


def test_a_room_is_asked_for_where_it_is_shown(root: Path) -> None:
    assert run("one", *QUIET, *WIFI, "--area", "Garden").status == 0
    assert 'AREA = "Garden"' in files(root)["nodes/one.py"]
    done = run("one", *QUIET, "--force", "--area", "x" * 33)
    assert done.status == 2 and "--area: AREA is" in done.err and "1 to 32 bytes" in done.err
    config = root / "config.py"
    config.write_text(config.read_text().replace('SERVICE = "plain"', 'SERVICE = "homeassistant"'))
    answers = "\n\nn\n\n\nCellar\n\n\n"
    done = run("two", "--no-try", answers=answers)
    assert done.status == 0 and "Its room in Home Assistant (Enter: none): Cellar" in done.out, done.out + done.err
    assert settings.load(root, node="two")["AREA"] == "Cellar"


def test_a_config_that_is_not_in_order_comes_first(root: Path) -> None:
    config = root / "config.py"
    config.write_text(config.read_text().replace("MAX_AWAKE_S = 20", "MAX_AWAKE_S = 4"))
    done = run("x", *QUIET, *WIFI)
    line = next(at for at, text in enumerate(config.read_text().splitlines(), 1) if text.startswith("MAX_AWAKE_S"))
    assert (done.status, done.err) == (1, f"dormouse: config.py:{line}: MAX_AWAKE_S is 4; allowed: 5 to 60 s\n")
    config.write_text("BOARD = open('x')\n")
    assert "BOARD is not a constant" in run("x", *QUIET, *WIFI).err
    config.unlink()
    assert run("x", *QUIET, *WIFI).status == 2 and files(root) == {}


def test_names_that_are_taken(root: Path) -> None:
    (root / "nodes").mkdir()
    (root / "nodes" / "old.py").write_text('NAME = "shed"\n')
    (root / "nodes" / "example.py").write_text('NAME = "attic"\n')
    assert "nodes/old.py is there already: another NAME, or --force" in run("old", *QUIET, *WIFI).err
    assert "nodes/old.py:1: another node has NAME 'shed'" in run("shed", *QUIET, *WIFI).err
    assert run("attic", *QUIET, *WIFI).status == 0


def test_a_folder_that_cannot_be_made(root: Path) -> None:
    (root / "nodes").write_text("")
    done = run("x", *QUIET, *WIFI)
    assert (done.status, done.err) == (1, "dormouse: cannot write nodes: File exists; nothing has changed\n")


def test_credentials_are_kept_and_with_force_shown_and_renewed(root: Path) -> None:
    before = '# mine\nWIFI = (("old", "oldoldold"),)  # first\nUSER = "u"\nPASSWORD = "p"\n'
    (root / "credentials.py").write_text(before)
    done = run("one", *QUIET)
    assert done.status == 0 and "stays as it is: Wi-Fi old; the broker's user u" in done.out
    done = run("two", *QUIET, *WIFI)
    assert done.status == 2 and "leave --ssid out; or --force" in done.err
    assert files(root)["credentials.py"] == before and "nodes/two.py" not in files(root)
    done = run("one", *QUIET, *WIFI, "--force")
    assert done.status == 0
    assert '+WIFI = (("home", "*** another"), ("old", "***"))' in done.out and "oldoldold" not in done.out + done.err
    assert files(root)["credentials.py"] == before.replace('(("old", ', '(("home", "12345678"), ("old", ').replace(
        '"),)', '"))'
    )


def test_credentials_that_are_not_in_order(root: Path) -> None:
    (root / "credentials.py").write_text('WIFI = ("old", "oldoldold")\nUSER = None\nPASSWORD = None\n')
    done = run("one", *QUIET)
    assert done.status == 1 and "WIFI is no list of networks" in done.err and "nothing was written" in done.err
    assert run("one", *QUIET, *WIFI, "--force").status == 0
    assert files(root)["credentials.py"].startswith('WIFI = (("home", "12345678"),)\n')


def test_a_node_is_made_anew_from_what_it_is(root: Path) -> None:
    assert run("one", *QUIET, *WIFI, "--every", "1h", "--sensor", "none").status == 0
    done = run("one", *QUIET, "--force", "--board", "pyboard_d")
    assert done.status == 0 and '+BOARD = "pyboard_d"' in done.out
    read = settings.load(root, node="one")
    assert (read["BOARD"], read["WAKE_EVERY_S"], read["SENSORS"]) == ("pyboard_d", 3600, {})
    # Enter keeps what is there, secrets too, which are not shown.
    before = files(root)
    done = run("one", "--force", "--no-try", answers="\n" * 20)
    assert done.status == 0 and "(Enter: as it is)" in done.out and "12345678" not in done.out, done.out + done.err
    assert files(root) == before
    # Asked, and no is the answer to Enter only without --force.
    before = files(root)
    done = run("one", "--force", "--no-try", answers="\n\n\n\n\nn\n\n2h\n\n\n\nn\n")
    assert done.status == 1 and "there already; nothing was written" in done.err, done.out + done.err
    assert files(root) == before


ANSWERS = """\
abacus
esp8266
home
1234567
1234567
12345678
1234567x
12345678
12345678
broker.lan
n

5s
5min
n
rock
soil
time
bed
9
2400
6000
1100

0



battery

2xaa
2000
"""


def test_questions_are_asked_until_the_answer_is_right(root: Path) -> None:
    done = run("greenhouse", "--no-try", answers=ANSWERS)
    assert done.status == 0, done.out + done.err
    for told in (
        "BOARD is 'abacus'; allowed: ", "Wi-Fi network: home", "not the same; again",
        "WAKE_EVERY_S is 5; allowed: 10 to 2592000 s", "Sensors: air (sht4x). Keep them? [Y/n]: n",
        "'rock' is no driver; allowed: adc,", "esp8266: I2C: SCL 5, SDA 4; 1-Wire: 12", "which the record itself uses",
        "dry_mv: at the pin, in dry soil; 0 to 5000 mV: 2400", "wet_mv is 6000; allowed: 0 to 5000 mV",
        "'battery' is no driver", "Battery: lipo, lifepo4, 2xaa, 3xaa, none [lipo]: 2xaa",
    ):  # fmt: skip
        assert told in done.out, (told, done.out)
    assert "12345678" not in done.out  # typed unseen
    read = settings.load(root, node="greenhouse")
    assert read["SENSORS"] == {"bed": {"driver": "soil", "pin": 0, "dry_mv": 2400, "wet_mv": 1100}}
    assert read["BATTERY"]["mah"] == 2000


def test_an_interruption_leaves_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dormouse.newnode.sensing.sensors", interrupted)
    done = run("x", *QUIET, *WIFI)
    assert done.status == 130 and files(root) == {}
