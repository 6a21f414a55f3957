"""Which month. Pure."""

import argparse
import datetime
import re

WORDS = ("previous", "current", "latest")
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


def wanted(text):
    """What `--month` may be; for argparse."""
    if text in WORDS or (_MONTH.fullmatch(text) and not text.startswith("0000")):
        return text
    raise argparse.ArgumentTypeError(f"{text!r} is no month; write YYYY-MM, previous, current or latest")


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
