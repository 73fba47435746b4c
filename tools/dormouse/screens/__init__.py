"""The pictures of docs/screens: what commands print on a terminal, drawn by the terminal library. Linux and macOS.

terminal: a command at a pseudo-terminal, its questions answered. scenes: which commands, on what. picture: the SVG.
"""
