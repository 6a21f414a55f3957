"""What a release added, removed and changed since the one before it. Pure."""

import dataclasses

# What is said to have changed in a library that both releases have.
WATCHED = ("cxxstd", "maintainers", "authors", "category", "module")


@dataclasses.dataclass
class Recorded:
    """A release as run_boost_library_tracker recorded it."""

    # By key, the data of each.
    libraries: dict = dataclasses.field(default_factory=dict)
    # Modules that could not be read, and those whose metadata says nothing or not all.
    unread: list = dataclasses.field(default_factory=list)
    broken: list = dataclasses.field(default_factory=list)

    def hides(self, key, data):
        """Whether a library that another release has may be in this one, unseen."""
        hidden = {*self.unread, *self.broken}
        # By its own name it may have got a module of its own.
        return data.get("module") in hidden or f"libs/{key}" in hidden


def change(release, previous, recorded):
    """The data of one release's record. `recorded` maps tags to `Recorded`; `previous` may be None.

    What could not be read is neither added nor removed: it is `unknown`.
    """
    new, old = recorded[release], recorded.get(previous, Recorded())
    both = sorted(new.libraries.keys() & old.libraries.keys())
    changed = {key: _differences(old.libraries[key], new.libraries[key]) for key in both}
    added, came_unseen = _missing(new.libraries if previous else {}, old)
    removed, left_unseen = _missing(old.libraries, new)
    unread = {*new.unread, *old.unread}
    return {
        "release": release,
        "previous": previous,
        "libraries": sorted(new.libraries),
        "added": added,
        "removed": removed,
        "changed": {key: what for key, what in changed.items() if what},
        "complete": not unread,
        "unread": sorted(unread),
        "unknown": sorted(came_unseen + left_unseen),
    }


def _missing(libraries, release):
    """Those of the libraries that a release has not, and those of which that is not known."""
    absent = sorted(libraries.keys() - release.libraries.keys())
    unseen = [key for key in absent if release.hides(key, libraries[key])]
    return [key for key in absent if key not in unseen], unseen


def _differences(old, new):
    return {name: [old.get(name), new.get(name)] for name in WATCHED if old.get(name) != new.get(name)}
