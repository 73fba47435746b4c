"""All sensors of one wake: conversions begun together, each read when it is ready, one's failure never another's.

The contract of a driver is in sensors/__init__.py. What only some nodes ask for is in modules of its own (node.tune,
power.supply).
"""

import gc
import time

from micropython import const

from node import drop
from power import awake

_MOST_MS = const(15000)  # for all sensors together
_UPLOAD_MS = const(5000)  # of the awake budget, for what comes after them
_SETTLE_MS = const(10)  # behind a supply pin
_AGAIN = const(20)  # times that a driver may say "not yet"
_SCARCE = const(20000)  # bytes of free heap


def decimal(value, places):
    """An integer in units of 10**-places as decimal text: decimal(-2050, 2) is "-20.50"."""
    if not places:
        return str(value)
    unit = 10**places
    whole, rest = divmod(abs(value), unit)
    return "{}{}.{:0>{}}".format("-" if value < 0 else "", whole, str(rest), places)


def start(board, sensors, attempt, count=0):
    """Begin every conversion; what is ready at once is read at once, before the radio disturbs it.

    board: the profile. sensors: config.SENSORS. attempt: attempt(call, *args) gives (result, None) or (None, exception).
    count: wakes since the cold boot, by which "every" counts: the first wake measures everything.
    Returns the jobs for go_on() and finish().
    """
    now = time.ticks_ms()
    most_ms = _ms(_MOST_MS)
    if awake.end is not None:
        left_ms = awake.left_ms()
        most_ms = min(most_ms, max(left_ms - _ms(_UPLOAD_MS), left_ms // 3))
    jobs = []
    for name in sensors:
        # Name; its steps until it is done; ticks of the next one, or what it came to; when all must be done, or what went
        # wrong; when it will be done, as far as is known.
        job = [name, None, now, time.ticks_add(now, most_ms), now]
        job[1] = _steps(board, sensors[name], attempt, job, count)
        jobs.append(job)
    for job in jobs:
        _step(job, attempt)
    return jobs


def go_on(jobs, attempt, lead_ms=0):
    """Read each sensor when it is ready. lead_ms: return as soon as none is expected to take longer than that."""
    lead_ms = _ms(lead_ms)
    while True:
        first = None
        first_ms = last_ms = 0
        for job in jobs:
            if job[1]:
                wait_ms = time.ticks_diff(job[2], time.ticks_ms())
                last_ms = max(last_ms, wait_ms, time.ticks_diff(job[4], time.ticks_ms()))
                if not first or wait_ms < first_ms:
                    first, first_ms = job, wait_ms
        if not first or last_ms < lead_ms:
            return
        if first_ms > 0:
            time.sleep_ms(min(first_ms, last_ms - lead_ms + 1))
        if time.ticks_diff(first[2], time.ticks_ms()) <= 0:
            _step(first, attempt)


def finish(jobs, attempt, wanted=()):
    """Wait for all conversions. wanted: fields, such as "air.temperature_c", whose integers are asked for too.

    Returns (body, errors, values): the record's JSON text without the outer braces, {"air": exception} of the sensors that
    failed or of which a field cannot be true, {field: (integer, decimal places)} of those wanted. What failed is absent,
    never stale or invented.
    """
    go_on(jobs, attempt)
    parts = []
    values = {}
    errors = {}
    for name, _, came_to, error, _ in jobs:
        if error:
            errors[name] = error
        fields = []
        for field, value, places in came_to:
            fields.append('"{}":{}'.format(field, decimal(value, places)))
            if wanted and name + "." + field in wanted:
                values[name + "." + field] = value, places
        if fields:
            parts.append('"{}":{{{}}}'.format(name, ",".join(fields)))
    return ",".join(parts), errors, values


def _ms(ms):
    # As the virtual board's --speed has it; rounded up.
    return -(-ms * awake.MS_PER_S // 1000)


def _step(job, attempt):
    found, error = attempt(next, job[1])
    if gc.mem_free() < _SCARCE:
        # One driver at a time: it is loaded again to be read. What that needs is in its handle.
        drop("sensors")
    if isinstance(found, int):
        wait_ms = _ms(found)
        job[2] = time.ticks_add(time.ticks_ms(), wait_ms)
        if time.ticks_diff(job[3], job[2]) >= 0:
            return
        left_ms = time.ticks_diff(job[3], time.ticks_ms())
        error = OSError("too slow: {} ms, {} left".format(wait_ms, max(0, left_ms)))
        found = None
    # Let go of the driver, which switches the part off.
    attempt(job[1].close)
    job[1] = None
    job[2], job[3] = found or ((), error)


def _steps(board, options, attempt, job, count):
    """One sensor, step by step; notes in its job when it will be done. Yields the milliseconds to wait before the next step; at
    last [(field, integer, places), ...] with None, or with the exception of a field that is left out.
    """
    if count % options.get("every", 1):
        yield (), None
    driver = _driver(options)
    tune = handle = supply = None
    for option in options:
        word = " " + option + " "
        if word in " offset scale points range samples ":
            from node import tune
        elif word not in " driver supply settle_ms every " and option not in getattr(driver, "OPTIONS", ()):
            raise ValueError("{} has no option {}".format(options["driver"], option))
    begun = False
    try:
        settle_ms = 0
        if "supply" in options:
            from power import supply

            settle_ms = _SETTLE_MS
            supply.on(options["supply"])
        settle_ms = options.get("settle_ms", settle_ms)
        if settle_ms:
            driver = None
            yield settle_ms
            driver = _driver(options)
        found = []
        samples = options.get("samples", 1)
        while len(found) < samples:
            ms, handle = driver.start(board, options)
            begun = True
            job[4] = time.ticks_add(time.ticks_ms(), _ms(getattr(driver, "SLOW_MS", ms)) * (samples - len(found)))
            for _ in range(_AGAIN):
                if ms > 0:
                    driver = None
                    yield ms
                    driver = _driver(options)
                numbers = driver.read(handle)
                if not isinstance(numbers, int):
                    break
                ms = max(1, numbers)
            else:
                raise OSError("never ready")
            found.append(numbers)
    finally:
        if begun:
            attempt(_off, driver or _driver(options), board, handle)
        if supply:
            attempt(supply.off, options["supply"])
    numbers = tune.middle(found) if tune else numbers
    limits = getattr(driver, "RANGE", None)
    error = None
    fields = []
    for i, (field, places) in enumerate(driver.FIELDS):
        value = numbers[i]
        if value is None:
            continue
        if not isinstance(value, int):
            raise ValueError(field + " is no integer")
        wrong = limits and not limits[2 * i] <= value <= limits[2 * i + 1]
        if tune:
            value, wrong = tune.adjusted(options, field, value, places, wrong)
        if wrong:
            error = ValueError("{} {} is out of range".format(field, decimal(value, places)))
        else:
            fields.append((field, value, places))
    yield fields, error


def _driver(options):
    return __import__("sensors." + options["driver"], None, None, ("start",))


def _off(driver, board, handle):
    if hasattr(driver, "off"):
        driver.off(board, handle)
