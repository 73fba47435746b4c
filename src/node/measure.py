"""All sensors of one wake: conversions begun together, read when each is ready, one's failure never another's."""

import time

from micropython import const

_TOO_SLOW_MS = const(10000)


def decimal(value, places):
    """An integer in units of 10**-places as decimal text: decimal(-2050, 2) is "-20.50"."""
    if not places:
        return str(value)
    unit = 10**places
    whole, rest = divmod(abs(value), unit)
    return "{}{}.{:0>{}}".format("-" if value < 0 else "", whole, str(rest), places)


def battery_mv(board):
    """The battery's voltage in millivolts. Raises OSError when there is no divider, or what it shows cannot be a battery's."""
    from sensors import battery

    return battery.read(battery.start(board, {})[1])[0]


def start(board, sensors, attempt):
    """Begin every conversion.

    board: the profile. sensors: config.SENSORS. attempt: attempt(call, *args) gives (result, None) or (None, exception).
    Returns a list of jobs for finish().
    """
    jobs = []
    for name in sensors:
        begun, error = attempt(_start, board, sensors[name])
        jobs.append((name, sensors[name], begun, error))
    return jobs


def finish(board, jobs, attempt, wanted=()):
    """Wait for each conversion, read it, switch it off.

    wanted: fields, such as "air.temperature_c", whose integers are asked for too.
    Returns (body, errors, values): the record's JSON text without the outer braces, {"air": exception} of the sensors that
    failed, {field: (integer, decimal places)} of those wanted. A failed sensor's fields are absent, never stale or invented.
    """
    parts = []
    values = {}
    errors = {}
    for name, options, begun, error in jobs:
        if begun:
            driver, handle, ready = begun
            wait = time.ticks_diff(ready, time.ticks_ms())
            if wait > 0:
                time.sleep_ms(wait)
            numbers, error = attempt(_read, driver, handle, options.get("offset"))
            if hasattr(driver, "off"):
                attempt(driver.off, board, handle)
        if error:
            errors[name] = error
            continue
        fields = []
        for (field, places), value in zip(driver.FIELDS, numbers):
            fields.append('"{}":{}'.format(field, decimal(value, places)))
            if wanted and name + "." + field in wanted:
                values[name + "." + field] = value, places
        parts.append('"{}":{{{}}}'.format(name, ",".join(fields)))
    return ",".join(parts), errors, values


def _start(board, options):
    driver = __import__("sensors." + options["driver"], None, None, ("start",))
    for option in options:
        if option not in ("driver", "offset") and option not in getattr(driver, "OPTIONS", ()):
            raise ValueError("{} has no option {}".format(options["driver"], option))
    ms, handle = driver.start(board, options)
    if ms > _TOO_SLOW_MS:
        raise ValueError("{} takes {} ms".format(options["driver"], ms))
    return driver, handle, time.ticks_add(time.ticks_ms(), ms)


def _read(driver, handle, offset):
    numbers = list(driver.read(handle))
    for i, (field, places) in enumerate(driver.FIELDS):
        if not isinstance(numbers[i], int):
            raise ValueError(field + " is no integer")
        if offset and field in offset:
            numbers[i] += round(offset[field] * 10**places)
    return numbers
