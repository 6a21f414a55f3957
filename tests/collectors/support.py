"""The collectors, run as the orchestrator runs them, with a store that a test can see.

`Store` is the least that stands for the orchestrator: records and states that are
committed when a collector succeeds, and a program that exports them.
"""

import json
import os
import pathlib
import shlex
import subprocess
import tempfile
import unittest

COLLECTORS = pathlib.Path(__file__).resolve().parents[2] / "collectors"
FIXTURES = COLLECTORS.parent / "tests" / "fixtures"
SLOT = "2026-03-03T06:00:00Z"


def record(collection, key, **data):
    """One record."""
    return {"type": "record", "collection": collection, "key": key, "data": data}


def day(date, commits, added=0, removed=0, authors=("Ann",), repository="/src/x"):
    """A day's record, its commits shared by the authors' first."""
    shares = [
        {
            "identity": f"{name}@x",
            "name": name,
            "commits": commits if at == 0 else 0,
            "added": added if at == 0 else 0,
            "removed": removed if at == 0 else 0,
        }
        for at, name in enumerate(authors)
    ]
    return record(
        "github_activity_day",
        f"{repository} {date}",
        repository=repository,
        date=date,
        commits=commits,
        merges=0,
        authors=len(authors),
        added=added,
        removed=removed,
        files=1,
        by_author=shares,
    )


def repository(name="x", identity="/src/x", complete=True):
    """A repository's record."""
    return record("github_activity_repository", identity, repository=identity, name=name, complete=complete)


def tag(name, date, previous=None, commits=3):
    """A tag's record."""
    return record(
        "github_activity_tag",
        f"/src/x {name}",
        repository="/src/x",
        tag=name,
        date=date,
        previous=previous,
        commits=commits,
        merges=0,
        authors=1,
        added=5,
        removed=2,
        files=1,
    )


def tree(root="/usr/include", **more):
    """A source tree's record."""
    data = {
        "root": root,
        "files": 10,
        "bytes": 12345,
        "includes": 44,
        "headers": 7,
        "boost_files": 1,
        "boost_includes": 2,
        "boost_headers": 1,
        "boost_libraries": 1,
        "top_headers": [{"header": "stdio.h", "includes": 9, "files": 8}],
    }
    return record("include_usage", root, **{**data, **more})


def library(name="asio", root="/usr/include"):
    """A Boost library's record."""
    return record(
        "boost_usage",
        f"{root} {name}",
        root=root,
        library=name,
        includes=2,
        files=1,
        headers=1,
        conditional=0,
    )


PROGRAM = """#!/bin/sh
# Stands for the orchestrate program: `records export` and `records list`.
cd {store} || exit 3
case "$1 $2" in
"records export") cat "$3" || exit 2 ;;
"records list") cat .list ;;
*) exit 2 ;;
esac
"""


class Store:
    """Records and states, as the orchestrator would keep them."""

    def __init__(self, root):
        self._root = root / "store"
        self._root.mkdir()
        self.states = {}
        self._records = {}
        self.program = root / "orchestrate"
        self.program.write_text(PROGRAM.format(store=shlex.quote(str(self._root))), encoding="utf-8")
        self.program.chmod(0o755)
        self._save()

    def put(self, *records):
        """Records that some collector delivered before."""
        for one in records:
            self._records.setdefault(one["collection"], {})[one["key"]] = one["data"]
        self._save()

    def commit(self, command, events):
        """Keeps what a successful run delivered; gives the counts as `new changed unchanged`."""
        counts = [0, 0, 0]
        delivered = {(one["collection"], one["key"]): one["data"] for one in events if one["type"] == "record"}
        for (collection, key), data in delivered.items():
            before = self._records.setdefault(collection, {}).get(key)
            counts[0 if before is None else 2 if before == data else 1] += 1
            self._records[collection][key] = data
        self.states.update({command: one["data"] for one in events if one["type"] == "state"})
        self._save()
        return counts

    def data(self, collection):
        """The records of a collection, by key; without what is gone."""
        kept = self._records.get(collection, {})
        return {key: kept[key] for key in sorted(kept) if kept[key].get("gone") is not True}

    def gone(self, collection):
        """The keys of what is gone."""
        return sorted(key for key, data in self._records.get(collection, {}).items() if data.get("gone") is True)

    def raw(self, collection, text):
        """An export that gives this text, whatever was delivered."""
        (self._root / collection).write_text(text, encoding="utf-8")

    def _save(self):
        for collection, records in self._records.items():
            lines = [
                {
                    "collection": collection,
                    "key": key,
                    "data": records[key],
                    "first_seen": SLOT,
                    "changed_at": SLOT,
                    "seen_at": SLOT,
                }
                for key in sorted(records)
            ]
            self.raw(collection, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
        listed = [{"collection": name, "records": len(self._records[name])} for name in sorted(self._records)]
        self.raw(".list", json.dumps(listed))


class CollectorCase(unittest.TestCase):
    """Runs one collector, `self.command`, or others by name."""

    command = ""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name).resolve()
        self.workspace = self.root / "workspaces" / self.command
        self.store = Store(self.root)

    def environment(self, command=None, **changes):
        """The environment that the orchestrator gives."""
        command = command or self.command
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ORCHESTRATE")},
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            "ORCHESTRATE": str(self.store.program),
            "ORCHESTRATE_EVENTS": str(self.root / "events"),
            "ORCHESTRATE_WORKSPACE": str(self.root / "workspaces" / command),
            "ORCHESTRATE_SLOT": SLOT,
        }
        if command in self.store.states:
            environment["ORCHESTRATE_STATE"] = json.dumps(self.store.states[command])
        environment.update(changes)
        return {name: value for name, value in environment.items() if value is not None}

    def run_collector(self, *arguments, command=None, **changes):
        """Runs it to its end; what it delivered is kept if it succeeded."""
        command = command or self.command
        events = self.root / "events"
        events.write_text("", encoding="utf-8")
        done = subprocess.run(
            [self.executable(command), *arguments],
            env=self.environment(command, **changes),
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        done.events = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
        done.counts = self.store.commit(command, done.events) if done.returncode == 0 else None
        return done

    def executable(self, command):
        """Where a collector is: a script, or beside what cargo built."""
        script = COLLECTORS / command
        if script.is_file():
            return script
        built = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or COLLECTORS.parent / "target") / "debug" / command
        if not built.exists():
            self.skipTest(f"{command} is not built: cargo build -p {command}")
        return built

    def succeed(self, *arguments, **changes):
        """Runs it; it must succeed."""
        done = self.run_collector(*arguments, **changes)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def assert_ends(self, done, code):
        """It failed with this code, in words, and said so to the orchestrator where it had begun."""
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertRegex(done.stderr, "(?m)^error: ")
        failures = [one["category"] for one in done.events if one["type"] == "failure"]
        categories = {65: "validation", 69: "network", 75: "temporary", 77: "auth", 78: "configuration"}
        self.assertEqual(failures, [categories[code]] if code in categories else [])

    def assert_nothing_unfinished(self):
        """No file was left half-made."""
        self.assertEqual(list(self.root.rglob("*.unfinished")), [])

    def warnings(self, done):
        """What it warned of, as the orchestrator knows it."""
        return [one["message"] for one in done.events if one["type"] == "warning"]
