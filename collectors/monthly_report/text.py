"""Foreign text made harmless. Names in a repository are chosen by strangers."""

import html
import re

# Controls, line separators, and what reorders its neighbours (Bidi_Control, UAX #9).
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~>&<])")


def clean(text, longest=120):
    """One line of visible text, at most `longest` characters; what is unsafe becomes U+FFFD."""
    text = _UNSAFE.sub("\ufffd", text[: longest + 1])
    return text if len(text) <= longest else text[: longest - 1] + "…"


def escape(text, longest=120):
    """Text for HTML or SVG, in an element or an attribute."""
    return html.escape(clean(str(text), longest), quote=True)


def markdown(text, longest=120):
    """Text for Markdown, with nothing in it that means something there."""
    return _MARKDOWN.sub(r"\\\1", clean(str(text), longest)).replace("\\<", "&lt;").replace("\\&", "&amp;")


def printable(text):
    """Text for a line of output."""
    return clean(str(text), 500)


def number(value):
    """A number with a no-break space between thousands."""
    return f"{value:,}".replace(",", "\u00a0")


def signed(sign, value):
    """`+12`, but `0`."""
    return f"{sign}{number(value)}" if value else "0"


def plural(value, one, many):
    """`1 author`, `2 authors`."""
    return f"{number(value)} {one if value == 1 else many}"


def size(count):
    """Bytes, in a unit that fits."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return ""
