"""Runs on MicroPython: `runner.py MODULE FUNCTION...` calls each function and prints how it went (conftest.py reads it)."""

import sys

_MARK = "\x1e"


def main(module, functions):
    tests = __import__(module)
    for name in functions:
        print(_MARK + name + " start")
        try:
            getattr(tests, name)()
        except Exception as error:
            print(_MARK + name + " failed")
            sys.print_exception(error)
        else:
            print(_MARK + name + " ok")


main(sys.argv[1], sys.argv[2:])
