"""From releases to records: which libraries each release has, and the newest state of each library."""

from python_kit import records
from python_kit.text import number, plural, some

from . import headers, metadata
from .releases import order

LIBRARY = "boost_library"
RELEASE_LIBRARY = "boost_library_release"
RELEASE = "boost_release"
# How many files a warning names.
NAMED = 5


class Tracker:
    """Delivers the releases of a source that are new, and brings `boost_library` up to date."""

    def __init__(self, source, events):
        self._source = source
        self._events = events

    def run(self, releases, done):
        """Reads the releases that are not `done` (`{tag: commit}`, of the same source) as they are now."""
        new = [one for one in releases if one.commit is None or done.get(one.tag) != short(one.commit)]
        count = plural(len(releases), "release", "releases")
        self._events.say(f"{self._source.name}: {count}, {number(len(new))} of them new")
        if not new:
            return
        self._source.prepare(new)
        newest, where = {}, {}
        for at, release in enumerate(new, 1):
            self._events.progress(at, len(new), f"{release.tag}: release {at} of {len(new)}")
            libraries = self._release(release, where)
            self._deliver_release(release, libraries, moved=release.tag in done)
            newest.update({library["library"]: (release, library) for library in libraries})
        self._deliver_libraries(releases[-1], newest, where)

    def _release(self, release, where):
        """The libraries of one release; `where` remembers the module of each for its headers."""
        found, without, modules = {}, [], 0
        for module, file, content, headers_of in self._source.modules(release):
            modules += 1
            if content is None:
                without.append(module)
                continue
            libraries, problems = metadata.parse(content, module)
            for problem in problems:
                self._events.warning(f"{release.tag}: {file}: {problem}")
            keys = []
            for library in libraries:
                if library["library"] in found:
                    self._events.warning(f"{release.tag}: {file}: {library['library']} is named twice")
                    continue
                found[library["library"]] = {**library, "module": module}
                keys.append(library["library"])
            if keys:
                where[module] = (keys, headers_of)
        if without:
            # `headers` and the like are no libraries: worth a word, but no fault.
            self._events.note(f"{release.tag}: without meta/libraries.json: {some(without, NAMED)}")
        if modules and not found:
            self._events.warning(f"{release.tag}: none of its {modules} modules has readable metadata")
        return [found[key] for key in sorted(found)]

    def _deliver_release(self, release, libraries, moved):
        about = {
            "release": release.tag,
            "version": release.version,
            "prerelease": release.is_prerelease,
        }
        if moved:
            self._events.warning(f"{release.tag}: the tag stands for another commit than before; read again")
            self._deliver_gone(release, {library["library"] for library in libraries})
        for library in libraries:
            self._events.record(RELEASE_LIBRARY, f"{release.tag}/{library['library']}", {**about, **library})
        self._events.record(
            RELEASE,
            release.tag,
            {**about, "commit": release.commit, "date": release.date, "libraries": len(libraries)},
        )

    def _deliver_gone(self, release, keys):
        """What a moved tag no longer holds."""
        for key, data in records.read(RELEASE_LIBRARY) if records.available() else ():
            if data.get("release") == release.tag and data.get("library") not in keys:
                gone = {"gone": True, "release": release.tag, "library": data.get("library")}
                self._events.record(RELEASE_LIBRARY, key, gone)

    def _deliver_libraries(self, last, newest, where):
        """`boost_library`: each library as its newest release has it, those known before included."""
        known = dict(records.read(LIBRARY)) if records.available() else {}
        shares = _shares({module: (keys, headers_of()) for module, (keys, headers_of) in where.items()})
        fresh = {
            key: {**library, "release": release.tag, "headers": shares.get(key, headers.by_name(key))}
            for key, (release, library) in newest.items()
        }
        # An older release that is read later must not take a newer one's place.
        merged = {**known, **{key: data for key, data in fresh.items() if _is_newer(data, known.get(key))}}
        stable = [data["release"] for data in merged.values() if _order(data)[3:5] == (1000, 1000)]
        newest_stable = max(stable, key=order, default=last.tag)
        for key in sorted(merged):
            data = dict(merged[key])
            data["current"] = _order(data) >= order(newest_stable)
            self._events.record(LIBRARY, key, data)


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
