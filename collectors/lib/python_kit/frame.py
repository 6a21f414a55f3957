"""The frame around a collector: arguments, signals, what went wrong, the exit code."""

import argparse
import signal
import sys

from .events import Events
from .failure import EXIT_CODES, USAGE, Failure
from .text import printable


class Parser(argparse.ArgumentParser):
    """Wrong arguments end with EX_USAGE, not with argparse's 2."""

    def __init__(self, prog, description, epilog):
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    def error(self, message):
        self.print_usage(sys.stderr)
        sys.stderr.write(f"error: {printable(message)}\n")
        sys.exit(EXIT_CODES[USAGE])


def _stopped(number, _frame):
    # Unwinds through every `with`, so that no unfinished file and no child stays.
    raise SystemExit(128 + number)


def main(parser, run):
    """Parses, calls `run(options, events)`, gives the exit code."""
    for which in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(which, _stopped)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace", line_buffering=True)
    options = parser.parse_args()
    events = None
    try:
        events = Events.open()
        run(options, events)
        events.flush()
    except Failure as failure:
        print(f"error: {printable(failure.message)}", file=sys.stderr)
        if failure.hint:
            print(f"hint: {printable(failure.hint)}", file=sys.stderr)
        if events:
            try:
                events.failure(failure)
            except Failure as second:
                # The exit code still tells.
                print(f"error: {printable(second.message)}", file=sys.stderr)
        return failure.exit_code
    return 0
