"""Foreign text made harmless for the report's two languages, and numbers for people."""

import html
import re

from python_kit.text import clean, number

from .names import shorten

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~>&<])")


def escape(text, longest=120):
    """Text for HTML or SVG, in an element or an attribute."""
    return html.escape(clean(shorten(str(text), longest), longest), quote=True)


def markdown(text, longest=120):
    """Text for Markdown, with nothing in it that means something there."""
    return _MARKDOWN.sub(r"\\\1", clean(shorten(str(text), longest), longest)).replace("\\<", "&lt;").replace("\\&", "&amp;")


def signed(sign, value):
    """`+12`, but `0`."""
    return f"{sign}{number(value)}" if value else "0"


def size(count):
    """Bytes, in a unit that fits."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return ""
