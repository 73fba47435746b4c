# TLS over a connected socket; loaded only when it is asked for.
from time import gmtime

from micropython import const

from . import transport
from .errors import MQTTError

try:
    from tls import SSLContext  # pyright: ignore  (not in every port's stubs)
except ImportError:  # MicroPython 1.22
    from ssl import SSLContext

_REQUIRED = const(2)  # CERT_REQUIRED: a port that checks nothing has no name for it
_VERIFY = const(-0x2700)  # MBEDTLS_ERR_X509_CERT_VERIFY_FAILED
_ALERT = const(-0x7780)  # MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE
_LOST = const(-256)  # SSL_ERROR_CONN_LOST of axTLS
_YEAR = const(2024)  # before it, the clock is not set

warn = print  # called once, with a text; put your own here before the first context()
_ready = None  # transport.ready for our sockets


class TLSError(MQTTError):
    """No TLS link. Raised when the first packet is sent, since that is when the handshake takes place.

    code: mbedtls' number, -0x2700 for a certificate that fails its check, -0x7780 when the broker refuses (it wants a client
        certificate, or another version of TLS); or an errno. axTLS (ESP8266) has numbers of its own.
    retry: False for these two, unless the clock is not set: then they may succeed once it is.
    str(): the cause in words.
    """

    def __init__(self, code, text):
        unset = gmtime()[0] < _YEAR
        text = " ".join(text.split())
        if code != _VERIFY:
            text = ("refused: " if code == _ALERT else "TLS: ") + text
        elif unset:
            text += "; clock not set"
        super().__init__(text, code)  # args: (code, text)
        self.code = code
        self.retry = unset or code not in (_VERIFY, _ALERT)

    def __str__(self):
        return self.args[1]


def _data(item):
    # Bytes are data, and so is PEM; any other text is a file's name. None: TypeError.
    if isinstance(item[:0], str) and item[:5] != "-----":
        with open(item, "rb") as file:
            return file.read()
    return item


def context(ssl, params, host):
    """(SSLContext, server_hostname) for open().

    ssl: True, or an SSLContext, taken as it is. params: mqtt_as's ssl_params: server_hostname (default: host); and with
    True also cadata, cert and key (bytes, DER, or PEM if the port takes it; or a file's name), cert_reqs; server_side and
    do_handshake are without effect. Given cadata, certificate and name are checked, unless cert_reqs is 0. host: the server.
    Raises ValueError, which names the key that is unknown or wrong; OSError when a file cannot be read.
    Source: mqtt_as, section 3.1; MicroPython's docs/library/ssl.rst.
    """
    global warn
    params = dict(params)
    pop = params.pop
    host = pop("server_hostname", host)
    if ssl is not True:
        if params:
            raise ValueError("ssl_params")
        return ssl, host
    ca = pop("cadata", None)
    cert = pop("cert", None)
    key = pop("key", None)
    mode = pop("cert_reqs", ca)
    pop("do_handshake", None)
    pop("server_side", None)
    wrong = ", ".join(params)
    try:
        if wrong:
            raise ValueError
        ssl = SSLContext(0)  # PROTOCOL_TLS_CLIENT
        if ca or mode:
            wrong = "cadata"
            ssl.load_verify_locations(_data(ca))  # pyright: ignore  (ESP8266 has none)
        if cert or key:
            wrong = "cert, key"
            ssl.load_cert_chain(_data(cert), _data(key))
    except (AttributeError, TypeError, ValueError) as e:  # AttributeError: a port that checks no certificates
        raise ValueError("ssl_params: %s: %s" % (wrong, e))
    ssl.verify_mode = _REQUIRED if mode else 0  # pyright: ignore  (an int, and not in every port's stubs)
    if not mode and warn:
        warn("TLS: broker not verified")
        warn = None
    return ssl, host


class _Socket:
    # MicroPython's TLS socket, which says in different ways, some no OSError, why there is no link; and which has lost the
    # socket below when it says so: this one closes it.
    new = True  # the handshake is not over

    def __init__(self, sock, raw):
        self.sock = sock
        self.raw = raw
        self.readinto = sock.readinto

    def write(self, data):
        try:
            n = self.sock.write(data)
        except (OSError, ValueError) as e:
            if not self.new:
                raise
            raise TLSError(e.args[0] if isinstance(e, OSError) else _VERIFY, str(e))
        if n == 0:  # axTLS: the broker has hung up
            raise OSError(_LOST)
        if n:
            self.new = False
        return n

    def close(self):
        self.sock.close()
        self.raw.close()


async def secure(sock, until, ssl, host):
    """Return sock wrapped by the SSLContext `ssl`, which checks that the certificate carries the name `host` as far as it was
    told to check it.

    The handshake takes place in the first write, within that one's deadline and without blocking (but for the port's own
    arithmetic); that is where TLSError comes from. MicroPython cannot be asked whether a handshake is over.
    """
    global _ready
    tls = ssl.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
    tls.setblocking(False)
    plain = transport.ready
    if plain is not _ready:

        def _ready(sock, write, until):
            return plain(getattr(sock, "sock", sock), write, until)

        transport.ready = _ready
    return _Socket(tls, sock)
