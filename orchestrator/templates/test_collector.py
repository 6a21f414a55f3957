#!/usr/bin/env python3
"""Tests of @NAME@, without orchestrate: python3 test_@NAME@.py"""

import json
import os
import subprocess
import tempfile
import unittest

COLLECTOR = os.path.join(os.path.dirname(os.path.abspath(__file__)), "@NAME@")


class Collector(unittest.TestCase):
    def run_it(self, *args, **environment):
        """Exit code and events."""
        with tempfile.NamedTemporaryFile("r", encoding="utf-8") as events:
            env = {**os.environ, "ORCHESTRATE_EVENTS": events.name, **environment}
            done = subprocess.run([COLLECTOR, *args], env=env, capture_output=True, timeout=60)
            return done.returncode, [json.loads(line) for line in events]

    def test_every_file_is_a_record(self):
        with tempfile.TemporaryDirectory() as path:
            for name in "ab":
                with open(os.path.join(path, name), "w", encoding="utf-8") as file:
                    file.write("xyz")
            code, events = self.run_it("--path", path, ORCHESTRATE_STATE='{"runs": 4}')
        self.assertEqual(code, 0)
        self.assertEqual([event["key"] for event in events[:-1]], ["a", "b"])
        self.assertEqual(events[0]["data"], {"bytes": 3})
        self.assertEqual(events[-1], {"type": "state", "data": {"runs": 5}})

    def test_a_failure_has_a_category(self):
        code, events = self.run_it("--path", "/nonexistent")
        self.assertEqual((code, events[0]["type"], events[0]["category"]), (69, "failure", "network"))

    def test_wrong_arguments_are_usage(self):
        self.assertEqual(self.run_it("--limit", "many")[0], 64)


if __name__ == "__main__":
    unittest.main()
