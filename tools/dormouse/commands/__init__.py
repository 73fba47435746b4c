"""The subcommands: each public module NAME.py here holds a function NAME, which becomes ``dormouse NAME``."""
