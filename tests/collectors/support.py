"""A scratch directory of workspaces, and the collectors run in it."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

COLLECTORS = pathlib.Path(__file__).resolve().parents[2] / "collectors"
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


class CollectorCase(unittest.TestCase):
    """Runs one collector, `self.command`, among neighbours."""

    command = ""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.state = pathlib.Path(scratch.name)
        self.workspace = self.state / "workspaces" / self.command

    def write(self, collector, collection, *lines):
        """Writes a record file; a line may be a record or raw text."""
        path = self.state / "workspaces" / collector / "records" / f"{collection}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        path.write_text("".join(line + "\n" for line in text), encoding="utf-8")
        return path

    def environment(self, **changes):
        """The environment that the orchestrator gives."""
        environment = {
            **os.environ,
            "ORCHESTRATE_WORKSPACE": str(self.workspace),
            "ORCHESTRATE_SLOT": SLOT,
            **changes,
        }
        return {name: value for name, value in environment.items() if value is not None}

    def run_collector(self, *arguments, **changes):
        """Runs it to its end."""
        return subprocess.run(
            [COLLECTORS / self.command, *arguments],
            env=self.environment(**changes),
            cwd=self.state,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def succeed(self, *arguments, **changes):
        """Runs it; it must succeed."""
        done = self.run_collector(*arguments, **changes)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def assert_ends(self, done, code):
        """It failed with this code, and in words."""
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertRegex(done.stderr, "(?m)^error: ")

    def assert_nothing_unfinished(self):
        """No file was left half-made."""
        self.assertEqual(list(self.workspace.glob("*.unfinished")), [])
