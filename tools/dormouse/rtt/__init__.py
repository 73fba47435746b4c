"""A link with a real round-trip time on one computer, and what MQTT clients make of it.

Two network namespaces, a TUN device in each, and a process between the two that holds every packet for half a round trip and
keeps a copy. TCP's handshakes, acknowledgements, windows and Nagle's algorithm then cost what they cost on a real link, and
what a client does is measured from outside it. Linux, as root.
"""
