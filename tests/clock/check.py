"""Whether what the machine of scripts/test-clock said is what it should say.

Its database comes over the console; it is written to the file that is named.
"""

import base64
import datetime
import sqlite3
import sys

MINUTE = 60_000_000


def shown(microseconds: int) -> str:
    at = datetime.datetime.fromtimestamp(microseconds / 1e6, datetime.timezone.utc)
    return f"{at:%dT%H:%M}"


def main() -> None:
    said: dict[str, list[str]] = {}
    for line in sys.stdin.buffer:
        words = line.decode(errors="replace").strip().split(" ", 2)
        if words[0] == "===" and len(words) == 3:
            said.setdefault(words[1], []).append(words[2])
        elif words[0] == "===" and len(words) == 2:
            sys.exit(f"the machine said half a line: {line!r}")
    for word in ("step", "asleep", "awake", "sleepless", "ran"):
        for text in said.get(word, []):
            print(word, text)
    if said.get("exit") != ["0"]:
        sys.exit(f"the scheduler ended with {said.get('exit')}: {said.get('said')}")
    with open(sys.argv[1], "wb") as database:
        database.write(base64.b64decode("".join(said["db"])))
    rows = sqlite3.connect(sys.argv[1]).execute(
        "select slot, state, cause from ledger order by slot"
    ).fetchall()
    slots = [slot for slot, _, _ in rows]
    assert len(set(slots)) == len(slots), "a slot has two rows"
    ran = [line.split()[0] for line in said["ran"]]
    assert len(set(ran)) == len(ran), f"a slot ran twice: {ran}"
    # From the first slot that ran on the 25th on there is none without a row. What the clock
    # of the day before came by is older than the timetable.
    at = datetime.datetime.fromisoformat(min(slot for slot in ran if "-25T" in slot).replace("Z", "+00:00"))
    here = [row for row in rows if row[0] >= int(at.timestamp()) * 1_000_000]
    for slot, state, cause in here:
        print(shown(slot), state, cause or "", sep="\t")
    whole = range(here[0][0], here[-1][0] + 1, MINUTE)
    assert [slot for slot, _, _ in here] == list(whole), "a slot is gone"
    for slot, state, cause in rows:
        instant = datetime.datetime.fromtimestamp(slot / 1e6, datetime.timezone.utc)
        name = f"{instant:%Y-%m-%dT%H:%M:%SZ}"
        assert (name in ran) == (state == "ran"), f"{name} is {state}"
        assert state in ("ran", "missed", "skipped") and cause, f"{name} is {state}: {cause}"
    seen = sum("the clock was set" in line for line in said["said"])
    # The first step was before the scheduler.
    steps, slept = len(said["step"]) - 1, len(said.get("awake", []))
    print(f"the clock was set {steps} times and the machine slept {slept} times; the kernel said so {seen} times")
    assert seen >= steps + slept, said["said"]
    print(f"{len(ran)} ran, {len(slots) - len(ran)} were missed, none twice, none gone")


main()
