"""Errors that know their exit code (sysexits.h) and their category."""

USAGE = 64
DATA = 65
UNAVAILABLE = 69
TEMPORARY = 75
PERMISSION = 77
CONFIGURATION = 78

# What the orchestrator decides by: whether and when another try makes sense.
CATEGORIES = {
    USAGE: "usage",
    DATA: "validation",
    UNAVAILABLE: "network",
    TEMPORARY: "temporary",
    PERMISSION: "auth",
    CONFIGURATION: "configuration",
}


class Failure(Exception):
    """What happened, what to do about it, and the exit code that says so."""

    def __init__(self, code, message, hint=None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


def of_os_error(error, doing):
    """A failed system call as a failure: 77 for permissions, 75 for what may pass."""
    code = PERMISSION if isinstance(error, PermissionError) else TEMPORARY
    return Failure(code, f"cannot {doing}: {error.strerror or error}")
