"""The libraries' own repositories, which a superproject only points at.

Of each, only the commits that release tags pin are fetched, without history,
and of their files only `meta/libraries.json`. What could not be read is known as
such: it is not what is not there. Pure: `declared`, `resolve`.
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
        self._unread = {}

    def fetch(self, pins):
        """Fetches what is not here yet. `pins` maps `(path, name, url)` to commits.

        What is gone, closed or not there yet is unread (`unread` says why), and the others go on: old
        releases point at some that are gone, and a mirror may lag. A repository that cannot be reached
        is a failure, because another try may bring all of it.
        """
        if len(pins) > MOST:
            raise Failure(VALIDATION, f"{len(pins)} submodules: more than {MOST}", "name Boost's superproject")
        closed = []
        for at, ((path, name, url), commits) in enumerate(sorted(pins.items()), 1):
            self._events.progress(at, len(pins), f"{path}: repository {at} of {len(pins)}")
            try:
                git = self._open(name, url)
                lost = _fetch_commits(git, sorted(commits))
            except Failure as failure:
                lost = dict.fromkeys(commits, _lasting(failure))
            else:
                self._gits[path, url] = git
                lost.update(self._fetch_meta(git, path, url, sorted(commits - lost.keys())))
            self._unread.update({(path, url, commit): failure.message for commit, failure in lost.items()})
            if lost and len(lost) == len(commits) and not any(map(_lags, lost.values())):
                closed.append(next(iter(lost.values())))
        if closed and len(closed) == len(pins):
            raise closed[0]

    def content(self, path, url, commit):
        """The metadata of a module at a commit; None where there is none."""
        return self._meta.get((path, url, commit))

    def unread(self, path, url, commit):
        """Why a module could not be read at a commit; None where it was."""
        return self._unread.get((path, url, commit))

    def headers(self, path, url, commit):
        """The headers of a module at a commit that was read."""
        entries = self._gits[path, url].tree(commit, "include/boost/")
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

    def _fetch_meta(self, git, path, url, commits):
        """Fetches the metadata of commits that are here; gives why not, by commit, where it could not be had."""
        blobs = {}
        for commit in commits:
            for kind, identity, name in git.tree(commit, META):
                if kind == "blob" and name == META:
                    blobs[commit] = identity
        wanted = sorted(set(blobs.values()))
        missing = git.missing(wanted)
        failure = Failure(VALIDATION, f"{git.shown}: {META} is not there")
        if missing:
            try:
                git.fetch(*missing, depth=False)
            except Failure as error:
                failure = _lasting(error)
        contents = git.blobs(wanted)
        self._meta.update({(path, url, commit): contents.get(identity) for commit, identity in blobs.items()})
        return {commit: failure for commit, identity in blobs.items() if identity not in contents}


def _fetch_commits(git, commits):
    """Fetches what is not here yet; gives why not, by commit, where it could not be had."""
    missing = git.missing(commits)
    if not missing:
        return {}
    try:
        git.fetch(*missing)
    except Failure as failure:
        if not _lags(_lasting(failure)):
            return dict.fromkeys(missing, failure)
        if len(missing) == 1:
            message = f"{git.shown}: commit {missing[0][:10]} is not there, or not yet (not our ref)"
            return {missing[0]: Failure(VALIDATION, message)}
        # One that is not there must not keep the others from being read.
        lost = {}
        for commit in missing:
            lost.update(_fetch_commits(git, [commit]))
        return lost
    nothing = Failure(VALIDATION, f"{git.shown}: it was asked for a commit, and gave nothing")
    return dict.fromkeys(git.missing(missing), nothing)


def _lasting(failure):
    """A failure that says what the repository is; one that may pass ends the run."""
    if failure.category not in (VALIDATION, AUTH):
        raise failure
    return failure


def _lags(failure):
    """Whether a repository answers, and has not got a commit."""
    return any(words in failure.message for words in ("not our ref", "unadvertised object"))
