"""From releases to records: which libraries each release has, and the newest state of each library.

A module that could not be read is neither there nor gone: its release is unfinished, is
read again by the next run, and takes nothing from what is known.
"""

import dataclasses

from python_kit import records
from python_kit.text import number, plural, some

from . import headers, metadata
from .findings import Findings, among
from .releases import is_stable, order

LIBRARY = "boost_library"
RELEASE_LIBRARY = "boost_library_release"
RELEASE = "boost_release"
# How many modules a line names.
NAMED = 5


@dataclasses.dataclass
class Known:
    """What earlier runs have read of a source: `{tag: commit}`, as the state keeps it."""

    whole: dict
    # Of these a module was unread.
    unfinished: dict

    def commit(self, tag):
        """At which commit a release was read, wholly or not; None for one that was not."""
        return self.whole.get(tag, self.unfinished.get(tag))


@dataclasses.dataclass
class Reading:
    """One release, as it was read now."""

    release: object
    libraries: dict = dataclasses.field(default_factory=dict)
    # Modules that could not be read, and those whose metadata says nothing or not all.
    unread: list = dataclasses.field(default_factory=list)
    broken: list = dataclasses.field(default_factory=list)

    def hides(self, data):
        """Whether the library of a record may be in this release, unseen."""
        return data.get("module") in {*self.unread, *self.broken}


