"""Turns record files into one JSON or CSV file and a manifest; called by `run_export`.

Reads `<neighbours>/*/records/*.jsonl` line by line, in the order of their
names, so that the same records always give the same bytes. A corrupt line is
named, counted in the manifest and left out; too many are a failure. Memory
does not grow with the number of records.
"""

import argparse
import csv
import hashlib
import io
import json
import pathlib
import signal
import sys

DATA, TEMPORARY, PERMISSION = 65, 75, 77
# More corrupt lines than this are a failure.
CORRUPT_LIMIT = 100
# How many corrupt lines are named.
NAMED = 5
# Longest line, in bytes.
LINE_LIMIT = 16 << 20
# What a spreadsheet takes for a formula when a cell begins with it.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
FIXED = ["collector", "collection", "key"]


class Failure(Exception):
    """What happened, what to do about it, and the exit code that says so."""

    def __init__(self, code, message, hint=None):
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


class Source:
    """One record file, and what was found in it."""

    def __init__(self, path):
        self.path = path
        self.collector = path.parent.parent.name
        # Held open: a collector may replace the file between two readings.
        self._lines = open(path, "rb")
        self._begun = False
        self.records = 0
        self.corrupt = 0
        self.named = []

    def read(self):
        """Gives each good record, in the order of the file."""
        self.records = self.corrupt = 0
        self.named = []
        if self._begun:
            self._lines.seek(0)
        self._begun = True
        number = 0
        while True:
            line = self._lines.readline(LINE_LIMIT)
            if not line:
                return
            number += 1
            whole = line.endswith(b"\n") or len(line) < LINE_LIMIT
            while not whole:
                rest = self._lines.readline(LINE_LIMIT)
                whole = not rest or rest.endswith(b"\n")
                line = b""
            record = _record(line)
            if record is None:
                self.corrupt += 1
                if len(self.named) < NAMED:
                    self.named.append(number)
            else:
                self.records += 1
                yield record


def _refuse(constant):
    raise ValueError(f"{constant} is not JSON")


def _record(line):
    """A parsed record; None for a line that is none."""
    try:
        record = json.loads(line, parse_constant=_refuse)
        # Lone surrogates are no text.
        json.dumps(record, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        return None
    right = (
        isinstance(record, dict)
        and record.get("type") == "record"
        and isinstance(record.get("collection"), str)
        and isinstance(record.get("key"), str)
        and isinstance(record.get("data"), dict)
    )
    return record if right else None


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
        data = text.encode("utf-8")
        self._sum.update(data)
        self.bytes += len(data)
        self._file.write(data)

    def close(self):
        """Closes the file; gives its SHA-256."""
        self._file.close()
        return self._sum.hexdigest()


def write_json(sources, out):
    """An array with one record a line."""
    before = "[\n"
    for source in sources:
        for record in source.read():
            whole = {
                "collector": source.collector,
                **{name: record[name] for name in ("collection", "key", "data")},
            }
            out.write(before + json.dumps(whole, ensure_ascii=False, separators=(",", ":")))
            before = ",\n"
    out.write("[]\n" if before == "[\n" else "\n]\n")


def write_csv(sources, out):
    """One row a record (RFC 4180); columns for all members of all collections."""
    columns = set()
    for source in sources:
        for record in source.read():
            columns.update(column for column, _ in flat(record["data"]))
    header = FIXED + sorted(columns)
    out.write(row(header))
    for source in sources:
        for record in source.read():
            values = {"collector": source.collector, "collection": record["collection"], "key": record["key"]}
            values.update(flat(record["data"]))
            out.write(row([cell(values.get(column)) for column in header]))


def row(cells):
    """One line of CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue()


def visible(text):
    """Text for a line of output: controls replaced, bounded."""
    return "".join(c if c.isprintable() else "\ufffd" for c in str(text)[:500])


def run(options):
    neighbours = pathlib.Path(options.neighbours)
    files = [
        path
        for path in sorted(neighbours.glob("*/records/*.jsonl"))
        if path.parent.parent.name != options.own
    ]
    if not files:
        raise Failure(
            DATA,
            f"there is nothing to export: no records under {neighbours}",
            "run the other collectors first, with the same parent directory for their workspaces",
        )
    sources = [Source(path) for path in files]
    out = Out(options.data)
    {"json": write_json, "csv": write_csv}[options.format](sources, out)
    total = out.close()
    corrupt = sum(source.corrupt for source in sources)
    for source in sources:
        noun = "record" if source.records == 1 else "records"
        print(f"{visible(source.collector)}/{visible(source.path.name)}: {source.records} {noun}")
        if source.corrupt:
            named = ", ".join(map(str, source.named)) + (", ..." if source.corrupt > NAMED else "")
            print(
                f"warning: {visible(source.path)}: {source.corrupt} corrupt lines left out: {named}",
                file=sys.stderr,
            )
    if corrupt > CORRUPT_LIMIT:
        raise Failure(
            DATA,
            f"{corrupt} corrupt lines: more than {CORRUPT_LIMIT}",
            "run the collectors that wrote them again",
        )
    manifest = {
        "file": options.name,
        "format": options.format,
        "bytes": out.bytes,
        "sha256": total,
        "records": sum(source.records for source in sources),
        "corrupt_lines": corrupt,
        "sources": [
            {
                "collector": source.collector,
                "file": source.path.name,
                "records": source.records,
                "corrupt_lines": source.corrupt,
            }
            for source in sources
        ],
    }
    pathlib.Path(options.manifest).write_text(
        json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", errors="replace"
    )


def main():
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace", line_buffering=True)
    parser = argparse.ArgumentParser()
    parser.add_argument("--format", choices=("json", "csv"), required=True)
    for name in ("name", "data", "manifest", "neighbours", "own"):
        parser.add_argument(f"--{name}", required=True)
    try:
        run(parser.parse_args())
    except Failure as failure:
        print(f"error: {visible(failure.message)}", file=sys.stderr)
        if failure.hint:
            print(f"hint: {visible(failure.hint)}", file=sys.stderr)
        return failure.code
    except OSError as error:
        print(f"error: {visible(error)}", file=sys.stderr)
        return PERMISSION if isinstance(error, PermissionError) else TEMPORARY
    return 0


if __name__ == "__main__":
    sys.exit(main())
