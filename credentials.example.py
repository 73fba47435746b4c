# Copy to credentials.py and fill in. git ignores credentials.py.

WIFI = (("your network", "its password"),)   # tried in this order, at most 4
USER = None                                  # broker's user name; None: anonymous
PASSWORD = None                              # broker's password
