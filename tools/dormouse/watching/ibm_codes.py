"""Why a connection to IBM's IoT platform ended: the closing codes of both tables of its page, in a few words each.

Source: IBM, "Communicating with applications (MQTT)", section "IoT messaging connection closing codes".
"""

from __future__ import annotations

RECONNECTED = 288

# The table of the common ones.
COMMON = {
    0: "closed normally by the client",
    91: "closed by the client's side: a socket error, not by the server",
    92: "closed by the server, which found a problem",
    93: "the server shut down; others of it may serve, try again",
    94: "an administrator closed it",
    160: "timed out: nothing within the keep alive",
    180: "not authorized, to connect or for what was asked",
    287: "a message too large for this endpoint",
    RECONNECTED: "the client id was used again: the client came back, or two share it",
}
# The table of the less common ones.
RARE = {
    104: "the server is full; try later",
    105: "no valid MQTT from the client",
    154: "too many subscriptions in one connection",
    163: "closed during the TLS handshake",
    164: "connected, but sent nothing in time",
    165: "the first packet is too large",
    166: "the client id is not valid",
    167: "the server takes no connections for a moment; try again",
    169: "no client certificate, and one is wanted",
    170: "the client certificate is not valid",
    173: "more connections than the organization may have",
    175: "the HTTP authorization header changed within a connection",
    176: "too many authorization requests; try later",
    271: "a message of another length than it says",
    276: "the topic is not valid",
}
ALL = {**COMMON, **RARE}


def name(code: int) -> str:
    """A code in words; codes that the page does not have are said to be so."""
    return ALL.get(code, "a code that IBM's page does not name")
