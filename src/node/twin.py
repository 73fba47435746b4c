"""Another board under this node's name. Loaded when a greeting comes: the node's own, which says nothing, or another's."""

import binascii

from micropython import const

# Of node.report: in state.told.
_TWIN = const(7)
_FLAGS = const(14)
_HEARD = const(2)


def greeted(state, client_id, payload):
    """Note what another board's chip is. state: node.state.State. client_id: this node's. payload: bytes, anybody's words."""
    chip = payload[9:-2]
    if chip not in client_id.encode():
        try:
            state.told[_TWIN : _TWIN + 3] = (b"\0\0\0" + binascii.unhexlify(chip))[-3:]
            state.told[_FLAGS] |= _HEARD
        except ValueError:
            pass
