"""Release tags of Boost, in order: the one parser of them for all collectors. Pure.

The orchestrator's own pattern (`release:` in the schedule) takes the stable ones of
these; `tests/fixtures/release_tags.tsv` holds both to the same answers.
"""

import dataclasses
import re

# A leading zero makes another text of the same number: `boost-01.092.0` is not how a release is named.
_NUMBER = "(0|[1-9][0-9]{0,3})"
# boost-1.90.0, boost-1.89.0.beta1, boost-1.76.0.beta1.rc2, boost-1.91.0-1 (packed again).
_TAG = re.compile(
    rf"boost-{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:[.-]beta\.?{_NUMBER})?(?:[.-]rc\.?{_NUMBER})?(?:-{_NUMBER})?"
)
_VERSION = re.compile(rf"(?:boost-)?{_NUMBER}\.{_NUMBER}(?:\.{_NUMBER})?")
# Later than any number of a beta or a release candidate.
_FINAL = 10_000


@dataclasses.dataclass(frozen=True)
class Release:
    """One release tag. `commit` is None for an unpacked archive."""

    tag: str
    order: tuple
    commit: str = None
    date: str = None

    @property
    def version(self):
        """`1.90.0`: what the tag says after its name."""
        return self.tag[len("boost-") :]

    @property
    def is_prerelease(self):
        """Whether it is a beta or a release candidate."""
        return not is_stable(self.order)


def order(tag):
    """Sorts release tags as they came out; None for a tag that names no release."""
    match = _TAG.fullmatch(tag)
    if not match:
        return None
    major, minor, patch, beta, candidate, again = (int(part) if part else None for part in match.groups())
    return (
        major,
        minor,
        patch,
        _FINAL if beta is None else beta,
        _FINAL if candidate is None else candidate,
        again or 0,
    )


def is_stable(place):
    """Whether an order is that of a release, not of a beta or a release candidate."""
    return place[3:5] == (_FINAL, _FINAL)


def lower_bound(text):
    """`1.80` or `1.80.0` as something to compare an order with; None if it is no version."""
    match = _VERSION.fullmatch(text)
    return tuple(int(part or 0) for part in match.groups()) if match else None


def before(tag, tags):
    """The release that `tag` follows: the newest older one that is no beta; None for the first."""
    own = order(tag)
    older = [one for one in tags if order(one) and order(one) < own and not Release(one, order(one)).is_prerelease]
    return max(older, key=order, default=None)
