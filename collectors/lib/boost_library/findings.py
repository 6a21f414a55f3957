"""What is wrong with releases, said once for all of which it is true. Pure, but for the saying.

Every old release has the same broken file and points at the same repository that is
gone: a line for each of them would hide what is new.
"""

import re

from python_kit.text import number, some

# More lines than this, and the rest is only counted.
MOST = 20
# What differs from release to release in what is the same fault: commits, and places in a file.
_VARYING = re.compile(r"\b[0-9a-f]{7,64}\b|(?<=\bline )[0-9]+|(?<=\bcolumn )[0-9]+|(?<=\bchar )[0-9]+")


class Findings:
    """Faults of releases, which are named in order, the oldest first."""

    def __init__(self):
        self._found = {}

    def add(self, tag, text):
        """One more release of which it is true; the words are those of the newest."""
        same = _VARYING.sub("#", text)
        _, tags = self._found.get(same, (text, []))
        self._found[same] = (text, [*tags, *([tag] if tag not in tags[-1:] else [])])

    def tell(self, say):
        """Says all of it, a line for each fault."""
        for text, tags in list(self._found.values())[:MOST]:
            say(f"{among(tags)}: {text}")
        if len(self._found) > MOST:
            say(f"and {number(len(self._found) - MOST)} more faults of releases")


def among(tags):
    """A few releases by name, many by number and ends."""
    if len(tags) <= 3:
        return some(tags)
    return f"{number(len(tags))} releases from {tags[0]} to {tags[-1]}"
