"""run_export: every record, in both formats, whole files only, honest ends."""

import csv
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import unittest

from support import COLLECTORS, CollectorCase, record


class Export(CollectorCase):
    command = "run_export"

    def read(self, ending):
        data = (self.workspace / f"export-2026-03-03.{ending}").read_bytes()
        manifest = json.loads(
            (self.workspace / f"export-2026-03-03.{ending}.manifest").read_text(encoding="utf-8")
        )
        self.assertEqual(manifest["sha256"], hashlib.sha256(data).hexdigest())
        self.assertEqual(manifest["bytes"], len(data))
        return data.decode("utf-8"), manifest

    def sample(self):
        self.write(
            "b",
            "two",
            record("two", "k", text='say "hi",\nZoë', nested={"n": 1, "deep": {"x": [1, "a"]}}, none=None),
        )
        self.write("a", "one", record("one", "1", n=-5, yes=True), record("one", "2", n=7))

    def test_json_holds_every_record_in_order(self):
        self.sample()
        done = self.succeed()
        self.assertIn("a/one.jsonl: 2 records", done.stdout)
        text, manifest = self.read("json")
        self.assertEqual(
            json.loads(text),
            [
                {"collector": "a", "collection": "one", "key": "1", "data": {"n": -5, "yes": True}},
                {"collector": "a", "collection": "one", "key": "2", "data": {"n": 7}},
                {
                    "collector": "b",
                    "collection": "two",
                    "key": "k",
                    "data": {
                        "text": 'say "hi",\nZoë',
                        "nested": {"n": 1, "deep": {"x": [1, "a"]}},
                        "none": None,
                    },
                },
            ],
        )
        self.assertEqual(
            (manifest["records"], manifest["corrupt_lines"], len(manifest["sources"])), (3, 0, 2)
        )
        self.assert_nothing_unfinished()

    def test_csv_has_a_column_for_every_member(self):
        self.sample()
        self.succeed("--format=csv")
        text, _ = self.read("csv")
        rows = list(csv.DictReader(text.splitlines(keepends=True)))
        self.assertEqual([row["data.n"] for row in rows], ["-5", "7", ""])
        self.assertEqual(rows[0]["data.yes"], "true")
        self.assertEqual(rows[2]["data.text"], 'say "hi",\nZoë')
        self.assertEqual((rows[2]["data.nested.n"], rows[2]["data.nested.deep.x"]), ("1", '[1,"a"]'))

    def test_csv_cells_are_no_formulas(self):
        self.write("a", "one", record("one", "=1+1", name="=HYPERLINK(1)", n=-1))
        self.succeed("--format", "csv")
        row = next(csv.DictReader(self.read("csv")[0].splitlines(keepends=True)))
        self.assertEqual((row["key"], row["data.name"], row["data.n"]), ("'=1+1", "'=HYPERLINK(1)", "-1"))

    def test_the_same_records_give_the_same_bytes(self):
        self.sample()
        self.succeed()
        first = self.read("json")
        self.succeed()
        self.assertEqual(self.read("json"), first)

    def test_corrupt_lines_are_counted_and_bounded(self):
        path = self.write(
            "a", "one", record("one", "1", n=1), "{", '{"type":"record"}', "NaN", record("one", "2", n=2)
        )
        done = self.succeed()
        self.assertIn("3 corrupt lines left out: 2, 3, 4", done.stderr)
        self.assertEqual(self.read("json")[1]["corrupt_lines"], 3)
        before = self.read("json")
        path.write_text("{\n" * 101, encoding="utf-8")
        self.assert_ends(self.run_collector(), 65)
        self.assertEqual(self.read("json"), before)
        self.assert_nothing_unfinished()

    def test_its_own_files_and_names_with_spaces(self):
        self.workspace = self.state / "work spaces" / "it's me"
        self.workspace.mkdir(parents=True)
        other = self.workspace.parent / "-n other" / "records"
        other.mkdir(parents=True)
        (other / "x.jsonl").write_text(json.dumps(record("x", "k")) + "\n", encoding="utf-8")
        (self.workspace / "records").mkdir()
        (self.workspace / "records" / "own.jsonl").write_text("not mine to export\n", encoding="utf-8")
        self.succeed()
        self.assertEqual([one["collector"] for one in json.loads(self.read("json")[0])], ["-n other"])

    def test_faults_have_their_codes(self):
        self.assert_ends(self.run_collector(), 65)
        self.sample()
        for arguments in (["--format", "xml"], ["--format"], ["--format="], ["json"], ["-x"]):
            self.assert_ends(self.run_collector(*arguments), 64)
        self.assert_ends(self.run_collector(ORCHESTRATE_SLOT="../../etc/x"), 78)
        with open(self.workspace / ".lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assert_ends(self.run_collector(), 75)

    def test_sigterm_leaves_nothing_behind(self):
        # A pipe in place of a record file: reading it blocks until the test has its way.
        self.sample()
        pipe = self.state / "workspaces" / "c" / "records" / "slow.jsonl"
        pipe.parent.mkdir(parents=True)
        os.mkfifo(pipe)
        child = subprocess.Popen(
            [COLLECTORS / self.command],
            env=self.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with open(pipe, "wb"):  # opens when the reader has opened it too
            child.terminate()
            self.assertEqual(child.wait(timeout=30), 143)
        self.assert_nothing_unfinished()
        self.assertFalse(list(self.workspace.glob("export-*")))

    @unittest.skipUnless(shutil.which("dash"), "dash is not installed")
    def test_it_is_plain_posix_sh(self):
        self.sample()
        subprocess.run(
            ["dash", COLLECTORS / self.command],
            env=self.environment(),
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=60,
        )
        self.assertEqual(len(json.loads(self.read("json")[0])), 3)


if __name__ == "__main__":
    unittest.main()
