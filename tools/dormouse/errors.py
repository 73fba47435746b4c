"""What goes wrong in a host tool, as the user is told: one line and an exit status."""


class DormouseError(Exception):
    """The thing that was asked for failed (exit status 1). Its text is one clear line."""

    exit_code = 1


class UsageError(DormouseError):
    """It was asked for wrongly (exit status 2): an unknown board, a file that is not there."""

    exit_code = 2
