"""A git repository of the superproject as a source of many releases: its own
directory, or a mirror of a URL without history and without files.
"""

import hashlib
import os
import pathlib
import re

from python_kit.failure import VALIDATION, Failure
from python_kit.git import Git, without_credentials

from .module import Module
from .releases import Release, order
from .submodules import META, Submodules, declared

# More release tags than this do not fit the state.
MOST_RELEASES = 1000
_MODULE = re.compile(r"libs/[^/]+(?:/[^/]+)?")
_FIELDS = "--format=%(refname:strip=2)%00%(objectname)%00%(*objectname)%00%(creatordate:short)"


def is_url(text):
    """Whether git would take it for a URL (`git-clone(1)`, "GIT URLS")."""
    return "://" in text or ":" in text.split("/")[0]


class Repository:
    """Release tags of a superproject, with the libraries in its own tree, in submodules, or both."""

    def __init__(self, source, workspace, events):
        self._events = events
        self._entries = {}
        self._contents = {}
        self._pins = {}
        self._nowhere = {}
        if is_url(source):
            self.name = without_credentials(source)
            local = source.startswith("file:")
            digest = hashlib.sha256(source.encode()).hexdigest()[:16]
            directory = workspace.root.resolve() / f"superproject-{digest}.git"
            self._git = Git(directory, source, local)
            self._mirror = directory
            bases, checkouts = [source], None
        else:
            path = pathlib.Path(os.path.abspath(source))
            self.name = str(path)
            local = True
            self._git = Git(path)
            self._mirror = None
            bases, checkouts = self._of_checkout(path)
        place = workspace.root.resolve() / "modules"
        self._submodules = Submodules(place, bases, checkouts, local, events)

    def _of_checkout(self, path):
        origin = dict(self._git.settings_here()).get("remote.origin.url")
        inside = self._git.run("rev-parse", "--path-format=absolute", "--git-common-dir").decode().rstrip("\n")
        return [str(path)] + ([origin] if origin else []), pathlib.Path(inside) / "modules"

    def releases(self):
        """The release tags, oldest first; a mirror is brought up to date before."""
        if self._mirror:
            self._events.say(f"{self.name}: fetching release tags")
            self._mirror.mkdir(parents=True, exist_ok=True)
            self._git.begin()
            self._git.fetch("+refs/tags/boost-*:refs/tags/boost-*")
        found = []
        for line in self._git.run("for-each-ref", _FIELDS, "refs/tags/boost-*").decode("utf-8", "replace").splitlines():
            tag, identity, target, date = line.split("\0")
            if order(tag):
                found.append(Release(tag, order(tag), target or identity, date or None))
        found.sort(key=lambda one: one.order)
        if len(found) > MOST_RELEASES:
            self._events.warning(f"{self.name}: only the newest {MOST_RELEASES} of {len(found)} release tags are read")
        if not found:
            hint = "name Boost's superproject, or an unpacked release, with --source"
            raise Failure(VALIDATION, f"{self.name}: there is no release tag like boost-1.90.0", hint)
        return found[-MOST_RELEASES:]

    def prepare(self, releases):
        """Lists the trees of these releases and fetches what they point at."""
        wanted, pins = set(), {}
        for release in releases:
            # The sources may be in the same tree: most entries are theirs.
            entries = [
                (kind, one, name)
                for kind, one, name in self._git.tree(release.commit, ".gitmodules", "libs/")
                if kind == "commit" or _is_asked_for(name)
            ]
            self._entries[release.tag] = entries
            wanted.update(one for kind, one, _ in entries if kind == "blob")
        missing = self._git.missing(sorted(wanted))
        if missing and self._mirror:
            self._git.fetch(*missing, depth=False)
        self._contents = self._git.blobs(sorted(wanted))
        for release in releases:
            self._pins[release.tag], self._nowhere[release.tag] = self._pinned(release)
            for path, (name, url, commit) in self._pins[release.tag].items():
                pins.setdefault((path, name, url), set()).add(commit)
        self._submodules.fetch(pins)

    def modules(self, release):
        """Gives each `Module` of a release."""
        for kind, identity, name in self._entries[release.tag]:
            if kind == "blob" and name.endswith("/" + META) and _MODULE.fullmatch(name[: -len(META) - 1]):
                path = name[: -len(META) - 1]
                content = self._contents.get(identity)
                missing = None if content is not None else f"{self.name}: {META} is not here"
                yield Module(path, content, lambda path=path: self._headers(release, path), missing)
        for path, (_, url, commit) in self._pins[release.tag].items():
            yield Module(
                path,
                self._submodules.content(path, url, commit),
                lambda path=path, url=url, commit=commit: self._submodules.headers(path, url, commit),
                self._submodules.unread(path, url, commit),
            )
        for path, why in self._nowhere[release.tag].items():
            yield Module(path, unread=why)

    def _headers(self, release, module):
        start = f"{module}/include/"
        entries = self._git.tree(release.commit, f"{start}boost/")
        return [name[len(start) :] for kind, _, name in entries if kind == "blob"]

    def _pinned(self, release):
        """The submodules of a release below `libs/`: `{path: (name, url, commit)}`, and `{path: why}` of
        those of which it is not said where they are.
        """
        entries = self._entries[release.tag]
        pins = {name: one for kind, one, name in entries if kind == "commit" and _MODULE.fullmatch(name)}
        if not pins:
            return {}, {}
        file = next((one for kind, one, name in entries if kind == "blob" and name == ".gitmodules"), None)
        try:
            modules = declared(self._git.settings_of(self._contents[file]))
        except (KeyError, Failure) as error:
            return {}, dict.fromkeys(sorted(pins), f".gitmodules is missing or cannot be read ({error})")
        lost = dict.fromkeys(sorted(pins.keys() - modules.keys()), ".gitmodules does not say where it is")
        return {path: (*modules[path], commit) for path, commit in sorted(pins.items()) if path in modules}, lost


def _is_asked_for(name):
    return name == ".gitmodules" or name.endswith("/" + META)
