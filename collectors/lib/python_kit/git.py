"""Running git: always the same environment, no prompt, nothing from the caller's
shell that points it elsewhere; and mirrors that hold only what is asked for.
"""

import contextlib
import os
import signal
import subprocess

from .failure import AUTH, CONFIGURATION, NETWORK, TEMPORARY, VALIDATION, Failure, of_os_error
from .text import clean

# The longest any one command may take, in seconds; a server that says nothing is given up sooner.
LONGEST = 1800
# What points git to another repository (`git rev-parse --local-env-vars`).
_LOCAL = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_COMMON_DIR GIT_CONFIG GIT_DIR GIT_GRAFT_FILE GIT_IMPLICIT_WORK_TREE "
    "GIT_INDEX_FILE GIT_NAMESPACE GIT_OBJECT_DIRECTORY GIT_PREFIX GIT_REPLACE_REF_BASE GIT_SHALLOW_FILE "
    "GIT_WORK_TREE LANGUAGE "
    # The programs that ask for a password, and the places where they would open a window.
    "SSH_ASKPASS DISPLAY WAYLAND_DISPLAY"
).split()
_SETTINGS = {
    # Credential helpers do not ask either (git 2.47).
    "credential.interactive": "false",
    "core.quotePath": "false",
    "fetch.negotiationAlgorithm": "noop",
    "gc.auto": "0",
    "http.lowSpeedLimit": "1",
    "http.lowSpeedTime": "60",
    "maintenance.auto": "false",
    "protocol.version": "2",
}
_CAUSES = (
    (AUTH, "it belongs to another user; if you trust it: git config --global --add safe.directory PATH",
     ("dubious ownership",)),
    (AUTH, "check the address and the credentials; this collector never asks for a password",
     ("Authentication failed", "could not read Username", "could not read Password", "Permission denied",
      "terminal prompts disabled", "unable to get password from user", "Host key verification failed", "returned error: 401", "returned error: 403",
      "Repository not found", "returned error: 404")),
    (VALIDATION, "check the address", ("not a git repository", "does not appear to be a git repository", "not our ref",
                "couldn't find remote ref", "transport '")),
    (NETWORK, "check the address and the network, then run again: what was fetched before is kept",
     ("ould not resolve", "Connection refused", "Connection timed out", "Connection reset", "ailed to connect",
      "ould not connect", "unable to access", "Could not read from remote", "Network is unreachable", "early EOF",
      "the remote end hung up", "unable to connect", "unable to look up", "Operation too slow")),
    (TEMPORARY, "make room in the workspace, then run again", ("No space left",)),
)  # fmt: skip


def is_repository(path):
    """Whether a directory is itself a repository: a work tree's top, or a bare one."""
    return (path / ".git").exists() or all((path / name).exists() for name in ("HEAD", "objects", "refs"))


def without_credentials(url):
    """The URL without user name and password."""
    scheme, mark, rest = url.rpartition("://")
    host, slash, path = rest.partition("/" if mark else ":")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}"


