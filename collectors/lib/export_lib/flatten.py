"""Turns exported records into one JSON or CSV file and a manifest; called by `run_export`.

    flatten.py collections LIST          the names in `records list --format json`
    flatten.py write ...                 the files
    flatten.py record MANIFEST DATE      the event that tells of an export

Memory does not grow with the number of records, and the same records give the
same bytes: when a record was seen last is left out.
"""

import argparse
import csv
import hashlib
import io
import json
import os
import pathlib
import re
import signal
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from python_kit.failure import TEMPORARY, Failure, of_os_error  # noqa: E402
from python_kit.text import printable  # noqa: E402

# What a spreadsheet takes for a formula when a cell begins with it.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
FIXED = ["collection", "key", "first_seen", "changed_at"]
# What `run_export` delivers itself: exporting it would change the next export.
OWN = "export"
# As the orchestrator allows them (docs/collectors.md), without a dash in front.
_NAME = re.compile(r"[A-Za-z0-9_.:/][A-Za-z0-9_.:/-]{0,127}")


class Records:
    """The exported records, to be read more than once."""

    def __init__(self, path):
        self._lines = open(path, "rb")
        self.counts = {}

    def read(self):
        """Gives each record, in the order of the file; what is gone is only counted out."""
        self.counts = {}
        self._lines.seek(0)
        for number, line in enumerate(self._lines, 1):
            record = _record(line, number)
            if record["data"].get("gone") is not True:
                self.counts[record["collection"]] = self.counts.get(record["collection"], 0) + 1
                yield record


def _record(line, number):
    try:
        record = json.loads(line)
        if isinstance(record["key"], str) and isinstance(record["data"], dict):
            return {name: record[name] for name in (*FIXED[:2], "data", *FIXED[2:])}
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise Failure(TEMPORARY, f"line {number} of `orchestrate records export` is no record")


def flat(data, prefix="data"):
    """The leaves of a record as (column, value); lists stay whole, as JSON."""
    for name, value in data.items():
        column = f"{prefix}.{name}"
        if isinstance(value, dict) and value:
            yield from flat(value, column)
        else:
            yield column, value


def cell(value):
    """A value as the text of a CSV cell."""
    if value is None:
        return ""
    if isinstance(value, str):
        return "'" + value if value.startswith(FORMULA) else value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Out:
    """A file that knows its length and sum when it is done."""

    def __init__(self, path):
        self._file = open(path, "wb")
        self._sum = hashlib.sha256()
        self.bytes = 0

    def write(self, text):
        """Appends text, as UTF-8."""
        data = text.encode("utf-8", errors="replace")
        self._sum.update(data)
        self.bytes += len(data)
        self._file.write(data)

    def close(self):
        """Closes the file; gives its SHA-256."""
        self._file.close()
        return self._sum.hexdigest()


def write_json(records, out):
    """An array with one record a line."""
    before = "[\n"
    for record in records.read():
        out.write(before + json.dumps(record, ensure_ascii=False, separators=(",", ":")))
        before = ",\n"
    out.write("[]\n" if before == "[\n" else "\n]\n")


def write_csv(records, out):
    """One row a record (RFC 4180); columns for all members of all collections."""
    columns = set()
    for record in records.read():
        columns.update(column for column, _ in flat(record["data"]))
    header = FIXED + sorted(columns)
    out.write(row(header))
    for record in records.read():
        values = {name: record[name] for name in FIXED}
        values.update(flat(record["data"]))
        out.write(row([cell(values.get(column)) for column in header]))


def row(cells):
    """One line of CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue()


def collections(path):
    """The names of all collections but our own, one a line."""
    try:
        listed = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
        if not isinstance(listed, list):
            raise TypeError("not a list")
        names = [one["collection"] for one in listed]
    except (ValueError, KeyError, TypeError) as error:
        raise Failure(TEMPORARY, f"the list of collections cannot be understood: {error}") from error
    for name in sorted(names):
        if not _NAME.fullmatch(name):
            raise Failure(TEMPORARY, f"{name!r} is no name of a collection")
        if name != OWN:
            print(name)


def write(options):
    """The file and its manifest."""
    records = Records(options.records)
    out = Out(options.data)
    {"json": write_json, "csv": write_csv}[options.format](records, out)
    total = out.close()
    for collection, count in sorted(records.counts.items()):
        print(f"{printable(collection)}: {count} {'record' if count == 1 else 'records'}")
    manifest = {
        "file": options.name,
        "format": options.format,
        "bytes": out.bytes,
        "sha256": total,
        "records": sum(records.counts.values()),
        "collections": dict(sorted(records.counts.items())),
    }
    pathlib.Path(options.manifest).write_text(
        json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", errors="replace"
    )


def record(path, date):
    """The event that tells of an export, for the events file."""
    manifest = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    data = {**manifest, "date": date, "path": str(pathlib.Path(path).with_name(manifest["file"]))}
    key = f"{date} {manifest['format']}"
    print(json.dumps({"type": "record", "collection": OWN, "key": key, "data": data}, ensure_ascii=False))


def main():
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")
    parser = argparse.ArgumentParser()
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("collections").add_argument("list")
    writing = verbs.add_parser("write")
    writing.add_argument("--format", choices=("json", "csv"), required=True)
    for name in ("name", "records", "data", "manifest"):
        writing.add_argument(f"--{name}", required=True)
    telling = verbs.add_parser("record")
    telling.add_argument("manifest")
    telling.add_argument("date")
    options = parser.parse_args()
    try:
        if options.verb == "collections":
            collections(options.list)
        elif options.verb == "write":
            write(options)
        else:
            record(options.manifest, options.date)
    except (Failure, OSError) as error:
        failure = error if isinstance(error, Failure) else of_os_error(error, "make the export")
        print(f"error: {printable(failure.message)}", file=sys.stderr)
        return failure.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
