# select.poll() that lets soft timers run while it waits: with one object that has no descriptor the interpreter looks every
# millisecond, and runs what is scheduled, instead of handing the whole wait to the system.
import io as _io
import uselect as _uselect
from uselect import POLLERR, POLLHUP, POLLIN, POLLOUT


class _Never(_io.IOBase):
    def ioctl(self, request, arg):
        return -1 if request == 10 else 0


_never = _Never()


def poll():
    p = _uselect.poll()
    p.register(_never, 0)
    return p
