# Only for clean_init without clean, in 3.1.1, on the first connection.
from .transport import read, write


async def discard(c):
    """Make the broker forget the session that it keeps for the client c, so that the next one begins anew and lasts.

    A clean session ends with its connection (3.1.2.4): it takes one, without a will. Raises as connect().
    """
    await c._open(True, False)
    try:
        await write(c._stream, c._codec.goodbye, c._until())
        await read(c._stream, bytearray(1), c._until())  # once the broker has closed it, nothing can overtake
    finally:
        c._drop()
