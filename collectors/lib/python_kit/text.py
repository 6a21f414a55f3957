"""Foreign text made harmless. Names in a repository are chosen by strangers."""

import re

# Controls, line separators, and what reorders its neighbours (Bidi_Control, UAX #9).
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def clean(text, longest=120):
    """One line of visible text, at most `longest` characters; what is unsafe becomes U+FFFD."""
    text = _UNSAFE.sub("\ufffd", text[: longest + 1])
    return text if len(text) <= longest else text[: longest - 1] + "…"


def printable(text):
    """Text for a line of output."""
    return clean(str(text), 500)


def number(value):
    """A number with a no-break space between thousands."""
    return f"{value:,}".replace(",", "\u00a0")


def plural(value, one, many):
    """`1 author`, `2 authors`."""
    return f"{number(value)} {one if value == 1 else many}"


def some(names, most=5):
    """The first names of a list, and how many more there are."""
    more = f" and {number(len(names) - most)} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
