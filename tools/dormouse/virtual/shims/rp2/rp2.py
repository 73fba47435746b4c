# rp2, as far as a sleeping node may want it. Source: ports/rp2/modrp2.c.
from _wlan import country


def bootsel_button():
    return 0
