"""Which month. Pure, but for today's date where no slot is given."""

import argparse
import datetime
import re

from python_kit.failure import CONFIGURATION, Failure

WORDS = ("previous", "current", "latest")
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


def wanted(text):
    """What `--month` may be; for argparse."""
    if text in WORDS or (_MONTH.fullmatch(text) and not text.startswith("0000")):
        return text
    raise argparse.ArgumentTypeError(f"{text!r} is no month; write YYYY-MM, previous, current or latest")


def slot_date(slot):
    """The UTC date of an RFC 3339 instant; today for an unset or empty one."""
    if not slot:
        return datetime.datetime.now(datetime.timezone.utc).date()
    try:
        instant = datetime.datetime.fromisoformat(re.sub("[Zz]$", "+00:00", slot))
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise Failure(
            CONFIGURATION,
            f"ORCHESTRATE_SLOT is {slot!r}, which is no instant",
            "write it like 2026-11-03T06:00:00Z, or unset it",
        )
    return instant.astimezone(datetime.timezone.utc).date()


def choose(word, slot, days):
    """The month as YYYY-MM. `days` are the dates with activity, for `latest`."""
    current = f"{slot:%Y-%m}"
    if word == "current":
        return current
    if word == "latest":
        # Forged commits may lie in the future; nobody wants a report on that.
        return max((day[:7] for day in days if day[:7] <= current), default=current)
    if word == "previous":
        return before(current)
    return word


def before(month):
    """The month before one."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year - 1:04}-12" if number == 1 else f"{year:04}-{number - 1:02}"


def dates(month):
    """All dates of a month, as YYYY-MM-DD."""
    first = datetime.date(int(month[:4]), int(month[5:]), 1)
    length = (first.replace(day=28) + datetime.timedelta(days=4)).replace(day=1) - first
    return [f"{month}-{day:02}" for day in range(1, length.days + 1)]


def title(month):
    """`November 2026`."""
    names = "January February March April May June July August September October November December".split()
    return f"{names[int(month[5:]) - 1]} {int(month[:4])}"
