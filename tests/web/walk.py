#!/usr/bin/env python3
"""Walks through the pages of `serve` in a real Chromium, as an operator does: signs in, runs, cancels,
retries, pauses, signs out; with script and without. With --axe every page is examined for
accessibility, in both themes and on a wide and a narrow screen. `scripts/test-web` calls it."""

import argparse
import tempfile
from pathlib import Path

from browser import Browser, Driver
from site_under_test import Site

THEMES = ("light", "dark")
WIDTHS = (1280, 390)


class Walk:
    """One browser on one site."""

    def __init__(self, site, browser, tokens):
        self.site, self.browser = site, browser
        self.operator, self.viewer = tokens

    def open(self, path):
        self.browser.open(self.site.base + path)

    def sees(self, *words):
        text = self.browser.text()
        for word in words:
            assert word in text, f"{self.browser.url()} lacks {word!r}:\n{text}"

    def path(self):
        return self.browser.url().removeprefix(self.site.base)

    def sign_in(self, token):
        self.browser.type("#tok", token)
        self.browser.follow("Sign in")

    def sign_in_on_the_way(self):
        """Who may only look sees the question without its button, signs in and is back."""
        self.open("/schedule")
        self.browser.follow("Run now: good")
        self.sees("Run good now?", "good/run_ok", "Only an operator may do that.")
        assert not self.browser.is_enabled(".ends button")
        self.browser.click(".ends .muted a")
        self.sign_in("orc_guessed")
        self.sees("This token is not known")
        assert "guessed" not in self.browser.url()
        self.sign_in(self.operator)
        assert self.path() == "/groups/good/run", self.path()
        self.sees("as ops, operator")

    def run_now(self):
        self.browser.follow("Run now")
        self.browser.wait_for("1 of 1 succeeded")
        self.sees("ops")
        return self.path().split("/")[2].split("?")[0]

    def run_with_arguments(self):
        self.open("/collectors/good/run_ok")
        self.browser.follow("Run now")
        self.sees("Run good/run_ok now?", "It begins at once.")
        self.browser.type("#args", "--format\n; echo <i>")
        self.browser.type("#note", "a customer asked")
        self.browser.click(".ends button")
        self.browser.wait_for("1 of 1 succeeded")
        self.sees("a customer asked")
        self.browser.follow("Open the log")
        self.sees("[--format]", "[; echo <i>]")

    def cancel(self):
        self.open("/groups/slow/run")
        self.browser.click(".ends button")
        self.browser.wait_for("run_waits")
        self.open("/")
        self.browser.wait_for("Running now")
        self.browser.follow("Cancel the run of slow/run_waits")
        self.sees("slow/run_waits is asked to end (SIGTERM)")
        self.browser.follow("Cancel the run")
        self.browser.wait_for("1 cancelled")
        self.sees("Cancelled by", "ops")

    def retry(self):
        self.open("/groups/bad/run")
        self.browser.click(".ends button")
        self.browser.wait_for("1 of 2 succeeded")
        first = self.path()
        self.browser.follow("Retry")
        self.sees("Retry what did not succeed (1)?", "bad/run_fails", "stays as it is")
        self.browser.click(".ends button")
        self.browser.wait_for("0 of 1 succeeded")
        assert self.path() != first
        # The first one is as it was, and says by its page that it was retried.
        self.open(first)
        self.sees("1 of 2 succeeded")
        self.browser.follow("Retry")
        self.sees("It was retried before, as run " + self.retried_as())
        return first

    def retried_as(self):
        return [line for line in self.browser.text().splitlines() if "retried before" in line][0].split()[-1].rstrip(".")

    def pause(self):
        self.open("/schedule")
        self.browser.follow("Pause good")
        self.sees("Pause good?", "its next slot is")
        self.browser.click(".ends button")
        assert self.path() == "/schedule", self.path()
        self.sees("paused")
        self.browser.follow("Resume good")
        self.browser.click(".ends button")
        assert self.path() == "/schedule", self.path()

    def sign_out(self):
        self.open("/audit")
        self.sees("signed in", "ran", "cancelled", "retried", "paused", "resumed", "a customer asked")
        self.browser.follow("Sign out")
        assert self.path() == "/login", self.path()
        self.browser.back()
        self.sees("Sign in")
        # Without it he may look, and not act.
        self.open("/groups/good/pause")
        assert not self.browser.is_enabled(".ends button")

    def viewer_only_looks(self):
        self.open("/login")
        self.sign_in(self.viewer)
        self.open("/groups/good/pause")
        self.sees("as wall, viewer: only an operator may do that")
        assert not self.browser.is_enabled(".ends button")
        self.browser.follow("Sign out")

    def all(self):
        self.sign_in_on_the_way()
        run = self.run_now()
        self.run_with_arguments()
        self.cancel()
        failed = self.retry()
        self.pause()
        self.sign_out()
        self.viewer_only_looks()
        return run, failed


