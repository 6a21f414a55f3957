"""One module of a release, as a source gives it."""

import dataclasses
import typing


@dataclasses.dataclass(frozen=True)
class Module:
    """A directory below `libs/` at a release."""

    path: str
    # Its metadata; None where it has none, or could not be read.
    content: typing.Optional[bytes] = None
    # Gives the names of its headers.
    headers: typing.Callable[[], list] = list
    # Why it could not be read: it is gone, closed, or not there yet. None for one that was read.
    unread: typing.Optional[str] = None

    @property
    def file(self):
        """Where its metadata is."""
        return f"{self.path}/meta/libraries.json"
