"""Names that can be told apart. Pure."""

import collections

# Whoever needs more parts than this gets the whole identity.
DEEPEST = 20


def apart(names):
    """Shows things by their names as far as these differ. `names` maps identities to names.

    Where several have one name, each gets as much of the end of its identity as it takes:
    `boostorg/asio` and `chriskohlhoff/asio`. Names that are left as they are stay so.
    """
    shown = {identity: name or identity for identity, name in names.items()}
    parts = 2
    while True:
        counts = collections.Counter(map(_seen, shown.values()))
        alike = [one for one, name in shown.items() if counts[_seen(name)] > 1 and name != one]
        if not alike:
            return shown
        for identity in alike:
            shown[identity] = _end(identity, parts)
        parts += 1


def shorten(text, longest):
    """A text of at most so many characters; paths differ at their ends, and are cut in their middle."""
    if len(text) <= longest:
        return text
    tail = (longest - 1) * 2 // 3
    return text[: longest - 1 - tail] + "…" + text[-tail:]


def _seen(name):
    # What differs in capitals only is hard to tell apart, too.
    return name.casefold()


def _end(identity, parts):
    pieces = identity.rstrip("/").split("/")
    return identity if parts >= min(len(pieces), DEEPEST) else "/".join(pieces[-parts:])
