"""``python -m dormouse`` is the ``dormouse`` command."""

import sys

from dormouse.cli import main

sys.exit(main())
