"""Releases of which a module cannot be read: unfinished, read again, and never taken for smaller."""

import os
import shutil
import sys
import unittest

from support import COLLECTORS, CollectorCase

sys.dont_write_bytecode = True
sys.path.insert(0, str(COLLECTORS / "lib"))

import boost_world  # noqa: E402
from boost_library.findings import MOST, Findings  # noqa: E402

RIGHT = boost_world.expected()["releases"]
NEWEST = "boost-1.90.0"


class UnfinishedReleases(CollectorCase):
    command = "run_boost_library_tracker"

    def setUp(self):
        super().setUp()
        self.world = boost_world.copied(self.root / "world", "submodules")
        self.source = ("--source", f"file://{self.world.boost}")

    def release(self, tag=NEWEST):
        return self.store.data("boost_release")[tag]

    def libraries(self, tag=NEWEST):
        data = self.store.data("boost_library_release").values()
        return sorted(one["library"] for one in data if one["release"] == tag)

    def sync(self, tag=NEWEST, command="run_on_release_sync"):
        done = self.succeed(command=command, ORCHESTRATE_RELEASES=tag)
        return done, self.store.data("boost_release_change")[tag]

    def assert_whole(self):
        """As if nothing had ever been missing."""
        self.assertEqual({tag: self.libraries(tag) for tag in RIGHT}, RIGHT)
        for tag, keys in RIGHT.items():
            self.assertEqual((self.release(tag)["complete"], self.release(tag)["unread"]), (True, []), tag)
            self.assertEqual(self.release(tag)["libraries"], len(keys))
        libraries = self.store.data("boost_library")
        self.assertEqual([key for key, data in libraries.items() if not data["current"]], ["tr1"])
        self.assertIn("0 of them new", self.succeed(*self.source).stdout)

    def assert_unfinished(self, modules, tag=NEWEST):
        self.assertEqual((self.release(tag)["complete"], self.release(tag)["unread"]), (False, modules))

    def test_a_module_that_lags_is_read_when_it_has_caught_up(self):
        self.world.lag("asio")
        done = self.succeed(*self.source)
        self.assert_unfinished(["libs/asio"])
        self.assertTrue(self.release("boost-1.88.0")["complete"])
        warnings = self.warnings(done)
        self.assertEqual(len([one for one in warnings if "libs/asio" in one]), 1, warnings)
        self.assertIn("boost-1.90.0: libs/asio/meta/libraries.json: left out", " ".join(warnings))
        # It is in the release before, and nobody knows that it is not in this one.
        self.assertTrue(self.store.data("boost_library")["asio"]["current"])
        self.assertFalse(self.store.data("boost_library")["tr1"]["current"])
        _, change = self.sync()
        self.assertEqual((change["removed"], change["unknown"], change["complete"]), (["tr1"], ["asio"], False))
        self.assertEqual(change["unread"], ["libs/asio"])

        again = self.succeed(*self.source)
        self.assertIn("0 of them new, 1 unfinished and read again", again.stdout)
        self.assertEqual(again.counts[:2], [0, 0])
        self.assert_unfinished(["libs/asio"])

        self.world.catch_up("asio")
        self.succeed(*self.source)
        self.assert_whole()
        _, change = self.sync()
        self.assertEqual((change["removed"], change["unknown"], change["complete"]), (["tr1"], [], True))
        self.assertEqual(change["added"], ["bloom"])

    def test_the_release_before_may_be_the_unfinished_one(self):
        git = boost_world.git
        pinned = git(self.world.boost, "rev-parse", "boost-1.88.0:libs/any")
        self.world.lose("any")
        there = boost_world.repository(self.world.root / "any.git")
        git(there, "fetch", "--quiet", "--depth=1", f"file://{self.world.root}/any.ahead", "master")
        git(there, "update-ref", "refs/heads/master", "FETCH_HEAD")
        self.assertNotIn(pinned, git(there, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)"))
        self.succeed(*self.source)
        self.assert_unfinished(["libs/any"], "boost-1.88.0")
        self.assertTrue(self.release()["complete"])
        _, change = self.sync()
        self.assertEqual((change["added"], change["unknown"], change["complete"]), (["bloom"], ["any"], False))

    def test_a_module_that_is_gone_leaves_all_its_releases_unfinished_in_one_line(self):
        self.world.lose("asio")
        done = self.succeed(*self.source)
        for tag in RIGHT:
            self.assert_unfinished(["libs/asio"], tag)
        warnings = [one for one in self.warnings(done) if "asio" in one]
        self.assertEqual(len(warnings), 1, warnings)
        self.assertIn("4 releases from boost-1.87.0 to boost-1.90.0: libs/asio", warnings[0].replace("\u00a0", " "))
        self.assertNotIn("asio", self.store.data("boost_library"))
        _, change = self.sync()
        self.assertEqual((change["removed"], change["added"]), (["tr1"], ["bloom"]))
        self.world.catch_up("asio")
        self.succeed(*self.source)
        self.assert_whole()

    def test_a_closed_repository_hides_nothing_that_is_here(self):
        self.succeed(*self.source)
        self.world.next_release()
        self.world.lose("asio")
        self.succeed(*self.source)
        self.assert_unfinished(["libs/asio"], boost_world.NEXT)
        self.assertTrue(self.store.data("boost_library")["asio"]["current"])
        # What was fetched before needs nobody: a full reading finds no other release unfinished.
        done = self.succeed(*self.source, "--full")
        self.assertIn("--full was given", done.stdout)
        self.assertEqual([tag for tag in RIGHT if not self.release(tag)["complete"]], [])
        _, change = self.sync(boost_world.NEXT)
        self.assertEqual((change["added"], change["removed"], change["unknown"]), (["openmethod"], ["any"], ["asio"]))
        self.world.catch_up("asio")
        self.succeed(*self.source)
        self.assertTrue(self.release(boost_world.NEXT)["complete"])

    def test_a_full_reading_takes_nothing_that_is_unread(self):
        self.succeed(*self.source)
        shutil.rmtree(self.workspace)
        self.world.lose("asio")
        done = self.succeed(*self.source, "--full")
        self.assertEqual(self.store.gone("boost_library_release"), [])
        self.assertEqual({tag: self.libraries(tag) for tag in RIGHT}, RIGHT)
        self.assertTrue(self.store.data("boost_library")["asio"]["current"])
        self.assertIn("unfinished, to be read again by the next run", done.stdout)

    def test_a_full_reading_takes_what_is_not_there(self):
        self.succeed(*self.source)
        stray = dict(self.store.data("boost_library_release")["boost-1.90.0/asio"], library="never", module="libs/never")
        self.store.put({"collection": "boost_library_release", "key": "boost-1.90.0/never", "data": stray})
        self.succeed(*self.source)
        self.assertEqual(self.store.gone("boost_library_release"), [])
        self.succeed(*self.source, "--full")
        self.assertEqual(self.store.gone("boost_library_release"), ["boost-1.90.0/never"])
        self.assert_whole()

    def test_what_before_versions_read_is_read_again(self):
        self.succeed(*self.source)
        state = self.store.states[self.command]
        self.store.states[self.command] = {"version": 1, "source": state["source"], "releases": state["releases"]}
        self.assertIn("4 releases, 4 of them new", self.succeed(*self.source).stdout)

    def test_a_release_left_out_stays_unfinished(self):
        self.world.lag("tr1", "HEAD~1")  # the second of its two releases
        self.succeed(*self.source)
        self.assert_unfinished(["libs/tr1"], "boost-1.88.0")
        self.succeed(*self.source, "--since", "1.90")
        self.world.catch_up("tr1")
        self.succeed(*self.source)
        self.assert_whole()

    def test_modules_that_gitmodules_does_not_know(self):
        git = boost_world.git
        text = (self.world.boost / ".gitmodules").read_text(encoding="utf-8")
        start = text.index('[submodule "asio"]')
        cut = text[:start] + text[text.index("[submodule", start + 1) :]
        for content, unread in ((cut, ["libs/asio"]), ("[broken", None)):
            boost_world.write(self.world.boost / ".gitmodules", content)
            git(self.world.boost, "add", ".gitmodules")
            git(self.world.boost, "commit", "--quiet", "--message", "x")
            git(self.world.boost, "tag", "--force", "boost-1.92.0")
            self.succeed(*self.source)
            expected = unread or sorted(boost_world.RELEASES[NEWEST])
            self.assert_unfinished(expected, "boost-1.92.0")
            self.assertEqual(self.sync("boost-1.92.0")[1]["removed"], [])

    def test_nothing_to_be_had_is_an_error(self):
        for module in self.world.root.glob("*.git"):
            shutil.rmtree(module)
        self.assert_ends(self.run_collector(*self.source), 65)
        self.assertEqual(self.store.data("boost_release"), {})

    def test_a_broken_file_hides_its_library(self):
        self.succeed(*self.source)
        modules = {**boost_world.RELEASES[NEWEST], "libs/asio": ("{", ["asio.hpp"])}
        self.world.release("boost-1.91.0", modules)
        done = self.succeed(*self.source)
        self.assertEqual(self.release("boost-1.91.0")["broken"], ["libs/asio", "libs/broken"])
        # It was read: reading it again would find the same.
        self.assertTrue(self.release("boost-1.91.0")["complete"])
        self.assertIn("libs/asio/meta/libraries.json: not JSON", " ".join(self.warnings(done)))
        self.assertTrue(self.store.data("boost_library")["asio"]["current"])
        _, change = self.sync("boost-1.91.0")
        self.assertEqual((change["removed"], change["unknown"]), ([], ["asio"]))

    def test_an_unpacked_release_without_its_submodules(self):
        root = self.world.unpacked()
        shutil.rmtree(root / "libs" / "asio")
        shutil.rmtree(root / "libs" / "numeric" / "ublas")
        for module in ("asio", "numeric/ublas", "asio_examples/x"):
            os.makedirs(root / "libs" / module)
        (root / "libs" / "asio_examples" / "meta").mkdir()
        self.succeed("--source", str(root))
        self.assert_unfinished(["libs/asio", "libs/numeric/ublas"])
        shutil.rmtree(root / "libs")
        os.makedirs(root / "libs" / "asio")
        self.assert_ends(self.run_collector("--source", str(root)), 65)
        (root / "libs" / "asio").rmdir()
        self.assert_ends(self.run_collector("--source", str(root)), 65)


class Faults(unittest.TestCase):
    def told(self, *found):
        findings, lines = Findings(), []
        for tag, text in found:
            findings.add(tag, text)
        findings.tell(lines.append)
        return [line.replace("\u00a0", " ") for line in lines]

    def test_what_is_true_of_many_releases_is_one_line(self):
        tags = [f"boost-1.{minor}.0" for minor in range(50, 91)]
        self.assertEqual(
            self.told(*((tag, "libs/x: not JSON: line 1 column 18 (char 17)") for tag in tags)),
            ["41 releases from boost-1.50.0 to boost-1.90.0: libs/x: not JSON: line 1 column 18 (char 17)"],
        )
        # Commits and places differ from release to release; modules and entries are others.
        lines = self.told(
            ("a", "libs/x1: not our ref 0123456789abcdef"), ("b", "libs/x1: not our ref fedcba9876543210"),
            ("b", "libs/x2: not our ref 0123456789abcdef"), ("b", "libs/x2: entry 1: wrong"), ("b", "libs/x2: entry 2: wrong"),
        )  # fmt: skip
        self.assertEqual([line.partition(":")[0] for line in lines], ["a, b", "b", "b", "b"])
        self.assertIn("fedcba9876543210", lines[0])

    def test_the_lines_are_bounded(self):
        lines = self.told(*(("a", f"module {at}") for at in range(MOST + 7)))
        self.assertEqual((len(lines), lines[-1]), (MOST + 1, "and 7 more faults of releases"))


if __name__ == "__main__":
    unittest.main()