class Tracker:
    """Delivers the releases of a source that are new, and brings `boost_library` up to date."""

    def __init__(self, source, events):
        self._source = source
        self._events = events
        self._warnings = Findings()
        self._without = {}

    def run(self, releases, known, full=False):
        """Reads the releases that are not read yet as they are now, or all of them; gives those that
        are unfinished, as `{tag: commit}`.
        """
        new = [one for one in releases if full or one.commit is None or known.whole.get(one.tag) != short(one.commit)]
        self._announce(releases, new, known, full)
        if not new:
            return {}
        self._source.prepare(new)
        readings, where = [], {}
        for at, release in enumerate(new, 1):
            self._events.progress(at, len(new), f"{release.tag}: release {at} of {len(new)}")
            before = known.commit(release.tag)
            if before and before != short(release.commit):
                self._warnings.add(release.tag, "the tag stands for another commit than before; read again")
            readings.append(self._read(release, where))
            self._deliver_release(readings[-1])
        again = {one.release.tag: one for one in readings if full or known.commit(one.release.tag)}
        self._deliver_gone(again)
        self._deliver_libraries(releases[-1], readings, where)
        return self._conclude(readings)

    def _announce(self, releases, new, known, full):
        again = [one for one in new if known.unfinished.get(one.tag) == short(one.commit) and one.commit]
        count = plural(len(releases), "release", "releases")
        if full:
            self._events.say(f"{self._source.name}: {count}, all of them read again: --full was given")
            return
        line = f"{self._source.name}: {count}, {number(len(new) - len(again))} of them new"
        self._events.say(line + (f", {number(len(again))} unfinished and read again" if again else ""))

    def _read(self, release, where):
        """One release; `where` remembers the module of each library for its headers."""
        reading, modules = Reading(release), 0
        for module in self._source.modules(release):
            modules += 1
            if module.unread:
                reading.unread.append(module.path)
                self._warnings.add(release.tag, f"{module.file}: left out: {module.unread}")
            elif module.content is None:
                self._without.setdefault(module.path, []).append(release.tag)
            else:
                self._read_module(reading, module, where)
        if modules and not reading.libraries:
            self._warnings.add(release.tag, "no module has readable metadata")
        return reading

    def _read_module(self, reading, module, where):
        libraries, problems = metadata.parse(module.content, module.path)
        if problems:
            reading.broken.append(module.path)
        keys = []
        for library in libraries:
            if library["library"] in reading.libraries:
                problems.append(f"{library['library']} is named twice")
                continue
            reading.libraries[library["library"]] = {**library, "module": module.path}
            keys.append(library["library"])
        for problem in problems:
            self._warnings.add(reading.release.tag, f"{module.file}: {problem}")
        if keys:
            where[module.path] = (keys, module.headers)

    def _deliver_release(self, reading):
        release = reading.release
        about = {
            "release": release.tag,
            "version": release.version,
            "prerelease": release.is_prerelease,
        }
        for key in sorted(reading.libraries):
            self._events.record(RELEASE_LIBRARY, f"{release.tag}/{key}", {**about, **reading.libraries[key]})
        self._events.record(
            RELEASE,
            release.tag,
            {
                **about,
                "commit": release.commit,
                "date": release.date,
                "libraries": len(reading.libraries),
                "complete": not reading.unread,
                "unread": sorted(reading.unread),
                "broken": sorted(reading.broken),
            },
        )

    def _deliver_gone(self, again):
        """What releases that were read again no longer hold. `again` maps tags to readings."""
        for key, data in records.read(RELEASE_LIBRARY) if again and records.available() else ():
            reading = again.get(data.get("release"))
            if reading and data.get("library") not in reading.libraries and not reading.hides(data):
                gone = {"gone": True, "release": data["release"], "library": data.get("library")}
                self._events.record(RELEASE_LIBRARY, key, gone)

    def _deliver_libraries(self, last, readings, where):
        """`boost_library`: each library as its newest release has it, those known before included."""
        known = dict(records.read(LIBRARY)) if records.available() else {}
        shares = _shares({module: (keys, headers_of()) for module, (keys, headers_of) in where.items()})
        fresh = {
            key: {**library, "release": one.release.tag, "headers": shares.get(key, headers.by_name(key))}
            for one in readings
            for key, library in one.libraries.items()
        }
        # An older release that is read later must not take a newer one's place.
        merged = {**known, **{key: data for key, data in fresh.items() if _is_newer(data, known.get(key))}}
        stable = {data["release"] for data in merged.values() if is_stable(_order(data))} or {last.tag}
        stable, unseen = sorted(stable, key=order, reverse=True), self._unseen(readings)
        for key in sorted(merged):
            data = dict(merged[key])
            # A release in which its module was not seen does not make it one of the past.
            seen = (tag for tag in stable if data.get("module") not in unseen.get(tag, ()))
            data["current"] = _order(data) >= order(next(seen, stable[-1]))
            self._events.record(LIBRARY, key, data)

    def _unseen(self, readings):
        """The modules of each release of which it is not known what is in them."""
        known = dict(records.read(RELEASE)) if records.available() else {}
        unseen = {tag: {*(data.get("unread") or ()), *(data.get("broken") or ())} for tag, data in known.items()}
        return {**unseen, **{one.release.tag: {*one.unread, *one.broken} for one in readings}}

    def _conclude(self, readings):
        """Says what was wrong, once for all releases; gives the unfinished ones."""
        self._warnings.tell(self._events.warning)
        if self._without:
            # `headers` and the like are no libraries: worth a word, but no fault.
            modules = [f"{path} ({among(tags)})" for path, tags in sorted(self._without.items())]
            self._events.note(f"without meta/libraries.json: {some(modules, NAMED)}")
        unfinished = [one for one in readings if one.unread]
        if unfinished:
            modules = sorted({path for one in unfinished for path in one.unread})
            self._events.say(
                f"unfinished, to be read again by the next run: {among([one.release.tag for one in unfinished])}: "
                f"{some(modules, NAMED)}"
            )
        return {one.release.tag: short(one.release.commit) for one in unfinished if one.release.commit}


def short(commit):
    """As much of a commit's name as the state keeps."""
    return commit[:16] if commit else None


def _shares(modules):
    prefixes = headers.owned({module: found for module, (_, found) in modules.items()})
    shares = {}
    for module, (keys, found) in modules.items():
        shares.update(headers.shared_out(module, keys, prefixes[module], found))
    return shares


def _order(data):
    return order(data.get("release", "")) or (0, 0, 0, 0, 0, 0)


def _is_newer(data, than):
    return than is None or _order(data) >= _order(than)
