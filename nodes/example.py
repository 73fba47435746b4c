# One node of a fleet: copy to nodes/NAME.py. Each line replaces the line of that name in config.py.

NAME = "greenhouse"
WAKE_EVERY_S = 5 * 60         # from one wake to the next, 10 s to 30 days
