"""An unpacked release, or any source tree, as a source of one release."""

import os
import re

from python_kit.failure import VALIDATION, Failure, of_os_error

from .module import Module
from .releases import Release, order

# A tree with more headers than this in one module is no Boost.
MOST_HEADERS = 100_000
_VERSION = re.compile(r"^\s*#\s*define\s+BOOST_VERSION\s+(\d{6})\b", re.MULTILINE)
_VERSION_FILES = ("boost/version.hpp", "libs/config/include/boost/version.hpp")


class Tree:
    """`libs/*/meta/libraries.json` in a directory."""

    def __init__(self, root, tag):
        self._root = root
        self._tag = tag
        self.name = str(root)

    def releases(self):
        """The one release that the tree is."""
        tag = self._tag or self._version()
        return [Release(tag, order(tag))]

    def prepare(self, _releases):
        """Everything is here."""

    def modules(self, _release):
        """Gives each `Module`: what has metadata, and what is empty."""
        modules = list(self._modules())
        if all(one.unread for one in modules) and (modules or not _directories(self._root / "libs")):
            hint = "run `git submodule update --init` there, or name the superproject itself with --source"
            raise Failure(VALIDATION, f"{self._root}: the directories of its libraries are empty", hint)
        yield from modules

    def _modules(self):
        for path in _directories(self._root / "libs"):
            inside = _directories(path)
            # `libs/numeric` only holds modules.
            nested = inside and not any((path / name).exists() for name in ("include", "meta", "src"))
            for place in [path, *inside]:
                module = place.relative_to(self._root).as_posix()
                content = _read(place / "meta" / "libraries.json")
                if content is not None:
                    yield Module(module, content, lambda place=place: _headers(place / "include"))
                # What a checkout or an archive without its submodules leaves of one.
                elif (place == path or nested) and not any(_entries(place)):
                    yield Module(module, unread="its directory is empty")

    def _version(self):
        for name in _VERSION_FILES:
            try:
                text = (self._root / name).read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            match = _VERSION.search(text)
            if match:
                number = int(match[1])
                return f"boost-{number // 100000}.{number // 100 % 1000}.{number % 100}"
        raise Failure(
            VALIDATION,
            f"{self._root}: which release is it? {' and '.join(_VERSION_FILES)} do not say",
            "name it: --release boost-1.90.0",
        )


def _entries(directory):
    try:
        return sorted(directory.iterdir())
    except OSError as error:
        raise of_os_error(error, f"read {directory}") from error


def _directories(directory):
    return [one for one in _entries(directory) if one.is_dir()]


def _read(file):
    """What is in a file; None where there is none."""
    try:
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise of_os_error(error, f"read {file}") from error


def _unreadable(error):
    if not isinstance(error, FileNotFoundError):
        raise of_os_error(error, f"read {error.filename}") from error


def _headers(include):
    found = []
    for directory, _, names in os.walk(include, onerror=_unreadable):
        inside = os.path.relpath(directory, include).replace(os.sep, "/")
        found += [name if inside == "." else f"{inside}/{name}" for name in names]
        if len(found) > MOST_HEADERS:
            raise Failure(VALIDATION, f"{include}: more than {MOST_HEADERS} files", "name a tree of Boost with --source")
    return [name for name in found if name.startswith("boost/")]
