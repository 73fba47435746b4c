# Copy to credentials.py and fill in. git ignores credentials.py.

WIFI = (("your network", "its password"),)   # tried in this order, at most 4
USER = None                                  # broker's user name; None: anonymous
PASSWORD = None                              # broker's password
CA = None                                    # with TLS: the authority's certificate, a file on the board: "ca.der"
CERT = None                                  # with TLS: the node's own certificate, where the broker wants one, and
KEY = None                                   # its key
