"""The libraries' own repositories, which a superproject only points at.

Of each, only the commits that release tags pin are fetched, without history,
and of their files only `meta/libraries.json`. Pure: `declared`, `resolve`.
"""

import hashlib
import pathlib
import re

from python_kit.failure import AUTH, VALIDATION, Failure
from python_kit.git import Git, is_repository

# More submodules than this are no Boost.
MOST = 1000
META = "meta/libraries.json"


def declared(settings):
    """The submodules of a `.gitmodules`, by path: `{path: (name, url)}`."""
    modules = {}
    for setting, value in settings:
        match = re.fullmatch(r"submodule\.(.+)\.(path|url)", setting, re.DOTALL)
        if match:
            modules.setdefault(match[1], {})[match[2]] = value
    return {
        module["path"].rstrip("/"): (name, module["url"])
        for name, module in modules.items()
        if {"path", "url"} <= module.keys()
    }


def resolve(base, url):
    """The address of a submodule, as git resolves it (`gitmodules(5)`); None for one that is not to be used."""
    if url.startswith("-") or not url.isprintable():
        return None
    base = base.rstrip("/")
    while url.startswith(("./", "../")):
        if url.startswith("../"):
            cut = max(base.rfind("/"), base.rfind(":"))
            # Past the host there is nothing to go up to.
            if cut < 1 or base[cut - 1 : cut + 1] in ("//", ":/"):
                return None
            mark = base[cut]
            base = base[:cut] if mark == "/" else base[: cut + 1]
        url = url.partition("/")[2]
        if not url.startswith(("./", "../")):
            return base + url if base.endswith(":") else f"{base}/{url}"
    return url


class Submodules:
    """Mirrors of submodules in a workspace."""

    def __init__(self, place, bases, checkouts, local, events):
        self._place = place
        self._bases = bases
        self._checkouts = checkouts
        self._local = local
        self._events = events
        self._gits = {}
        self._meta = {}

    def fetch(self, pins):
        """Fetches what is not here yet. `pins` maps `(path, name, url)` to commits.

        A repository that is gone or closed is a warning: old releases point at some. One that cannot be
        reached is a failure, because a release without its libraries would look like one that lost them.
        """
        if len(pins) > MOST:
            raise Failure(VALIDATION, f"{len(pins)} submodules: more than {MOST}", "name Boost's superproject")
        failures = []
        for at, ((path, name, url), commits) in enumerate(sorted(pins.items()), 1):
            self._events.progress(at, len(pins), f"{path}: repository {at} of {len(pins)}")
            try:
                self._gits[path, url] = git = self._open(name, url)
                self._fetch_commits(git, path, sorted(commits))
                self._fetch_meta(git, path, url, sorted(commits))
            except Failure as failure:
                if failure.category not in (VALIDATION, AUTH):
                    raise
                failures.append(failure)
                self._events.warning(f"{path}/{META}: left out: {failure.message}")
        if failures and len(failures) == len(pins):
            raise failures[0]

    def content(self, path, url, commit):
        """The metadata of a module at a commit; None where there is none."""
        return self._meta.get((path, url, commit))

    def headers(self, path, url, commit):
        """The headers of a module at a commit."""
        try:
            entries = self._gits[path, url].tree(commit, "include/boost/")
        except (KeyError, Failure):
            # Said before: it could not be fetched.
            return []
        return [name[len("include/") :] for kind, _, name in entries if kind == "blob"]

    def _open(self, name, url):
        checkout = self._checkouts / name if self._checkouts else None
        # What a submodule is called is a stranger's choice.
        if checkout and ".." not in pathlib.PurePath(name).parts and is_repository(checkout):
            return Git(checkout)
        addresses = [resolve(base, url) for base in self._bases]
        usable = [one for one in addresses if one and (not one.startswith("/") or pathlib.Path(one).is_dir())]
        if not usable:
            raise Failure(VALIDATION, f"its address {url!r} leads nowhere")
        readable = re.sub(r"[^A-Za-z0-9_-]", "_", name)[:60]
        address = usable[0]
        directory = self._place / f"{readable}-{hashlib.sha256(address.encode()).hexdigest()[:16]}.git"
        git = Git(directory, address, self._local)
        directory.mkdir(parents=True, exist_ok=True)
        git.begin()
        return git

    def _fetch_commits(self, git, path, commits):
        missing = git.missing(commits)
        if not missing:
            return
        try:
            git.fetch(*missing)
        except Failure as failure:
            if "not our ref" not in failure.message or len(missing) == 1:
                raise
            # One that is gone must not keep the others from being read.
            for commit in missing:
                try:
                    git.fetch(commit)
                except Failure as gone:
                    if "not our ref" not in gone.message:
                        raise
                    self._events.warning(f"{path}/{META}: commit {commit[:10]} is gone: {gone.message}")

    def _fetch_meta(self, git, path, url, commits):
        here = [commit for commit in commits if commit not in git.missing(commits)]
        blobs = {}
        for commit in here:
            for kind, identity, name in git.tree(commit, META):
                if kind == "blob" and name == META:
                    blobs[commit] = identity
        missing = git.missing(sorted(set(blobs.values())))
        if missing:
            git.fetch(*missing, depth=False)
        contents = git.blobs(sorted(set(blobs.values())))
        for commit, identity in blobs.items():
            self._meta[path, url, commit] = contents.get(identity)
