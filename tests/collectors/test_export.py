"""run_export: every record, in both formats, whole files only, honest ends."""

import csv
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import unittest

from support import COLLECTORS, SLOT, CollectorCase, record


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
        self.store.put(
            record("two", "k", text='say "hi",\nZoë', nested={"n": 1, "deep": {"x": [1, "a"]}}, none=None),
            record("one", "1", n=-5, yes=True),
            record("one", "2", n=7),
            record("one", "3", gone=True),
        )

    def test_json_holds_every_record_in_order(self):
        self.sample()
        done = self.succeed()
        self.assertIn("one: 2 records\ntwo: 1 record\n", done.stdout)
        text, manifest = self.read("json")
        times = {"first_seen": SLOT, "changed_at": SLOT}
        self.assertEqual(
            json.loads(text),
            [
                {"collection": "one", "key": "1", "data": {"n": -5, "yes": True}, **times},
                {"collection": "one", "key": "2", "data": {"n": 7}, **times},
                {
                    "collection": "two",
                    "key": "k",
                    "data": {
                        "text": 'say "hi",\nZoë',
                        "nested": {"n": 1, "deep": {"x": [1, "a"]}},
                        "none": None,
                    },
                    **times,
                },
            ],
        )
        self.assertEqual((manifest["records"], manifest["collections"]), (3, {"one": 2, "two": 1}))
        told = self.store.data("export")["2026-03-03 json"]
        self.assertEqual((told["records"], told["sha256"]), (3, manifest["sha256"]))
        self.assertEqual(told["path"], str(self.workspace / "export-2026-03-03.json"))
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
        self.store.put(record("one", "=1+1", name="=HYPERLINK(1)", n=-1))
        self.succeed("--format", "csv")
        row = next(csv.DictReader(self.read("csv")[0].splitlines(keepends=True)))
        self.assertEqual((row["key"], row["data.name"], row["data.n"]), ("'=1+1", "'=HYPERLINK(1)", "-1"))

    def test_the_same_records_give_the_same_bytes(self):
        self.sample()
        self.succeed()
        first = self.read("json")
        again = self.succeed()
        self.assertEqual(self.read("json"), first)
        self.assertEqual(again.counts, [0, 0, 1])

    def test_a_failure_keeps_the_export_before(self):
        self.sample()
        self.succeed()
        before = self.read("json")
        for text in ("{\n", '{"key":"no data"}\n', "[" * 100_000 + "\n"):
            self.store.raw("two", text)
            self.assert_ends(self.run_collector(), 75)
        for text in ("", "{}", '[{"collection":"../x y"}]', '[{"collection":"--help"}]'):
            self.store.raw(".list", text)
            self.assert_ends(self.run_collector(), 75)
        self.store.program.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
        self.assert_ends(self.run_collector(), 75)
        self.assertEqual(self.read("json"), before)
        self.assert_nothing_unfinished()

    def test_faults_have_their_codes(self):
        self.assert_ends(self.run_collector(), 65)
        self.sample()
        for arguments in (["--format", "xml"], ["--format"], ["--format="], ["json"], ["-x"]):
            done = self.run_collector(*arguments)
            self.assertEqual(done.returncode, 64)
            self.assertEqual([one["category"] for one in done.events], ["usage"])
        self.assert_ends(self.run_collector(ORCHESTRATE_SLOT='"../../etc\\x'), 78)
        self.assert_ends(self.run_collector(ORCHESTRATE=None), 78)
        with open(self.workspace / ".lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assert_ends(self.run_collector(), 75)

    def test_sigterm_leaves_nothing_behind(self):
        # An export that waits: it says when it runs, and ends with its reader.
        pipe = self.root / "pipe"
        os.mkfifo(pipe)
        self.sample()
        self.store.program.write_text(f"#!/bin/sh\nexec 3>'{pipe}'\necho up >&3\nexec sleep 600\n", encoding="utf-8")
        child = subprocess.Popen(
            [COLLECTORS / self.command],
            env=self.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with open(pipe, "rb") as line:
            self.assertEqual(line.read(3), b"up\n")
            child.terminate()
            self.assertEqual(child.wait(timeout=30), 143)
            self.assertEqual(line.read(), b"")
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
