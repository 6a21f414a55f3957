"""Errors that know their category and, by it, their exit code (sysexits.h)."""

USAGE = "usage"
VALIDATION = "validation"
NETWORK = "network"
TEMPORARY = "temporary"
RATE_LIMIT = "rate_limit"
AUTH = "auth"
CONFIGURATION = "configuration"

# What the orchestrator decides by: whether and when another try makes sense. The
# words and codes of docs/writing-collectors.md.
EXIT_CODES = {
    USAGE: 64,
    VALIDATION: 65,
    NETWORK: 69,
    TEMPORARY: 75,
    RATE_LIMIT: 75,
    AUTH: 77,
    CONFIGURATION: 78,
}


class Failure(Exception):
    """What happened, what to do about it, and of which category it is."""

    def __init__(self, category, message, hint=None):
        super().__init__(message)
        self.category = category
        self.message = message
        self.hint = hint

    @property
    def exit_code(self):
        """The exit code that says so."""
        return EXIT_CODES[self.category]


def of_os_error(error, doing):
    """A failed system call as a failure: what is not allowed, and what may pass."""
    category = AUTH if isinstance(error, PermissionError) else TEMPORARY
    return Failure(category, f"cannot {doing}: {error.strerror or error}")