def pages(run, failed):
    """Every kind of page there is, with its name."""
    return {
        "home": "/",
        "timeline": "/timeline",
        "runs": "/runs",
        "run": f"/runs/{run}",
        "run-failed": failed,
        "log": f"/runs/{run}/logs/1.1",
        "collector": "/collectors/good/run_ok",
        "schedule": "/schedule",
        "records": "/records",
        "workers": "/workers",
        "audit": "/audit",
        "login": "/login",
        "run-now": "/collectors/good/run_ok/run",
        "run-group": "/groups/bad/run",
        "retry": f"{failed}/retry",
        "cancel-ended": f"/runs/{run}/cancel",
        "pause": "/groups/good/pause",
        "not-found": "/nothing",
    }


def examine(walk, shown, axe, shots):
    """Accessibility of every page in every look; and pictures of them."""
    found = []
    for name, path in shown.items():
        for theme in THEMES:
            for width in WIDTHS:
                walk.browser.look(theme, width)
                walk.open(path)
                if shots:
                    walk.browser.screenshot(shots / f"{name}-{theme}-{width}.png")
                wide = walk.browser.run("return document.documentElement.scrollWidth") - width
                if wide > 0:
                    found.append(f"{name} {theme} {width}: {wide} px wider than the screen")
                if axe:
                    found += [f"{name} {theme} {width}: {problem}" for problem in violations(walk.browser, axe)]
    return found


def violations(browser, axe):
    browser.run(axe)
    told = browser.do(
        "POST",
        "/execute/async",
        {"script": "const done = arguments[0]; axe.run().then((r) => done(r.violations), (e) => done(String(e)))", "args": []},
    )
    assert isinstance(told, list), told
    return [f"{v['id']}: {v['help']} {[n['target'] for n in v['nodes']][:3]}" for v in told]


def main():
    options = argparse.ArgumentParser()
    options.add_argument("program", help="the orchestrate to be walked through")
    options.add_argument("--chromium", default="/usr/bin/chromium")
    options.add_argument("--chromedriver", default="chromedriver")
    options.add_argument("--axe", type=Path, help="axe.min.js")
    options.add_argument("--shots", type=Path, help="a directory for pictures of every page")
    options = options.parse_args()
    axe = options.axe.read_text() if options.axe else None
    if options.shots:
        options.shots.mkdir(parents=True, exist_ok=True)
    driver = Driver(options.chromedriver)
    problems = []
    try:
        for script in (True, False):
            with tempfile.TemporaryDirectory() as directory:
                site = Site(options.program, directory)
                browser = None
                try:
                    tokens = (site.token("ops", "operator"), site.token("wall", "viewer"))
                    browser = Browser(driver, options.chromium, script)
                    walk = Walk(site, browser, tokens)
                    run, failed = walk.all()
                    if script:
                        problems += [said for said in browser.complaints() if "401" not in said]
                        walk.open("/login")
                        walk.sign_in(walk.operator)
                        problems += examine(walk, pages(run, failed), axe, options.shots)
                        problems += away(walk, axe, options.shots)
                    for token in tokens:
                        assert token not in site.said(), "a token is in the log"
                    print(f"walked {'with' if script else 'without'} script")
                finally:
                    if browser:
                        browser.close()
                    site.close()
    finally:
        driver.close()
    for problem in problems:
        print(problem)
    raise SystemExit(1 if problems else 0)


def away(walk, axe, shots):
    """The page of a database that does not answer: the one that a defect has, too."""
    file = walk.site.dir / ".orchestrate/orchestrate.db"
    aside = file.with_suffix(".aside")
    file.rename(aside)
    try:
        walk.open("/runs")
        walk.sees("The database does not answer.")
        return examine(walk, {"away": "/runs"}, axe, shots)
    finally:
        aside.rename(file)


if __name__ == "__main__":
    main()
