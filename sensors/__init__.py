"""One part per file, one contract: module-level functions, integers inside.

    FIELDS = (("temperature_c", 2), ...)   names with the unit in them, and decimals
    OPTIONS = ("address", ...)             what the sensor's entry in config.py may say besides "driver" and "offset"
    NEEDS = "LIGHT"                        optional: what the profile must have, not None
    start(board, options) -> (ms, handle)  begin the conversion; milliseconds until read() may be called, 0: now.
                                           board: the profile; options: the sensor's entry in config.py
    read(handle) -> tuple of int           one per field of FIELDS, in units of 10**-decimals
    off(board, handle)                     optional: leave the part in its lowest-power state

start() and read() raise OSError, ENODEV or what the port gives when the part does not answer, EIO when what it says cannot
be true (CRC, range), and ValueError(option) for an option's value that it does not know. They never give a stale or
invented value, and never wait: who calls them waits, for all sensors at once.
"""
