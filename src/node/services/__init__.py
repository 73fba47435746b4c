"""Where readings go: one small file per service, loaded only when config.py chooses it."""
