"""A night on real data, offline: `orchestrate run`, a Boost with a history, a program that uses it."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import boost_world
from support import COLLECTORS

SCHEDULE = """
release: {{repository: "{boost}"}}
groups:
  night:
    default_time: "04:10"
    tasks:
      - {{command: run_boost_library_tracker, schedule: daily, args: ["--source", "file://{boost}"]}}
      - {{command: run_github_activity_tracker, schedule: daily, args: ["--repository", "{boost}"]}}
      - {{command: run_boost_usage_tracker, schedule: daily, args: ["--path", "{program}"]}}
      - {{command: run_monthly_report, schedule: daily, args: ["--month", "2026-01"]}}
      - {{command: run_export, schedule: daily, args: ["--format", "json"]}}
      - {{command: run_on_release_sync, schedule: on_release}}
"""


class WholeNight(unittest.TestCase):
    def setUp(self):
        target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or COLLECTORS.parent / "target")
        self.program = target / "debug" / "orchestrate"
        if not self.program.exists():
            self.skipTest("orchestrate is not built: cargo build --workspace")
        if subprocess.run([self.program, "records", "--help"], capture_output=True, check=False).returncode != 0:
            self.skipTest("this orchestrate has no records")
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name).resolve()
        self.world = boost_world.copied(self.root / "world", "submodules")
        schedule = SCHEDULE.format(boost=self.world.boost, program=self.world.program())
        (self.root / "schedule.yaml").write_text(schedule, encoding="utf-8")

    def orchestrate(self, *arguments):
        """Runs it with nothing of the user's settings; gives what it printed."""
        names = ("ORCHESTRATE", "BOOST_COLLECTOR", "DATABASE_URL", "GITHUB")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(names)}
        environment.update(GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_NOSYSTEM="1")
        options = ["--collectors-dir", COLLECTORS, "--schedule-file", "schedule.yaml"]
        done = subprocess.run(
            [self.program, *arguments, *options],
            env=environment, cwd=self.root, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def run_all(self, schedule):
        """One run; gives new, changed and unchanged by command."""
        summary = self.root / "summary.json"
        self.orchestrate("run", "--schedule", schedule, "--date", "2026-01-02", "--summary-file", str(summary))
        tasks = json.loads(summary.read_text(encoding="utf-8"))["tasks"]
        return {task["command"]: [(task["records"] or {}).get(name, 0) for name in ("new", "changed", "unchanged")]
                for task in tasks if task["outcome"] == "succeeded"}  # fmt: skip

    def data(self, collection):
        lines = self.orchestrate("records", "export", collection, "--format", "jsonl").splitlines()
        return {record["key"]: record["data"] for record in map(json.loads, lines)}

    def test_right_to_the_number_and_nothing_new_the_second_time(self):
        expected = boost_world.expected()
        first = self.run_all("daily")
        self.assertEqual(first["run_boost_library_tracker"], [43, 0, 0])  # 30 entries, 4 releases, 9 libraries
        by_release = {}
        for data in self.data("boost_library_release").values():
            by_release.setdefault(data["release"], []).append(data["library"])
        self.assertEqual(by_release, expected["releases"])
        counts = ("includes", "conditional", "files", "headers")
        usage = {data["library"]: {name: data[name] for name in counts} for data in self.data("boost_usage").values()}
        self.assertEqual(usage, expected["usage"])
        report = self.data("report")["monthly 2026-01"]
        self.assertEqual((report["commits"], report["tags"], report["boost_includes"]), (4, 4, 8))
        exported = self.data("export")["2026-01-02 json"]
        records = json.loads(pathlib.Path(exported["path"]).read_text(encoding="utf-8"))
        self.assertEqual(len(records), exported["records"])
        self.assertEqual(exported["collections"]["boost_library"], 9)

        second = self.run_all("daily")
        self.assertEqual(len(second), 5)
        self.assertEqual({command: found[:2] for command, found in second.items()}, dict.fromkeys(second, [0, 0]))

    def test_a_release_that_is_found_before_the_daily_run(self):
        # As a scheduler with `release: poll` finds it: nothing fails, nothing is lost.
        self.assertEqual(self.run_all("on_release"), {"run_on_release_sync": [0, 0, 0]})
        self.run_all("daily")
        self.world.next_release()
        self.world.lag("asio")
        self.run_all("on_release")
        self.assertEqual(len(self.data("boost_release_change")), 3)
        self.run_all("daily")
        self.run_all("on_release")
        change = self.data("boost_release_change")[boost_world.NEXT]
        self.assertEqual((change["removed"], change["unknown"]), (["any"], ["asio"]))
        self.world.catch_up("asio")
        self.run_all("daily")
        self.run_all("on_release")
        change = self.data("boost_release_change")[boost_world.NEXT]
        self.assertEqual((change["removed"], change["unknown"], change["complete"]), (["any"], [], True))
        self.assertEqual(self.run_all("on_release"), {})

    def test_a_release_comes_out_overnight(self):
        self.run_all("daily")
        self.assertEqual(list(self.run_all("on_release")), ["run_on_release_sync"])
        self.world.next_release()
        self.run_all("daily")
        self.run_all("on_release")
        change = self.data("boost_release_change")[boost_world.NEXT]
        self.assertEqual((change["added"], change["removed"]), (["openmethod"], ["any"]))


if __name__ == "__main__":
    unittest.main()
