"""run_monthly_report: the right month, the right numbers, harmless pages, honest ends."""

import fcntl
import html.parser
import re
import sys
import unittest
from xml.etree import ElementTree

from support import COLLECTORS, CollectorCase, day, library, record, repository, tag, tree

sys.dont_write_bytecode = True
sys.path.insert(0, str(COLLECTORS / "lib"))

from monthly_report import charts, months, names, text  # noqa: E402
from python_kit.slot import slot_date  # noqa: E402


class Page(html.parser.HTMLParser):
    """What a browser would see: the elements, and the text."""

    def __init__(self, source):
        super().__init__()
        self.elements, self.text, self.attributes = [], [], []
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text.append(data)


class MonthlyReport(CollectorCase):
    command = "run_monthly_report"

    def whole(self):
        self.store.put(day("2026-01-31", 50),
            day("2026-02-01", 3, 100, 20),
            day("2026-02-28", 4, 7, 5, ("Bob", "Ann")),
            day("2026-03-01", 90),
        )
        self.store.put(tag("v1", "2026-02-10"), tag("v2", "2026-03-01", "v1"))
        self.store.put(repository())
        self.store.put(tree())
        self.store.put(library())

    def report(self, month="2026-02", ending="html"):
        return (self.workspace / f"report-{month}.{ending}").read_text(encoding="utf-8")

    def test_a_run_on_the_3rd_reports_the_whole_month_before(self):
        self.whole()
        done = self.succeed()
        self.assertIn(
            "2026-02: 7 commits by 2 authors in 1 repository, +107 -25 lines; 1 source tree",
            done.stdout.replace("\u00a0", " "),
        )
        page = Page(self.report())
        words = " ".join(page.text)
        for expected in (
            "February 2026",
            "commits (50 in January)",
            "+107",
            "−25",
            "v1",
            "the beginning",
            "asio",
            "stdio.h",
        ):
            self.assertIn(expected, words)
        self.assertNotIn("v2", words)
        self.assertNotIn("not complete", words)
        markdown = self.report(ending="md")
        self.assertIn("| x | 7 | 50 | 2 | 107 | 25 | 1 |", markdown)
        self.assert_nothing_unfinished()

    def test_other_months_by_name(self):
        self.whole()
        for argument, month, commits in (
            ("2026-01", "2026-01", 50),
            ("current", "2026-03", 90),
            ("latest", "2026-03", 90),
            ("2025-12", "2025-12", 0),
        ):
            done = self.succeed("--month", argument)
            self.assertIn(f"{month}: {commits}", done.stdout.replace("\u00a0", " "))
        self.store.put(day("2999-01-01", 1))
        self.assertIn("2026-03: 90", self.succeed("--month", "latest").stdout.replace("\u00a0", " "))

    def test_things_of_one_name_are_told_apart(self):
        names = ("github.com/boostorg/asio", "github.com/chriskohlhoff/asio", "/src/beast")
        for at, name in enumerate(names, 1):
            self.store.put(day("2026-02-01", at, 1, 1, repository=name), repository(name.rpartition("/")[2], name))
        other = day("2026-02-02", 7, repository=names[2])
        other["data"]["by_author"][0]["identity"] = "another-ann@x"
        headers = [
            {"header": f"boost/spirit/home/x3/support/traits/attribute_{end}.hpp", "includes": 1, "files": 1}
            for end in ("of", "category")
        ]
        self.store.put(other, tree(top_headers=headers))
        self.succeed()
        words = Page(self.report()).text
        for name in ("boostorg/asio", "chriskohlhoff/asio", "beast", "Ann <Ann@x>", "Ann <another-ann@x>"):
            self.assertIn(name, words)
        self.assertNotIn("asio", words)
        for name in (r"| boostorg/asio | 1 |", r"| chriskohlhoff/asio | 2 |", "| beast | 10 |", "in boostorg/asio, from"):
            self.assertIn(name, self.report(ending="md"))
        charts_ = re.findall('class="name"[^>]*>([^<]*)<', self.report())
        self.assertEqual(len(charts_), len(set(charts_)))
        self.assertEqual([name[-13:] for name in charts_], ["ribute_of.hpp", "_category.hpp"])

    def test_a_shallow_clone_makes_it_incomplete_everywhere(self):
        self.store.put(day("2026-02-01", 3), repository(complete=False), tree())
        self.succeed()
        self.assertFalse(self.store.data("report")["monthly 2026-02"]["complete"])
        for ending in ("html", "md"):
            self.assertIn("is a shallow clone", self.report(ending=ending))
            self.assertIn("not complete", self.report(ending=ending))

    def test_a_phone_has_room_for_names(self):
        # 390 px: a first column that may break anywhere would break into letters, were it not held open.
        self.whole()
        self.succeed()
        rule = re.search(r"td:first-child \{([^}]*)\}", self.report())[1]
        self.assertIn("overflow-wrap: anywhere", rule)
        self.assertRegex(rule, r"min-width: \d+rem")
        self.assertRegex(self.report(), r"\.card \{[^}]*overflow-x: auto")

    def test_hostile_names_stay_text(self):
        evil = "<script>alert(1)</script>\x1b[2J\u202e\"'|`*x"
        self.store.put(day("2026-02-01", 3, 1, 1, (evil, "y" * 100_000), repository=evil),
        )
        self.store.put(repository(evil, evil))
        self.store.put(tree(evil, top_headers=[{"header": evil, "includes": 1, "files": 1}])
        )
        self.store.put(library(evil, evil))
        done = self.succeed()
        source = self.report()
        page = Page(source)
        self.assertNotIn("script", page.elements)
        self.assertFalse([name for name, _ in page.attributes if name.startswith("on")])
        for output in (source, self.report(ending="md"), done.stdout, done.stderr):
            self.assertNotRegex(output, "[\x1b\u202e]")
        self.assertNotIn("<script", self.report(ending="md"))
        self.assertLess(len(source), 60_000)

    def test_nothing_is_loaded_and_charts_are_described(self):
        self.whole()
        self.succeed()
        source = self.report()
        self.assertNotRegex(source, r"(src|href)=|url\(|@import|<script")
        drawings = re.findall("<svg.*?</svg>", source, re.DOTALL)
        self.assertEqual(len(drawings), 4)
        for drawing in drawings:
            root = ElementTree.fromstring(drawing)
            ids = [element.get("id") for element in root if element.tag in ("title", "desc")]
            self.assertEqual(root.get("aria-labelledby").split(), ids)

    def test_the_same_records_give_the_same_page(self):
        self.whole()
        self.succeed()
        first = self.report()
        self.succeed()
        self.assertEqual(self.report(), first)

    def test_a_missing_part_is_named_in_the_report(self):
        self.store.put(tree())
        done = self.succeed()
        self.assertIn("missing: run_github_activity_tracker has delivered no", done.stdout)
        self.assertIn("This report is not complete.", self.report())

    def test_nothing_at_all_is_65(self):
        self.assert_ends(self.run_collector(), 65)

    def test_wrong_records_are_named_and_bounded(self):
        wrong = day("2026-02-02", -1)
        self.store.put(day("2026-02-01", 3), wrong, record("github_activity_day", "empty"))
        done = self.succeed()
        self.assertIn("'empty' (`repository` is missing or wrong)", done.stderr)
        self.assertIn("`commits` is missing or wrong", " ".join(self.warnings(done)))
        self.assertIn("2026-02: 3", done.stdout.replace("\u00a0", " "))
        self.store.put(*(record("github_activity_day", str(at)) for at in range(101)))
        self.assert_ends(self.run_collector(), 65)

    def test_records_that_cannot_be_read_are_75(self):
        self.whole()
        self.store.raw("boost_usage", "{\n")
        self.assert_ends(self.run_collector(), 75)
        self.store.program.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
        self.assert_ends(self.run_collector(), 75)

    def test_what_is_gone_is_not_reported(self):
        self.whole()
        self.store.put(record("boost_usage", "/usr/include mpl", root="/usr/include", library="mpl", gone=True))
        self.succeed()
        self.assertNotIn(">mpl<", self.report())

    def test_issues_and_scans_of_the_month(self):
        self.whole()
        opened, closed = "2026-02-05T00:00:00Z", "2026-02-06T00:00:00Z"
        self.store.put(
            record("github_issue", "g 1", repository="github.com/b/g", created_at=opened, closed_at=closed),
            record("github_issue", "g 2", repository="github.com/b/g", created_at="2026-01-05T00:00:00Z", closed_at=None),
            record("github_pull_request", "g 3", repository="github.com/b/g", created_at=opened, closed_at=closed, merged_at=closed),
            *(
                record("boost_usage_total", f"/usr/include {date}", root="/usr/include", date=date, boost_includes=at, boost_files=1)
                for at, date in enumerate(("2026-01-26", "2026-02-02", "2026-02-09"), 10)
            ),
        )  # fmt: skip
        self.succeed()
        self.assertIn(r"| github\.com/b/g | 1 | 1 | 1 | 1 |", self.report(ending="md"))
        page = self.report()
        self.assertIn("scan by scan", page)
        self.assertIn("2026-02-09: 12", page)
        self.assertNotIn("2026-01-26: 10", page)

    def test_the_report_is_a_record_too(self):
        self.whole()
        done = self.succeed()
        data = self.store.data("report")["monthly 2026-02"]
        self.assertEqual(
            (data["commits"], data["authors"], data["added"], data["removed"], data["complete"]), (7, 2, 107, 25, True)
        )
        self.assertEqual(data["html"], str(self.workspace / "report-2026-02.html"))
        self.assertEqual(done.counts, [1, 0, 0])
        self.assertEqual(self.succeed().counts, [0, 0, 1])

    def test_faults_have_their_codes(self):
        self.whole()
        for arguments in (["--month", "2026-13"], ["--month", "soon"], ["--nonsense"], ["stray"]):
            self.assert_ends(self.run_collector(*arguments), 64)
        self.assert_ends(self.run_collector(ORCHESTRATE_SLOT="yesterday"), 78)
        self.assert_ends(self.run_collector(ORCHESTRATE=None), 78)
        self.assert_ends(self.run_collector(ORCHESTRATE_SLOT="2026-03-03T06:00:00"), 78)
        self.workspace.mkdir(parents=True, exist_ok=True)
        with open(self.workspace / ".lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assert_ends(self.run_collector(), 75)

    def test_by_hand_it_uses_the_usual_place(self):
        home = self.root / ".orchestrate" / "workspaces"
        self.store.put(tree())
        self.succeed("--month", "2026-02", ORCHESTRATE_WORKSPACE=None, ORCHESTRATE_SLOT=None)
        self.assertTrue((home / self.command / "report-2026-02.html").exists())


class Parts(unittest.TestCase):
    def test_names_are_told_apart_by_as_much_as_it_takes(self):
        for identities, shown in (
            (["/a/x", "/b/y"], ["x", "y"]),
            (["/a/x", "/b/x"], ["a/x", "b/x"]),
            (["/1/a/x", "/2/a/x", "/b/x"], ["1/a/x", "2/a/x", "b/x"]),
            (["/x", "/a/x"], ["/x", "a/x"]),
            (["/a/X", "/b/x", "/c/y"], ["a/X", "b/x", "y"]),
            (["/a/X", "/a/x"], ["/a/X", "/a/x"]),
            (["h/" + "a/" * 50 + "x", "i/" + "a/" * 50 + "x"], ["h/" + "a/" * 50 + "x", "i/" + "a/" * 50 + "x"]),
        ):
            found = names.apart({one: one.rpartition("/")[2] for one in identities})
            self.assertEqual([found[one] for one in identities], shown)
        self.assertEqual(names.apart({"ann@x": "Ann", "ann@y": "Ann", "z": ""}), {"ann@x": "ann@x", "ann@y": "ann@y", "z": "z"})

    def test_long_names_keep_both_ends(self):
        self.assertEqual(names.shorten("abcdef", 6), "abcdef")
        self.assertEqual(names.shorten("abcdefgh", 7), "ab…efgh")
        self.assertEqual(len(names.shorten("x" * 999, 36)), 36)

    def test_months(self):
        self.assertEqual(months.before("2026-01"), "2025-12")
        self.assertEqual(len(months.dates("2024-02")), 29)
        self.assertEqual(months.dates("2026-12")[-1], "2026-12-31")
        self.assertEqual(str(slot_date("2026-03-01T00:30:00+02:00")), "2026-02-28")

    def test_markdown_means_nothing(self):
        self.assertEqual(text.markdown("a|b*[x](y)<z"), r"a\|b\*\[x\]\(y\)&lt;z")

    def test_charts_hold_any_numbers(self):
        for up, down in ((0, 0), (1, 0), (0, 1), (10**12, 1), (7, 10**9)):
            ElementTree.fromstring(
                charts.days("a", "t", "d", [("2026-02-01", up, down), ("2026-02-02", 0, 0)])
            )
        ElementTree.fromstring(charts.ranks("a", "<t>", "&", [("<b>", 3), ("c", 0)]))


if __name__ == "__main__":
    unittest.main()
