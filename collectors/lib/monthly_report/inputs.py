"""Reading what other collectors delivered.

A record that has not the shape it should have is named, counted and left out; too
many of them are a failure, because a report on the rest would look complete.
"""

import dataclasses
import re

from python_kit import records
from python_kit.failure import VALIDATION, Failure
from python_kit.text import plural, some

# Which collector owns which collection, for advice.
ACTIVITY = "run_github_activity_tracker"
USAGE = "run_boost_usage_tracker"
COLLECTIONS = {
    "github_activity_day": ACTIVITY,
    "github_activity_tag": ACTIVITY,
    "github_activity_repository": ACTIVITY,
    "github_issue": ACTIVITY,
    "github_pull_request": ACTIVITY,
    "include_usage": USAGE,
    "boost_usage": USAGE,
    "boost_usage_total": USAGE,
}
# What a collector that has run delivers in any case; there may be no tag and no use of Boost.
ALWAYS = {ACTIVITY: "github_activity_repository", USAGE: "include_usage"}

# More wrong records than this are a failure.
CORRUPT_LIMIT = 100


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


def read(say):
    """Reads every collection that a report is made of. `say` takes progress lines."""
    found = Inputs({name: [] for name in COLLECTIONS}, [], [])
    corrupt = 0
    for collection, owner in COLLECTIONS.items():
        wrong = []
        for key, data in records.read(collection):
            fault = _misshaped(data, _SHAPES[collection])
            if fault:
                wrong.append(f"{key!r} ({fault})")
            else:
                found.records[collection].append(data)
        corrupt += len(wrong)
        if corrupt > CORRUPT_LIMIT:
            raise Failure(
                VALIDATION,
                f"more than {CORRUPT_LIMIT} records are not what they should be, the last ones of {collection}",
                f"run {owner} again: it delivers them anew",
            )
        if wrong:
            found.warnings.append(f"{collection}: left out {some(wrong)}")
        kept = found.records[collection]
        if kept:
            say(f"{collection}: {plural(len(kept), 'record', 'records')}")
    for owner, collection in ALWAYS.items():
        if not found.records[collection]:
            found.missing.append(f"{owner} has delivered no {collection}")
    if not any(found.records.values()):
        raise Failure(
            VALIDATION,
            "there is nothing to report on: no records",
            f"run {ACTIVITY} or {USAGE} first",
        )
    return found


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
    "boost_usage_total": {"root": _TEXT, "date": _TEXT, "boost_includes": _COUNT, "boost_files": _COUNT},
    "github_issue": {"repository": _TEXT, "created_at": _TEXT, "closed_at": (_TEXT, type(None))},
    "github_pull_request": {
        "repository": _TEXT,
        "created_at": _TEXT,
        "closed_at": (_TEXT, type(None)),
        "merged_at": (_TEXT, type(None)),
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


def _misshaped(data, shape):
    """Why data is not of this shape; None if it is."""
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
