"""What the pages of `serve` cost, measured on a binary: `scripts/bench-web`. By hand, on a quiet machine."""

import argparse
import gzip
import os
import re
import signal
import socket
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

SCHEDULE = """\
groups:
  often:
    default_time: "04:10"
    tasks:
      - {command: run_often, schedule: daily}
"""


class Place:
    """A project with its `serve`."""

    def __init__(self, program, directory, schedule=None):
        self.dir = Path(directory)
        if schedule is not None:
            (self.dir / "config").mkdir()
            (self.dir / "collectors").mkdir()
            (self.dir / "config/boost_collector_schedule.yaml").write_text(schedule)
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.dir)}
        self.program = str(Path(program).resolve())
        command = [self.program, "-C", str(self.dir), "serve", "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, env=self.env, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if found := re.search(r"listening on http://127\.0\.0\.1:(\d+)", line):
                self.port = int(found[1])
                break
        threading.Thread(target=lambda: [None for _ in self.process.stderr], daemon=True).start()

    def get(self, path, **headers):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()

    def stream(self, query, number=0):
        """A stream of `/live` that has said its first words. Those of the round before take a moment to
        be found closed, so who is refused asks again. One address may have half of all connections, so
        they come from several."""
        head = f"GET /live?{query} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n"
        end = time.monotonic() + 30
        while True:
            viewer = socket.create_connection(
                ("127.0.0.1", self.port), timeout=30, source_address=(f"127.0.0.{2 + number % 4}", 0)
            )
            viewer.sendall(head.encode())
            said = viewer.recv(4096)
            if said.startswith(b"HTTP/1.1 200"):
                return viewer
            viewer.close()
            assert said.startswith(b"HTTP/1.1 503") and time.monotonic() < end, said
            time.sleep(0.1)

    def end(self):
        """How long it takes to end."""
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=60)
        assert code == 0, code
        return time.monotonic() - begin


def weight(program, place):
    """The first visit of home of a place: page, style, script and icon, compressed."""
    site = Place(program, place)
    try:
        zipped = {"Accept-Encoding": "gzip", "Accept": "text/html"}
        page = site.get("/", **zipped)
        text = gzip.decompress(page).decode()
        parts = {"page": len(page)}
        for kind, pattern in (("style", r'stylesheet" href="([^"]+)'), ("script", r'script src="([^"]+)'), ("icon", r'icon" href="([^"]+)')):
            parts[kind] = len(site.get(re.search(pattern, text)[1], **zipped))
        print(f"first visit of home in {Path(place).name}: {sum(parts.values()) / 1000:.1f} kB, {parts}; page {len(text) / 1000:.0f} kB as text")
        times = []
        for _ in range(21):
            begin = time.monotonic()
            site.get("/", **zipped)
            times.append(time.monotonic() - begin)
        print(f"  home takes {statistics.median(times) * 1000:.1f} ms (median of 21)")
    finally:
        site.end()


def farewell(program):
    """How soon an idle `serve` with fifty streams has ended."""
    times = []
    for _ in range(5):
        with tempfile.TemporaryDirectory() as directory:
            site = Place(program, directory, SCHEDULE)
            streams = [site.stream("home") for _ in range(50)]
            times.append(site.end())
            for stream in streams:
                stream.close()
    print(f"SIGTERM with 50 streams: {', '.join(f'{took * 1000:.0f}' for took in times)} ms")


def tabs(program):
    """Eight tabs of one browser, one after another, each left open."""
    from browser import Browser, Driver

    with tempfile.TemporaryDirectory() as directory:
        site = Place(program, directory, SCHEDULE)
        driver = Driver("chromedriver")
        browser = Browser(driver, "/usr/bin/chromium")
        times = []
        try:
            for _ in range(8):
                window = browser.do("POST", "/window/new", {"type": "tab"})["handle"]
                browser.do("POST", "/window", {"handle": window})
                begin = time.monotonic()
                browser.open(f"http://orchestrate.localhost:{site.port}/")
                times.append(time.monotonic() - begin)
                live = "return !document.querySelector('#live').hidden"
                while not browser.run(live):
                    assert time.monotonic() - begin < 20, "it is not live"
        finally:
            browser.close()
            driver.close()
            site.end()
    print(f"eight tabs, each: {', '.join(f'{took * 1000:.0f}' for took in times)} ms")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("program", help="a release build of orchestrate")
    options.add_argument("--night", action="append", default=[], help="a place of scripts/demo-night")
    options = options.parse_args()
    for place in options.night:
        weight(options.program, place)
    farewell(options.program)
    tabs(options.program)
    print(f"load {Path('/proc/loadavg').read_text().split()[:3]}")


if __name__ == "__main__":
    main()
