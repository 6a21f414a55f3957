"""run_boost_library_tracker on a Boost with a history: right to the number, in every shape."""

import fcntl
import http.server
import json
import os
import subprocess
import sys
import threading
import unittest

from support import COLLECTORS, FIXTURES, CollectorCase

sys.dont_write_bytecode = True
sys.path.insert(0, str(COLLECTORS / "lib"))

import boost_world  # noqa: E402
from boost_library import headers, metadata, releases, submodules  # noqa: E402


class LibraryTracker(CollectorCase):
    command = "run_boost_library_tracker"

    def world(self, shape="submodules"):
        return boost_world.copied(self.root / "world", shape)

    def found(self):
        """The libraries of each release, as recorded."""
        by_release = {}
        for data in self.store.data("boost_library_release").values():
            by_release.setdefault(data["release"], []).append(data["library"])
        return by_release

    def assert_right(self):
        expected = boost_world.expected()["releases"]
        self.assertEqual(self.found(), expected)
        recorded = self.store.data("boost_release")
        self.assertEqual({tag: data["libraries"] for tag, data in recorded.items()},
                         {tag: len(keys) for tag, keys in expected.items()})  # fmt: skip
        self.assertEqual([tag for tag, data in recorded.items() if data["prerelease"]], ["boost-1.89.0.beta1"])
        libraries = self.store.data("boost_library")
        self.assertEqual(sorted(libraries), sorted({key for keys in expected.values() for key in keys}))
        self.assertEqual([key for key, data in libraries.items() if not data["current"]], ["tr1"])
        self.assertEqual(libraries["tr1"]["release"], "boost-1.88.0")
        owned = {key: data["headers"] for key, data in libraries.items()}
        self.assertEqual(owned["asio"], ["boost/asio.hpp", "boost/asio/"])
        self.assertEqual(owned["algorithm"], ["boost/algorithm/"])
        self.assertEqual(owned["algorithm/string"], ["boost/algorithm/string.hpp", "boost/algorithm/string/"])
        self.assertEqual(owned["container_hash"], ["boost/container_hash/", "boost/functional/hash.hpp"])
        self.assertEqual(owned["functional"], ["boost/functional.hpp", "boost/functional/factory.hpp"])
        self.assertEqual(owned["numeric/ublas"], ["boost/numeric/"])

    def test_submodules_by_url(self):
        world = self.world()
        done = self.succeed("--source", f"file://{world.boost}")
        self.assert_right()
        warnings = self.warnings(done)
        self.assertEqual(len(warnings), 1, warnings)  # the broken file, in two releases
        self.assertIn("boost-1.89.0.beta1, boost-1.90.0: libs/broken/meta/libraries.json: not JSON", warnings[0])
        self.assertIn("without meta/libraries.json: libs/headers", done.stdout)
        # A mirror has metadata and no other file.
        mirror = next((self.workspace / "modules").glob("asio-*"))
        names = boost_world.git(mirror, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype)")
        self.assertEqual(names.split().count("blob"), 1)

    def test_the_same_records_from_every_shape(self):
        for shape in ("submodules", "tree"):
            with self.subTest(shape):
                self.setUp()
                self.succeed("--source", str(self.world(shape).boost))
                self.assert_right()

    def test_one_entry_of_each_shape(self):
        self.succeed("--source", str(self.world().boost))
        data = self.store.data("boost_library_release")
        self.assertEqual(
            data["boost-1.87.0/any"],
            {
                "release": "boost-1.87.0",
                "version": "1.87.0",
                "prerelease": False,
                "library": "any",
                "name": "Any",
                "authors": ["Kevlin Henney"],
                "maintainers": ["Max Maintainer <max -at- example.org>"],
                "category": ["Data"],
                "description": "The Any library.",
                "cxxstd": None,
                "module": "libs/any",
            },
        )
        standards = [data[key]["cxxstd"] for key in ("boost-1.87.0/algorithm", "boost-1.88.0/algorithm")]
        self.assertEqual(standards, [None, "03"])
        self.assertEqual(data["boost-1.87.0/functional"]["cxxstd"], "03")
        self.assertEqual(data["boost-1.87.0/algorithm/string"]["name"], "String Algo")

    def test_a_second_run_brings_nothing_and_a_new_release_only_itself(self):
        world = self.world()
        source = f"file://{world.boost}"
        first = self.succeed("--source", source)
        self.assertEqual(first.counts[1:], [0, 0])
        again = self.succeed("--source", source)
        self.assertEqual(again.counts, [0, 0, 0])
        self.assertIn("0 of them new", again.stdout)
        world.next_release()
        done = self.succeed("--source", source)
        delivered = {one["data"]["release"] for one in done.events
                     if one.get("collection") == "boost_library_release"}  # fmt: skip
        self.assertEqual(delivered, {boost_world.NEXT})
        self.assertEqual(self.found()[boost_world.NEXT], boost_world.expected()["next"][boost_world.NEXT])
        libraries = self.store.data("boost_library")
        self.assertEqual([key for key, data in libraries.items() if not data["current"]], ["any", "tr1"])
        self.assertEqual(libraries["any"]["release"], "boost-1.90.0")
        self.assertEqual(libraries["any"]["headers"], ["boost/any.hpp"])

    def test_older_releases_read_later_take_no_newer_ones_place(self):
        source = str(self.world().boost)
        self.succeed("--source", source, "--since", "1.90")
        self.assertEqual(list(self.found()), ["boost-1.90.0"])
        before = self.store.data("boost_library")
        self.succeed("--source", source)
        after = self.store.data("boost_library")
        self.assertEqual({key: after[key] for key in before}, before)
        self.assertEqual(sorted(after.keys() - before.keys()), ["tr1"])

    def test_a_moved_tag_is_read_again(self):
        world = self.world("tree")
        self.succeed("--source", str(world.boost))
        boost_world.git(world.boost, "tag", "--force", "boost-1.90.0", "boost-1.88.0")
        done = self.succeed("--source", str(world.boost))
        self.assertIn("boost-1.90.0: the tag stands for another commit", " ".join(self.warnings(done)))
        self.assertEqual(self.found()["boost-1.90.0"], boost_world.expected()["releases"]["boost-1.88.0"])
        self.assertEqual(self.store.gone("boost_library_release"), ["boost-1.90.0/bloom"])

    def test_an_unpacked_release(self):
        root = self.world().unpacked()
        self.succeed("--source", str(root))
        self.assertEqual(self.found(), {"boost-1.90.0": boost_world.expected()["releases"]["boost-1.90.0"]})
        self.assertEqual(self.store.data("boost_library")["asio"]["headers"], ["boost/asio.hpp", "boost/asio/"])
        (root / "boost" / "version.hpp").unlink()
        self.assert_ends(self.run_collector("--source", str(root)), 65)
        self.succeed("--source", str(root), "--release", "boost-1.90.0")

    def test_a_stranger_cannot_point_at_this_machine(self):
        evil = "".join(f'[submodule "{name}"]\n\tpath = libs/{name}\n\turl = {url}\n' for name, url in (
            ("a", "ext::sh -c 'touch owned'"), ("b", "--upload-pack=touch owned"), ("c", "../../../../../../etc"),
        ))  # fmt: skip
        world = self.world()
        boost_world.write(world.boost / ".gitmodules", evil)
        for name in "abc":
            boost_world.git(world.boost, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},libs/{name}")
        boost_world.git(world.boost, "add", ".gitmodules")
        boost_world.git(world.boost, "commit", "--quiet", "--message", "evil")
        boost_world.git(world.boost, "tag", "boost-1.99.0")
        self.assertIn(self.run_collector("--source", f"file://{world.boost}", "--since", "1.99").returncode, (0, 65))
        self.assertEqual(list(self.root.rglob("owned")), [])

    def test_faults_have_their_codes(self):
        world = self.world("tree")
        for arguments in (["--since", "soon"], ["--release", "1"], ["stray"], ["--nonsense"]):
            self.assert_ends(self.run_collector(*arguments), 64)
        empty = self.root / "empty"
        empty.mkdir()
        for source in ("missing", "empty", f"file://{self.root}/nowhere"):
            self.assert_ends(self.run_collector("--source", source), 65)
        self.assert_ends(self.run_collector("--source", str(world.boost), "--since", "2.0"), 65)
        done = self.run_collector("--source", "http://me:s3cret@127.0.0.1:1/boost.git")
        self.assert_ends(done, 69)
        self.assertNotIn("s3cret", done.stdout + done.stderr + json.dumps(done.events))
        with open(self.workspace / ".lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assert_ends(self.run_collector("--source", str(world.boost)), 75)

    def test_sigterm_during_a_fetch_ends_git_and_its_ssh(self):
        # A server that takes the connection and says nothing. It holds the pipe open: the first
        # bytes say that it runs, the end says that it is gone.
        pipe, ssh = self.root / "pipe", self.root / "ssh"
        os.mkfifo(pipe)
        ssh.write_text(f"#!/bin/sh\nexec 3>'{pipe}'\necho up >&3\nexec sleep 600\n", encoding="utf-8")
        ssh.chmod(0o755)
        child = subprocess.Popen(
            [COLLECTORS / self.command, "--source", "ssh://silent.invalid/boost.git"],
            env=self.environment(GIT_SSH_COMMAND=str(ssh)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with open(pipe, "rb") as line:
            self.assertEqual(line.read(3), b"up\n")
            child.terminate()
            self.assertEqual(child.wait(timeout=30), 143)
            self.assertEqual(line.read(), b"")

    def test_nobody_is_asked_for_a_password(self):
        class Wants(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="x"')
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Wants)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        ask, asked, settings = self.root / "ask", self.root / "asked", self.root / "gitconfig"
        ask.write_text(f"#!/bin/sh\ntouch '{asked}'\necho guess\n", encoding="utf-8")
        ask.chmod(0o755)
        settings.write_text(f"[core]\n\taskPass = {ask}\n", encoding="utf-8")
        source = f"http://127.0.0.1:{server.server_port}/boost.git"
        asking = {"GIT_ASKPASS": str(ask), "SSH_ASKPASS": str(ask), "DISPLAY": ":9"}
        done = self.run_collector("--source", source, GIT_CONFIG_GLOBAL=str(settings), **asking)
        self.assert_ends(done, 77)
        self.assertFalse(asked.exists(), "somebody was asked")

    def test_without_git_it_is_78(self):
        python = self.root / "bin" / "python3"
        python.parent.mkdir()
        python.symlink_to(sys.executable)
        source = str(self.world("tree").boost)
        self.assert_ends(self.run_collector("--source", source, PATH=str(python.parent)), 78)

    def test_by_hand_records_go_to_stdout_and_words_to_stderr(self):
        source = str(self.world("tree").boost)
        done = self.run_collector("--source", source, ORCHESTRATE=None, ORCHESTRATE_EVENTS=None)
        self.assertEqual(done.returncode, 0, done.stderr)
        kinds = {json.loads(line)["type"] for line in done.stdout.splitlines()}
        self.assertEqual(kinds, {"record", "state"})
        self.assertIn("delivered 9 libraries, 4 releases with 30 library entries", done.stderr.replace("\u00a0", " "))


class Parts(unittest.TestCase):
    def test_one_answer_of_every_parser_to_what_is_a_release(self):
        lines = (FIXTURES / "release_tags.tsv").read_text(encoding="utf-8").splitlines()
        rows = [line.split("\t") for line in lines if not line.startswith("#")]
        orders = [(releases.order(tag), kind, tag) for tag, kind in rows]
        for order, kind, tag in orders:
            with self.subTest(tag):
                self.assertEqual(order is None, kind == "none")
                if order:
                    self.assertEqual(releases.Release(tag, order).is_prerelease, kind == "prerelease")
        found = [order for order, _, _ in orders if order]
        self.assertEqual(found, sorted(set(found)))
        for version in ("1.080", "01.80", "1.80.00", "boost-1.80.", "1"):
            self.assertIsNone(releases.lower_bound(version), version)

    def test_tags_in_order(self):
        tags = "boost-1.9.0 boost-1.89.0.beta1 boost-1.89.0.beta1.rc2 boost-1.89.0 boost-1.91.0 boost-1.91.0-1".split()
        by_order = sorted(tags, key=releases.order)
        self.assertEqual(by_order[1:3], ["boost-1.89.0.beta1.rc2", "boost-1.89.0.beta1"])
        self.assertEqual(by_order[3:], tags[3:])
        for other in ("boost-1.90", "boost-", "v1.90.0", "boost-1.90.0.final", "boost-1.90.0\n"):
            self.assertIsNone(releases.order(other), other)
        self.assertEqual(releases.before("boost-1.89.0", tags), "boost-1.9.0")
        self.assertEqual(releases.before("boost-1.91.0-1", tags), "boost-1.91.0")
        self.assertIsNone(releases.before("boost-1.9.0", tags))

    def test_metadata_of_any_shape(self):
        def keys(text):
            return [one["library"] for one in metadata.parse(text.encode(), "libs/numeric/x")[0]]

        self.assertEqual(keys('{"name": "X"}'), ["numeric/x"])
        self.assertEqual(keys('\ufeff[{"key": "a"}, {"key": "b c"}]'), ["a", "b c"])
        self.assertEqual(keys('[{"key": "a"}, {"name": "no key"}, 3, {"key": "c", "authors": [1]}]'), ["a"])
        for text in ("", "null", "[]", "3", "[" * 100_000, '{"key": 5}', '{"key": " "}'):
            self.assertEqual(keys(text), [], text[:20])
        self.assertEqual(metadata.parse(b"\xff", "libs/x")[0], [])
        self.assertEqual(metadata.parse(b" " * (2 << 20), "libs/x")[0], [])
        evil = metadata.parse(b'{"key": "a", "name": "x\\u001b[2J\\u202e", "description": "' + b"y" * 9999 + b'"}', "m")
        self.assertEqual(evil[0][0]["name"], "x\ufffd[2J\ufffd")
        self.assertEqual(len(evil[0][0]["description"]), 2000)

    def test_headers_are_told_apart(self):
        owned = headers.owned(
            {"a": ["boost/a.hpp", "boost/d/x/1.hpp", "boost/d/y.hpp"], "b": ["boost/d/z/2.hpp", "boost/a.hpp"]}
        )
        self.assertEqual(owned, {"a": ["boost/a.hpp", "boost/d/x/", "boost/d/y.hpp"], "b": ["boost/d/z/"]})

    def test_addresses_of_submodules(self):
        for base, url, expected in (
            ("https://github.com/boostorg/boost.git", "../asio.git", "https://github.com/boostorg/asio.git"),
            ("https://h/o/boost/", "./x/y", "https://h/o/boost/x/y"),
            ("git@h:boostorg/boost.git", "../asio.git", "git@h:boostorg/asio.git"),
            ("git@h:boost.git", "../asio.git", "git@h:asio.git"),
            ("/srv/boost", "../asio.git", "/srv/asio.git"),
            ("https://h/boost", "https://other/asio", "https://other/asio"),
            ("https://h/boost", "../../../x", None),
            ("/srv/boost", "-x", None),
            ("/srv/boost", "x\ny", None),
        ):
            self.assertEqual(submodules.resolve(base, url), expected, (base, url))


if __name__ == "__main__":
    unittest.main()
