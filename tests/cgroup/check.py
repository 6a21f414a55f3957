"""Whether what the machine of scripts/test-cgroup said is what it should say."""

import json
import sys

LIMIT = "memory limit of 100 MiB reached, then killed by SIGKILL"
EXPECTED = [
    ("greedy", "failed", LIMIT),
    ("family", "failed", LIMIT),
    ("modest", "succeeded", "exited with code 0"),
    ("suicidal", "failed", "killed by SIGKILL, not by orchestrate"),
    ("unlimited", "succeeded", "exited with code 0"),
]


def main() -> None:
    said = {}
    for line in sys.stdin.buffer:
        words = line.decode(errors="replace").strip().split(" ", 2)
        if words[0] == "===" and len(words) == 3:
            said[words[1]] = words[2]
    missing = {"exit", "left", "summary"} - said.keys()
    if missing:
        sys.exit(f"the machine did not say: {', '.join(sorted(missing))}")
    tasks = json.loads(said["summary"])["tasks"]
    seen = [(task["command"], task["outcome"], task["reason"]) for task in tasks]
    for row in seen:
        print(*row, sep="\t")
    if seen != EXPECTED:
        sys.exit(f"expected {EXPECTED}")
    if (said["exit"], said["left"]) != ("1", "0"):
        sys.exit(f"exit {said['exit']}, {said['left']} cgroups left; expected 1 and none")


main()
