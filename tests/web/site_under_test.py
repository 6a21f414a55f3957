"""A project of its own with a `serve`, for walks through its pages."""

import os
import re
import subprocess
import time
from pathlib import Path

SCHEDULE = """\
groups:
  good:
    default_time: "04:10"
    tasks:
      - {command: run_ok, schedule: daily, args: ["--day", "{slot_date}"]}
  bad:
    default_time: "05:00"
    tasks:
      - {command: run_fails, schedule: daily}
      - {command: run_ok, name: after, schedule: daily}
  slow:
    default_time: "06:00"
    tasks:
      - {command: run_waits, schedule: daily}
"""

COLLECTORS = {
    "run_ok": 'for arg in "$@"; do printf "[%s]\\n" "$arg"; done\n',
    "run_fails": "echo 'no such host: <b>example</b>' >&2; exit 69\n",
    # Until it is ended.
    "run_waits": "echo waiting; exec sleep 600\n",
}


class Site:
    """The project directory, and its scheduler."""

    def __init__(self, program, directory):
        self.program = str(Path(program).resolve())
        self.dir = Path(directory)
        (self.dir / "config").mkdir()
        (self.dir / "collectors").mkdir()
        (self.dir / "config/boost_collector_schedule.yaml").write_text(SCHEDULE)
        for name, text in COLLECTORS.items():
            file = self.dir / "collectors" / name
            file.write_text("#!/bin/sh\n" + text)
            file.chmod(0o755)
        # Nothing of whoever runs this decides what happens.
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.dir)}
        self.log = open(self.dir / "serve.log", "w+")
        self.serve = subprocess.Popen(
            [self.program, "serve", "--listen", "127.0.0.1:0"],
            cwd=self.dir,
            env=self.environment,
            stdout=self.log,
            stderr=self.log,
        )
        self.port = self.wait_for_port()
        self.base = f"http://orchestrate.localhost:{self.port}"

    def wait_for_port(self):
        end = time.monotonic() + 20
        while time.monotonic() < end and self.serve.poll() is None:
            found = re.search(r"listening on http://127\.0\.0\.1:(\d+)", self.said())
            if found:
                return int(found[1])
            time.sleep(0.05)
        raise AssertionError(f"serve did not begin:\n{self.said()}")

    def said(self):
        return (self.dir / "serve.log").read_text()

    def orchestrate(self, *args):
        run = subprocess.run([self.program, *args], cwd=self.dir, env=self.environment, capture_output=True, text=True)
        assert run.returncode == 0, run
        return run.stdout

    def token(self, name, role):
        return self.orchestrate("token", "create", "--name", name, "--role", role).strip()

    def close(self):
        self.serve.terminate()
        code = self.serve.wait(timeout=30)
        self.log.close()
        assert code == 0, f"serve ended with {code}:\n{self.said()}"
