"""What a collector says and brings: lines for people, and JSON lines in the file
that `ORCHESTRATE_EVENTS` names.

By hand there is no such file: records then go to stdout, one JSON object a
line, and the words for people to stderr, so that either can be piped away.
"""

import json
import os
import sys
import time

from .failure import TEMPORARY, Failure, of_os_error
from .text import printable

# Records are handed over in pieces of about this many bytes, whole lines only.
PIECE = 64 << 10
# Progress is said at most this often, in seconds.
PROGRESS_EVERY = 1.0
# The most a state may take as JSON, in bytes (docs/collectors.md).
STATE_LIMIT = 64 << 10


class Events:
    """The collector's voice; made by `Events.open`."""

    def __init__(self, descriptor, words):
        self._descriptor = descriptor
        self._words = words
        self._waiting = []
        self._size = 0
        self._told = None
        # How many records were delivered, by collection.
        self.delivered = {}

    @classmethod
    def open(cls):
        """Speaks to the orchestrator where there is one, else to whoever started it."""
        path = os.environ.get("ORCHESTRATE_EVENTS")
        if not path:
            return cls(sys.stdout.fileno(), sys.stderr)
        try:
            # Appending, because words and records of one collector may come from several processes.
            return cls(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600), sys.stdout)
        except OSError as error:
            raise of_os_error(error, f"open the events file {path}") from error

    @property
    def by_hand(self):
        """Whether no orchestrator listens."""
        return self._words is sys.stderr

    def say(self, text):
        """A line for people."""
        print(printable(text), file=self._words)

    def note(self, text):
        """Something worth keeping beside the records, that is no fault."""
        self.say(text)
        self._told_event("note", text)

    def warning(self, text):
        """Something the reader should know although the work goes on."""
        print(f"warning: {printable(text)}", file=sys.stderr)
        self._told_event("warning", text)

    def progress(self, current, total, text):
        """How far the work is; a fast loop may call it freely."""
        now = time.monotonic()
        if self._told is not None and now - self._told < PROGRESS_EVERY:
            return
        self._told = now
        self.say(text)
        if not self.by_hand:
            self._append(
                {"type": "progress", "current": current, "total": total, "message": printable(text)}
            )

    def record(self, collection, key, data):
        """Delivers one record."""
        self.delivered[collection] = self.delivered.get(collection, 0) + 1
        self._append({"type": "record", "collection": collection, "key": key, "data": data})

    def read(self, collection):
        """A collection that was read by SQL; what `records` reads is noted without this."""
        if not self.by_hand:
            self._append({"type": "read", "collection": collection})

    def complete(self, collection):
        """All there is of a collection is brought: what is not is gone."""
        if not self.by_hand:
            self._append({"type": "complete", "collection": collection})

    def defer(self, releases):
        """Releases that this run was started for and has not dealt with: it is to be given them again."""
        if not self.by_hand:
            self._append({"type": "defer", "releases": list(releases)})

    def state(self, data):
        """What the next run is to be given, if this one succeeds."""
        size = len(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode())
        if size > STATE_LIMIT:
            raise Failure(TEMPORARY, f"the state would take {size} bytes, more than {STATE_LIMIT}")
        self._append({"type": "state", "data": data})

    def failure(self, failure):
        """Why the collector ends as it does; to be said last."""
        if not self.by_hand:
            self._append(
                {"type": "failure", "category": failure.category, "message": printable(failure.message)}
            )
            self.flush()

    def flush(self):
        """Hands over what waits. An error here must fail the collector: records would be missing."""
        text = "".join(self._waiting).encode("utf-8", errors="replace")
        self._waiting, self._size = [], 0
        try:
            # A short write is possible on a disk that is nearly full.
            while text:
                text = text[os.write(self._descriptor, text) :]
        except OSError as error:
            raise of_os_error(error, "write the records") from error

    def _told_event(self, kind, text):
        if not self.by_hand:
            self._append({"type": kind, "message": printable(text)})

    def _append(self, event):
        line = json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n"
        self._waiting.append(line)
        self._size += len(line)
        # Records may wait for company, everything else is news.
        if self._size >= PIECE or event["type"] != "record":
            self.flush()
