#!/usr/bin/env python3
"""@NAME@: the files of a directory, one record each.

A template that works: replace `collect` by what you want to know.

    @NAME@ [--path DIR] [--limit N]

Exit codes: 0 done, 64 wrong arguments, 69 something is not reachable, 75 try again
later, 1 anything else. What the exit code cannot say goes into a `failure` event.
"""

import argparse
import json
import os
import sys

COLLECTION = "@COLLECTION@"


class Failure(Exception):
    """Why this run cannot go on: a category that orchestrate knows, and words."""

    CODES = {"usage": 64, "validation": 65, "network": 69, "temporary": 75, "auth": 77, "configuration": 78}

    def __init__(self, category, message):
        super().__init__(message)
        self.category = category

    @property
    def exit_code(self):
        return self.CODES.get(self.category, 1)


def emit(event):
    """Appends one event. Run by hand, without orchestrate, it goes to standard output."""
    line = json.dumps(event, ensure_ascii=False) + "\n"
    path = os.environ.get("ORCHESTRATE_EVENTS")
    if path is None:
        sys.stdout.write(line)
    else:
        with open(path, "a", encoding="utf-8") as events:
            events.write(line)


def collect(path, limit):
    """One (key, data) for each thing that was found."""
    try:
        names = sorted(os.listdir(path))
    except OSError as error:
        raise Failure("network", f"cannot read {path}: {error.strerror}") from error
    for name in names[:limit]:
        yield name, {"bytes": os.lstat(os.path.join(path, name)).st_size}


def main(argv):
    parser = argparse.ArgumentParser(prog="@NAME@", description=__doc__.splitlines()[0])
    parser.add_argument("--path", default=".", help="the directory (default: where it runs)")
    parser.add_argument("--limit", type=int, default=1000, help="at most so many (default: 1000)")
    try:
        args = parser.parse_args(argv)
    except SystemExit as end:
        return 64 if end.code else 0
    # What the last successful run left, or nothing the first time.
    state = json.loads(os.environ.get("ORCHESTRATE_STATE", "{}"))
    print(f"collecting {args.path}, run {state.get('runs', 0) + 1}")
    try:
        found = list(collect(args.path, args.limit))
        for done, (key, data) in enumerate(found, start=1):
            emit({"type": "record", "collection": COLLECTION, "key": key, "data": data})
            if done % 100 == 0:
                emit({"type": "progress", "current": done, "total": len(found)})
    except Failure as failure:
        emit({"type": "failure", "category": failure.category, "message": str(failure)})
        print(f"error: {failure}", file=sys.stderr)
        return failure.exit_code
    emit({"type": "state", "data": {"runs": state.get("runs", 0) + 1}})
    print(f"{len(found)} records")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
