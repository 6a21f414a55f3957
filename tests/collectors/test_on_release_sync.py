"""run_on_release_sync: what a release brought, from what the library tracker recorded."""

import fcntl
import unittest

import boost_world
from support import CollectorCase, record


def release(tag, *libraries, unread=()):
    """A release and its libraries, as run_boost_library_tracker delivers them."""
    yield record("boost_release", tag, release=tag, complete=not unread, unread=list(unread), broken=[])
    for library in libraries:
        name, _, standard = library.partition("@")
        data = {"release": tag, "library": name, "cxxstd": standard or None, "module": f"libs/{name}"}
        yield record("boost_library_release", f"{tag}/{name}", **data)


class OnReleaseSync(CollectorCase):
    command = "run_on_release_sync"

    def setUp(self):
        super().setUp()
        self.store.put(
            *release("boost-1.88.0", "any", "asio@03", "tr1"),
            *release("boost-1.89.0.beta1", "any", "asio@03", "bloom"),
            *release("boost-1.89.0", "asio@11", "bloom", "any"),
        )

    def test_added_removed_and_changed_since_the_release_before(self):
        done = self.succeed(ORCHESTRATE_RELEASES="boost-1.89.0")
        self.assertEqual(
            self.store.data("boost_release_change"),
            {
                "boost-1.89.0": {
                    "release": "boost-1.89.0",
                    "previous": "boost-1.88.0",
                    "libraries": ["any", "asio", "bloom"],
                    "added": ["bloom"],
                    "removed": ["tr1"],
                    "changed": {"asio": {"cxxstd": ["03", "11"]}},
                    "complete": True,
                    "unread": [],
                    "unknown": [],
                }
            },
        )
        self.assertIn("3 libraries, since boost-1.88.0: added bloom; removed tr1", done.stdout.replace("\u00a0", " "))

    def test_it_may_run_again(self):
        self.succeed(ORCHESTRATE_RELEASES="boost-1.89.0 boost-1.88.0 boost-1.89.0")
        again = self.succeed("--release", "boost-1.88.0", "--release", "boost-1.89.0")
        self.assertEqual(again.counts, [0, 0, 2])
        first = self.store.data("boost_release_change")["boost-1.88.0"]
        self.assertEqual((first["previous"], first["added"], first["removed"]), (None, [], []))

    def test_a_beta_is_compared_with_the_last_release(self):
        self.succeed("--release", "boost-1.89.0.beta1")
        self.assertEqual(self.store.data("boost_release_change")["boost-1.89.0.beta1"]["previous"], "boost-1.88.0")

    def deferred(self, done):
        """The releases that the orchestrator is to name again."""
        return [tag for one in done.events if one["type"] == "defer" for tag in one["releases"]]

    def changes(self):
        return sorted(self.store.data("boost_release_change"))

    def test_a_release_that_is_not_recorded_yet_is_waited_for(self):
        # A scheduler that polls finds it hours before the daily library tracker has run.
        done = self.succeed(ORCHESTRATE_RELEASES="boost-1.89.0 boost-1.90.0")
        self.assertEqual((self.changes(), self.deferred(done)), (["boost-1.89.0"], ["boost-1.90.0"]))
        self.assertIn("not recorded yet", done.stdout)
        self.assertEqual(self.warnings(done), [])
        again = self.succeed(ORCHESTRATE_RELEASES="boost-1.90.0", ORCHESTRATE_SLOT="2026-03-05T23:00:00Z")
        self.assertEqual(self.deferred(again), ["boost-1.90.0"])
        self.store.put(*release("boost-1.90.0", "asio@11", "bloom"))
        done = self.succeed(ORCHESTRATE_RELEASES="boost-1.90.0", ORCHESTRATE_SLOT="2026-03-06T01:00:00Z")
        self.assertEqual((self.changes(), self.deferred(done)), (["boost-1.89.0", "boost-1.90.0"], []))
        self.assertEqual(self.store.states[self.command]["waiting"], {})

    def test_a_release_that_nobody_records_is_a_failure_after_three_days(self):
        self.succeed(ORCHESTRATE_RELEASES="boost-1.90.0")
        late = {"ORCHESTRATE_SLOT": "2026-03-06T06:00:00Z"}
        done = self.run_collector(ORCHESTRATE_RELEASES="boost-1.90.0", **late)
        self.assert_ends(done, 75)
        self.assertIn("boost-1.90.0 is not recorded", done.stderr)
        self.assertIn("hint: run run_boost_library_tracker first", done.stderr)
        # It keeps no other one from being dealt with.
        done = self.succeed(ORCHESTRATE_RELEASES="boost-1.90.0 boost-1.89.0", **late)
        self.assertEqual((self.changes(), self.deferred(done)), (["boost-1.89.0"], ["boost-1.90.0"]))
        self.assertIn("boost-1.90.0 is still not recorded", " ".join(self.warnings(done)))
        # Whoever names one does not wait.
        done = self.run_collector("--release", "boost-1.91.0")
        self.assert_ends(done, 75)
        self.assertIn("boost-1.91.0 is not recorded", done.stderr)

    def test_what_is_no_release_keeps_no_other_from_being_dealt_with(self):
        done = self.succeed(ORCHESTRATE_RELEASES="boost-01.092.0 boost-1.89.0 v2")
        self.assertEqual((self.changes(), self.deferred(done)), (["boost-1.89.0"], []))
        self.assertIn("passed over: boost-01.092.0, v2: no release tag", " ".join(self.warnings(done)))
        # One that a before version took for a release is nobody's predecessor.
        self.store.put(*release("boost-01.089.5", "nothing"), *release("boost-1.90.0", "asio@11", "any"))
        self.succeed(ORCHESTRATE_RELEASES="boost-1.90.0")
        self.assertEqual(self.store.data("boost_release_change")["boost-1.90.0"]["previous"], "boost-1.89.0")

    def test_what_is_unread_is_never_removed_and_never_added(self):
        self.store.put(*release("boost-1.90.0", "asio@11", unread=["libs/bloom", "libs/new"]))
        done = self.succeed(ORCHESTRATE_RELEASES="boost-1.90.0")
        change = self.store.data("boost_release_change")["boost-1.90.0"]
        self.assertEqual((change["removed"], change["unknown"]), (["any"], ["bloom"]))
        self.assertEqual((change["complete"], change["unread"]), (False, ["libs/bloom", "libs/new"]))
        self.assertEqual(self.deferred(done), ["boost-1.90.0"])
        self.assertIn("removed any; changed 0 libraries; not known: bloom", done.stdout.replace("\u00a0", " "))
        # The next release is compared with one that is unfinished.
        self.store.put(*release("boost-1.91.0", "asio@11", "bloom", "new", "other"))
        self.succeed("--release", "boost-1.91.0")
        change = self.store.data("boost_release_change")["boost-1.91.0"]
        self.assertEqual((change["added"], change["unknown"]), (["other"], ["bloom", "new"]))
        # Now the tracker has read it: whatever is asked for, both are right.
        self.store.put(*release("boost-1.90.0", "asio@11", "bloom"))
        self.succeed("--release", "boost-1.88.0")
        changes = self.store.data("boost_release_change")
        self.assertEqual((changes["boost-1.90.0"]["removed"], changes["boost-1.91.0"]["added"]), (["any"], ["new", "other"]))
        self.assertTrue(changes["boost-1.90.0"]["complete"] and changes["boost-1.91.0"]["complete"])

    def test_a_module_that_stays_unread_is_not_waited_for_for_ever(self):
        self.store.put(*release("boost-1.90.0", "asio@11", unread=["libs/bloom"]))
        self.assertEqual(self.deferred(self.succeed(ORCHESTRATE_RELEASES="boost-1.90.0")), ["boost-1.90.0"])
        done = self.succeed(ORCHESTRATE_RELEASES="boost-1.90.0", ORCHESTRATE_SLOT="2026-03-06T06:00:00Z")
        self.assertEqual(self.deferred(done), [])
        self.assertIn("libs/bloom could not be read", " ".join(self.warnings(done)))

    def test_what_before_versions_said_of_an_unfinished_release_is_said_anew(self):
        old = record("boost_release_change", "boost-1.89.0", release="boost-1.89.0", removed=["asio", "bloom", "any"])
        self.store.put(old)
        self.succeed(ORCHESTRATE_RELEASES="boost-1.88.0")
        self.assertEqual(self.store.data("boost_release_change")["boost-1.89.0"]["removed"], ["tr1"])

    def test_a_strange_state_is_passed_over(self):
        for waiting in (7, {"boost-1.90.0": 7}, {"boost-1.90.0": "soon"}, None):
            self.store.states[self.command] = {"version": 1, "waiting": waiting}
            self.assertEqual(self.deferred(self.succeed(ORCHESTRATE_RELEASES="boost-1.90.0")), ["boost-1.90.0"])

    def test_releases_that_are_left_out_on_purpose_are_passed_over(self):
        done = self.succeed(ORCHESTRATE_RELEASES="boost-1.70.0 boost-1.88.0 boost-1.71.0")
        self.assertEqual(list(self.store.data("boost_release_change")), ["boost-1.88.0"])
        self.assertIn("older than all that is recorded: boost-1.70.0, boost-1.71.0", done.stdout)
        # Whoever names one wants it.
        self.assert_ends(self.run_collector("--release", "boost-1.70.0"), 75)

    def test_no_new_release_is_nothing_to_do(self):
        for changes in ({}, {"ORCHESTRATE_RELEASES": ""}):
            self.assertEqual(self.succeed(**changes).counts, [0, 0, 0])

    def test_faults_have_their_codes(self):
        for arguments in (["--release", "1.90"], ["stray"], ["--release"]):
            self.assert_ends(self.run_collector(*arguments), 64)
        self.assert_ends(self.run_collector(ORCHESTRATE_RELEASES="v1.2; rm"), 65)
        self.assert_ends(self.run_collector("--release", "boost-1.89.0", ORCHESTRATE=None), 78)
        with open(self.workspace / ".lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assert_ends(self.run_collector("--release", "boost-1.89.0"), 75)


class Night(CollectorCase):
    """One collector after the other, each with what the ones before delivered."""

    def run_night(self, world):
        night = (
            ("run_boost_library_tracker", "--source", f"file://{world.boost}"),
            ("run_github_activity_tracker", "--repository", str(world.boost)),
            ("run_boost_usage_tracker", "--path", str(world.root / "program")),
            ("run_monthly_report", "--month", "2026-01"),
            ("run_export", "--format", "json"),
        )
        return {command: self.succeed(*arguments, command=command).counts for command, *arguments in night}

    def usage(self):
        return {
            data["library"]: {name: data[name] for name in ("includes", "conditional", "files", "headers")}
            for data in self.store.data("boost_usage").values()
        }

    def test_a_night_its_repetition_and_a_release(self):
        world = boost_world.copied(self.root / "world", "submodules")
        world.program()
        expected = boost_world.expected()
        self.run_night(world)
        self.assertEqual(self.usage(), expected["usage"])
        tree = next(iter(self.store.data("include_usage").values()))
        self.assertEqual({name: tree[name] for name in expected["tree"]}, expected["tree"])
        self.assertEqual(tree["libraries_by"], "records")
        report = self.store.data("report")["monthly 2026-01"]
        # Four releases were committed on one day, by one author.
        self.assertEqual((report["commits"], report["tags"], report["boost_includes"]), (4, 4, 8))

        again = self.run_night(world)
        self.assertEqual({command: counts[:2] for command, counts in again.items()}, dict.fromkeys(again, [0, 0]))

        world.next_release()
        counts = self.run_night(world)
        self.assertEqual(counts["run_boost_library_tracker"][0], 10)  # 8 entries, the release, a new library
        self.succeed(command="run_on_release_sync", ORCHESTRATE_RELEASES=boost_world.NEXT)
        change = self.store.data("boost_release_change")[boost_world.NEXT]
        self.assertEqual((change["previous"], change["added"], change["removed"]), ("boost-1.90.0", ["openmethod"], ["any"]))


if __name__ == "__main__":
    unittest.main()