class Git:
    """Git in one repository. `url` is where a mirror comes from, None for a repository that is here."""

    def __init__(self, directory, url=None, local=True):
        self.shown = without_credentials(url) if url else str(directory)
        self._secret = url if url and self.shown != url else None
        self._place = ["--git-dir", str(directory)] if url else ["-C", str(directory)]
        settings = dict(_SETTINGS)
        if url:
            # In the environment: what the command line holds everybody can read, what the disk holds stays.
            settings.update(
                {"remote.origin.url": url, "remote.origin.promisor": "true", "remote.origin.fetch": ""}
            )
        self._environment = _environment(settings, local)

    def run(self, *arguments, give=b""):
        """Runs a command; gives its stdout as bytes."""
        command = ["git", "--no-pager", *self._place, *arguments]
        try:
            # A group of its own: what git starts (ssh) is ended with it.
            child = subprocess.Popen(
                command,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise Failure(CONFIGURATION, "git is not installed (not found on PATH)", "install git") from error
        except OSError as error:
            raise of_os_error(error, "start git") from error
        with child:
            try:
                out, said = child.communicate(give, timeout=LONGEST)
            except subprocess.TimeoutExpired as error:
                _end(child)
                message = f"{self.shown}: git {arguments[0]} took longer than {LONGEST} s"
                raise Failure(NETWORK, message, "run again: what was fetched before is kept") from error
            except BaseException:
                _end(child)
                raise
        if child.returncode != 0:
            raise self._failure(said.decode("utf-8", errors="replace"))
        return out

    def blobs(self, ids):
        """The contents of objects, by id; an object that is not here is left out."""
        out = self.run("cat-file", "--batch", give="".join(f"{one}\n" for one in ids).encode())
        found, at = {}, 0
        for one in ids:
            head, _, _ = out[at:].partition(b"\n")
            at += len(head) + 1
            kind = head.split()
            if len(kind) == 3:
                end = at + int(kind[2])
                found[one] = out[at:end]
                at = end + 1
        return found

    def missing(self, ids):
        """Those of the ids whose objects are not here."""
        out = self.run("cat-file", "--batch-check", give="".join(f"{one}\n" for one in ids).encode())
        return [line.split()[0].decode() for line in out.splitlines() if line.endswith(b" missing")]

    def tree(self, commit, *paths):
        """The entries of a tree and of all below, as `(type, id, path)`."""
        entries = []
        for entry in self.run("ls-tree", "-r", "-z", "--full-tree", commit, "--", *paths).split(b"\0"):
            if entry:
                head, _, path = entry.partition(b"\t")
                _, kind, identity = head.decode().split()
                entries.append((kind, identity, path.decode("utf-8", errors="replace")))
        return entries

    def settings_of(self, text):
        """What a file in git's own format holds (`.gitmodules`), as a list of `(name, value)`."""
        out = self.run("config", "--file", "-", "--null", "--list", "--no-includes", give=text)
        pairs = (one.decode("utf-8", errors="replace").partition("\n") for one in out.split(b"\0") if one)
        return [(name, value) for name, _, value in pairs]

    def settings_here(self):
        """The settings that hold in the repository, as a list of `(name, value)`."""
        out = self.run("config", "--null", "--list")
        pairs = (one.decode("utf-8", errors="replace").partition("\n") for one in out.split(b"\0") if one)
        return [(name, value) for name, _, value in pairs]

    def begin(self):
        """Makes the mirror's directory a repository where it is none yet."""
        self.run("init", "--bare", "--quiet")

    def fetch(self, *wanted, depth=True):
        """Fetches refs, commits or blobs, without history and without any blob that is not named."""
        flags = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--filter=blob:none"]
        flags += ["--depth=1", "--force"] if depth else []
        give = "".join(f"{one}\n" for one in wanted).encode()
        self.run("fetch", *flags, "--stdin", "origin", give=give)

    def _failure(self, said):
        if self._secret:
            said = said.replace(self._secret, self.shown)
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        words = [line.partition(": ")[2] for line in lines if line.startswith(("fatal: ", "error: "))] or lines
        message = f"{self.shown}: {clean('; '.join(words) or 'git failed and said nothing', 400)}"
        for category, hint, needles in _CAUSES:
            if any(needle in said for needle in needles):
                return Failure(category, message, hint)
        return Failure(VALIDATION, message, "run `git fsck` in the repository to see whether it is whole")


def _end(child):
    """Ends a child and all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)


def _environment(settings, local):
    environment = {name: value for name, value in os.environ.items() if name not in _LOCAL}
    environment.update(
        LC_ALL="C",
        # Nobody is there to be asked. An empty one is no program, and keeps git from core.askPass.
        GIT_ASKPASS="",
        GIT_TERMINAL_PROMPT="0",
        GCM_INTERACTIVE="never",
        SSH_ASKPASS_REQUIRE="never",
        GIT_OPTIONAL_LOCKS="0",
        # What is missing is fetched together and on purpose, not one by one behind our back.
        GIT_NO_LAZY_FETCH="1",
        # A repository from the network must not make us read this machine's.
        GIT_ALLOW_PROTOCOL="https:http:ssh:git" + (":file" if local else ""),
    )
    if not {"GIT_SSH", "GIT_SSH_COMMAND"} & environment.keys():
        environment["GIT_SSH_COMMAND"] = "ssh -o BatchMode=yes"
    count = int(environment.get("GIT_CONFIG_COUNT") or 0)
    for at, (name, value) in enumerate(settings.items(), count):
        environment[f"GIT_CONFIG_KEY_{at}"] = name
        environment[f"GIT_CONFIG_VALUE_{at}"] = value
    environment["GIT_CONFIG_COUNT"] = str(count + len(settings))
    return environment
