"""An unpacked release, or any source tree, as a source of one release."""

import os
import re

from python_kit.failure import VALIDATION, Failure, of_os_error

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
        """Gives `(module, file, content, headers)` for each directory of a library."""
        for path in sorted([*self._root.glob("libs/*/"), *self._root.glob("libs/*/*/")]):
            module = path.relative_to(self._root).as_posix()
            file = path / "meta" / "libraries.json"
            if file.is_file():
                try:
                    content = file.read_bytes()
                except OSError as error:
                    raise of_os_error(error, f"read {file}") from error
                yield module, f"{module}/meta/libraries.json", content, lambda path=path: _headers(path / "include")

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


def _headers(include):
    found = []
    for directory, _, names in os.walk(include):
        inside = os.path.relpath(directory, include).replace(os.sep, "/")
        found += [name if inside == "." else f"{inside}/{name}" for name in names]
        if len(found) > MOST_HEADERS:
            raise Failure(VALIDATION, f"{include}: more than {MOST_HEADERS} files", "name a tree of Boost with --source")
    return [name for name in found if name.startswith("boost/")]
