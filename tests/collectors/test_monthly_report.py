"""run_monthly_report: the right month, the right numbers, harmless pages, honest ends."""

import fcntl
import html.parser
import re
import sys
import unittest
from xml.etree import ElementTree

from support import COLLECTORS, CollectorCase, day, library, repository, tag, tree

sys.dont_write_bytecode = True
sys.path.insert(0, str(COLLECTORS))

from monthly_report import charts, months, text  # noqa: E402

ACTIVITY, USAGE = "run_github_activity_tracker", "run_boost_usage_tracker"


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
        self.write(
            ACTIVITY,
            "github_activity_day",
            day("2026-01-31", 50),
            day("2026-02-01", 3, 100, 20),
            day("2026-02-28", 4, 7, 5, ("Bob", "Ann")),
            day("2026-03-01", 90),
        )
        self.write(ACTIVITY, "github_activity_tag", tag("v1", "2026-02-10"), tag("v2", "2026-03-01", "v1"))
        self.write(ACTIVITY, "github_activity_repository", repository())
        self.write(USAGE, "include_usage", tree())
        self.write(USAGE, "boost_usage", library())

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
        self.write(ACTIVITY, "github_activity_day", day("2026-02-01", 3), day("2999-01-01", 1))
        self.assertIn("2026-02: 3", self.succeed("--month", "latest").stdout.replace("\u00a0", " "))

    def test_hostile_names_stay_text(self):
        evil = "<script>alert(1)</script>\x1b[2J\u202e\"'|`*x"
        self.write(
            ACTIVITY,
            "github_activity_day",
            day("2026-02-01", 3, 1, 1, (evil, "y" * 100_000), repository=evil),
        )
        self.write(ACTIVITY, "github_activity_repository", repository(evil, evil))
        self.write(
            USAGE, "include_usage", tree(evil, top_headers=[{"header": evil, "includes": 1, "files": 1}])
        )
        self.write(USAGE, "boost_usage", library(evil, evil))
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
        self.write(USAGE, "include_usage", tree())
        self.write(USAGE, "boost_usage")
        done = self.succeed()
        self.assertIn("missing: run_github_activity_tracker has not written", done.stdout)
        self.assertIn("This report is not complete.", self.report())

    def test_nothing_at_all_is_65(self):
        self.assert_ends(self.run_collector(), 65)

    def test_corrupt_lines_are_named_and_bounded(self):
        good, deep = day("2026-02-01", 3), "[" * 100_000
        wrong_shape = day("2026-02-02", -1)
        path = self.write(
            ACTIVITY, "github_activity_day", good, "{", "", deep, "[]", '{"type":"record"}', wrong_shape, good
        )
        done = self.succeed()
        self.assertIn("line 2 (not JSON)", done.stderr)
        self.assertIn("and 1 more", done.stderr)
        self.assertIn("2026-02: 3", done.stdout.replace("\u00a0", " "))
        path.write_text("{\n" * 101, encoding="utf-8")
        self.assert_ends(self.run_collector(), 65)

    def test_faults_have_their_codes(self):
        self.whole()
        for arguments in (["--month", "2026-13"], ["--month", "soon"], ["--nonsense"], ["stray"]):
            self.assert_ends(self.run_collector(*arguments), 64)
        self.assert_ends(self.run_collector(ORCHESTRATE_SLOT="yesterday"), 78)
        self.assert_ends(self.run_collector(ORCHESTRATE_SLOT="2026-03-03T06:00:00"), 78)
        self.workspace.mkdir(parents=True, exist_ok=True)
        with open(self.workspace / ".lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assert_ends(self.run_collector(), 75)

    def test_by_hand_it_uses_the_usual_place(self):
        home = self.state / ".orchestrate" / "workspaces"
        self.write(USAGE, "include_usage", tree())
        (self.state / ".orchestrate").mkdir()
        (self.state / "workspaces").rename(home)
        self.succeed("--month", "2026-02", ORCHESTRATE_WORKSPACE=None, ORCHESTRATE_SLOT=None)
        self.assertTrue((home / self.command / "report-2026-02.html").exists())


class Parts(unittest.TestCase):
    def test_months(self):
        self.assertEqual(months.before("2026-01"), "2025-12")
        self.assertEqual(len(months.dates("2024-02")), 29)
        self.assertEqual(months.dates("2026-12")[-1], "2026-12-31")
        self.assertEqual(str(months.slot_date("2026-03-01T00:30:00+02:00")), "2026-02-28")

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
