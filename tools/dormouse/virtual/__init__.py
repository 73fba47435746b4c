"""The virtual board: the real main.py on the real MicroPython interpreter, a board's models around it."""
