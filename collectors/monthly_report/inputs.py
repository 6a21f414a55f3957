"""Reading what other collectors wrote: JSON Lines files, `<workspace>/records/<collection>.jsonl`.

A corrupt line is named, counted and left out; too many of them are a failure,
because a report on the rest would look complete.
"""

import dataclasses
import json
import re

from .failure import DATA, Failure, of_os_error
from .text import plural

# Which collector owns which collection: only for advice when one is missing.
ACTIVITY = "run_github_activity_tracker"
USAGE = "run_boost_usage_tracker"
COLLECTIONS = {
    "github_activity_day": ACTIVITY,
    "github_activity_tag": ACTIVITY,
    "github_activity_repository": ACTIVITY,
    "include_usage": USAGE,
    "boost_usage": USAGE,
}

# More corrupt lines than this are a failure.
CORRUPT_LIMIT = 100
# How many corrupt lines are named.
NAMED = 5
# Longest line, in bytes.
LINE_LIMIT = 16 << 20


@dataclasses.dataclass
class Inputs:
    """The data of all records, by collection."""

    records: dict
    warnings: list
    missing: list

    @property
    def days(self):
        """The dates with activity."""
        return [day["date"] for day in self.records["github_activity_day"]]


def read(neighbours, say):
    """Reads every collection that a report is made of. `say` takes progress lines."""
    found = Inputs({name: [] for name in COLLECTIONS}, [], [])
    corrupt = 0
    absent = {}
    for collection, owner in COLLECTIONS.items():
        files = sorted(neighbours.glob(f"*/records/{collection}.jsonl"))
        if not files:
            absent.setdefault(owner, []).append(collection)
        latest = {}
        for file in files:
            wrong = []
            for key, data in _lines(file, collection, wrong):
                latest[key] = data
            corrupt += len(wrong)
            if corrupt > CORRUPT_LIMIT:
                raise Failure(
                    DATA,
                    f"more than {CORRUPT_LIMIT} corrupt lines, the last ones in {file}",
                    f"run {owner} again: it writes the file anew",
                )
            if wrong:
                more = f" and {len(wrong) - NAMED} more" if len(wrong) > NAMED else ""
                found.warnings.append(f"{file}: left out {'; '.join(wrong[:NAMED])}{more}")
        found.records[collection] = list(latest.values())
        if files:
            say(f"{collection}: {plural(len(latest), 'record', 'records')}")
    for owner, collections in absent.items():
        found.missing.append(f"{owner} has not written {', '.join(collections)} under {neighbours}")
    if sum(map(len, absent.values())) == len(COLLECTIONS):
        raise Failure(
            DATA,
            f"there is nothing to report on: no records under {neighbours}",
            f"run {ACTIVITY} or {USAGE} first, with the same parent directory for its workspace",
        )
    return found


def _lines(file, collection, wrong):
    """Gives key and data of each good line; puts the others into `wrong`."""
    try:
        with open(file, "rb") as lines:
            number = 0
            while True:
                line = lines.readline(LINE_LIMIT)
                if not line:
                    return
                number += 1
                reason = None
                if len(line) == LINE_LIMIT and not line.endswith(b"\n"):
                    reason = "too long"
                    while line and not line.endswith(b"\n"):
                        line = lines.readline(LINE_LIMIT)
                else:
                    try:
                        record = json.loads(line)
                        reason = _fault(record, collection)
                    except (ValueError, RecursionError):
                        reason = "not JSON"
                if reason:
                    wrong.append(f"line {number} ({reason})")
                else:
                    yield record["key"], record["data"]
    except OSError as error:
        raise of_os_error(error, f"read {file}") from error


_DATE = re.compile("-?[0-9]{4,6}-(0[1-9]|1[0-2])-[0-3][0-9]")

# The members of `data` that the report uses, and their types.
_TEXT = str
_COUNT = int
_SHAPES = {
    "github_activity_day": {
        "repository": _TEXT,
        "date": _TEXT,
        "commits": _COUNT,
        "merges": _COUNT,
        "added": _COUNT,
        "removed": _COUNT,
        "files": _COUNT,
        "by_author": list,
    },
    "github_activity_tag": {
        "repository": _TEXT,
        "tag": _TEXT,
        "date": (_TEXT, type(None)),
        "previous": (_TEXT, type(None)),
        "commits": _COUNT,
        "authors": _COUNT,
        "added": _COUNT,
        "removed": _COUNT,
    },
    "github_activity_repository": {"repository": _TEXT, "name": _TEXT, "complete": bool},
    "include_usage": {
        "root": _TEXT,
        "files": _COUNT,
        "bytes": _COUNT,
        "includes": _COUNT,
        "headers": _COUNT,
        "boost_files": _COUNT,
        "boost_includes": _COUNT,
        "boost_headers": _COUNT,
        "boost_libraries": _COUNT,
        "top_headers": list,
    },
    "boost_usage": {
        "root": _TEXT,
        "library": _TEXT,
        "includes": _COUNT,
        "files": _COUNT,
        "headers": _COUNT,
    },
}
_AUTHOR = {"identity": _TEXT, "name": _TEXT, "commits": _COUNT, "added": _COUNT, "removed": _COUNT}
_TOP_HEADER = {"header": _TEXT, "includes": _COUNT, "files": _COUNT}
_ITEMS = {"by_author": _AUTHOR, "top_headers": _TOP_HEADER}


def _fault(record, collection):
    """Why a parsed line is no record of this collection; None if it is one."""
    if not isinstance(record, dict) or record.get("type") != "record":
        return "no record"
    if record.get("collection") != collection or not isinstance(record.get("key"), str):
        return f"no record of {collection}"
    return _misshaped(record.get("data"), _SHAPES[collection])


def _misshaped(data, shape):
    if not isinstance(data, dict):
        return "no data"
    for name, kind in shape.items():
        value = data.get(name)
        right = isinstance(value, kind)
        if kind is int:
            right = right and not isinstance(value, bool) and 0 <= value < 1 << 63
        if name == "date":
            right = right and (value is None or _DATE.fullmatch(value))
        if not right:
            return f"`{name}` is missing or wrong"
        for item in value if name in _ITEMS else ():
            if _misshaped(item, _ITEMS[name]):
                return f"an entry of `{name}` is wrong"
    return None
