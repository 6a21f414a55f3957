"""The collector's own directory: locked, with whole files only."""

import contextlib
import fcntl
import os
import pathlib

from .failure import TEMPORARY, Failure, of_os_error


class Workspace:
    """A locked workspace; made by `Workspace.open`."""

    def __init__(self, root):
        self.root = root

    @classmethod
    @contextlib.contextmanager
    def open(cls, command):
        """The directory that ORCHESTRATE_WORKSPACE names, else the usual one by hand."""
        given = os.environ.get("ORCHESTRATE_WORKSPACE")
        root = pathlib.Path(given) if given else pathlib.Path(".orchestrate/workspaces", command)
        try:
            root.mkdir(parents=True, exist_ok=True)
            lock = open(root / ".lock", "w", encoding="ascii")
        except OSError as error:
            raise of_os_error(error, f"use the workspace {root}") from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise Failure(
                    TEMPORARY,
                    f"another run of this collector is using the workspace {root}",
                    "wait for it to end, or set ORCHESTRATE_WORKSPACE to another directory",
                ) from error
            yield cls(root)

    def write(self, name, text):
        """Writes a file, replaced as a whole; gives its path."""
        path = self.root / name
        unfinished = self.root / (name + ".unfinished")
        try:
            unfinished.write_text(text, encoding="utf-8", errors="replace")
            unfinished.replace(path)
        except OSError as error:
            raise of_os_error(error, f"write {path}") from error
        finally:
            with contextlib.suppress(OSError):
                unfinished.unlink()
        return path
