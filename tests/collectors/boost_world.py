"""A small Boost with a history, and a program that uses it, made of nothing.

    python3 tests/collectors/boost_world.py DIRECTORY [--shape tree|submodules]

makes `DIRECTORY/boost` (the superproject, with release tags), for `submodules`
a repository beside it for each library, and `DIRECTORY/program` (sources that
include Boost), and prints what a right collector must find, as JSON. The
metadata has the shapes of several years; one file is broken on purpose.
"""

import argparse
import atexit
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

DATE = "2026-01-01T00:00:00Z"


def meta(key, name, **more):
    """An entry as most modules write it."""
    return {
        "key": key,
        "name": name,
        "authors": ["Ann Author"],
        "maintainers": ["Max Maintainer <max -at- example.org>"],
        "description": f"The {name} library.",
        "category": ["Miscellaneous"],
        **more,
    }


# What each release has: module -> (metadata as it is in the file, headers).
ANY = (meta("any", "Any", authors="Kevlin Henney", category="Data"), ["any.hpp"])
ASIO = (meta("asio", "Asio", cxxstd="11"), ["asio.hpp", "asio/ip/tcp.hpp", "asio/buffer.hpp"])
ALGORITHM = (
    [
        meta("algorithm", "Algorithm"),
        meta("algorithm/string", "String Algo", documentation="string/"),
    ],
    ["algorithm/clamp.hpp", "algorithm/string.hpp", "algorithm/string/trim.hpp"],
)
ALGORITHM_NOW = ([{**entry, "cxxstd": "03"} for entry in ALGORITHM[0]], ALGORITHM[1])
FUNCTIONAL = (meta("functional", "Functional", cxxstd=3), ["functional.hpp", "functional/factory.hpp"])
HASH = (meta("container_hash", "Container Hash", cxxstd="11"), ["container_hash/hash.hpp", "functional/hash.hpp"])
UBLAS = (meta("numeric/ublas", "uBLAS"), ["numeric/ublas/matrix.hpp"])
TR1 = (meta("tr1", "TR1"), ["tr1/memory.hpp"])
BLOOM = (meta("bloom", "Bloom", cxxstd="11"), ["bloom.hpp", "bloom/filter.hpp"])
BROKEN = ('{"key": "broken",', ["broken.hpp"])
NOTHING = (None, ["headers_only_for_packaging.hpp"])

RELEASES = {
    "boost-1.87.0": {
        "libs/algorithm": ALGORITHM,
        "libs/any": ANY,
        "libs/asio": ASIO,
        "libs/functional": FUNCTIONAL,
        "libs/tr1": TR1,
    },
    "boost-1.88.0": {
        "libs/algorithm": ALGORITHM_NOW,
        "libs/any": ANY,
        "libs/asio": ASIO,
        "libs/container_hash": HASH,
        "libs/functional": FUNCTIONAL,
        "libs/headers": NOTHING,
        "libs/numeric/ublas": UBLAS,
        "libs/tr1": TR1,
    },
    "boost-1.89.0.beta1": {
        "libs/algorithm": ALGORITHM_NOW,
        "libs/any": ANY,
        "libs/asio": ASIO,
        "libs/bloom": BLOOM,
        "libs/broken": BROKEN,
        "libs/container_hash": HASH,
        "libs/functional": FUNCTIONAL,
        "libs/headers": NOTHING,
        "libs/numeric/ublas": UBLAS,
    },
    "boost-1.90.0": {
        "libs/algorithm": ALGORITHM_NOW,
        "libs/any": ANY,
        "libs/asio": ASIO,
        "libs/bloom": BLOOM,
        "libs/broken": BROKEN,
        "libs/container_hash": HASH,
        "libs/functional": FUNCTIONAL,
        "libs/headers": NOTHING,
        "libs/numeric/ublas": UBLAS,
    },
}
# One more, for tests in which a release comes out overnight.
NEXT = "boost-1.91.0"
NEXT_MODULES = {**RELEASES["boost-1.90.0"], "libs/openmethod": (meta("openmethod", "OpenMethod", cxxstd="17"), ["openmethod.hpp"])}
del NEXT_MODULES["libs/any"]

PROGRAM = {
    "src/main.cpp": "#include <boost/asio.hpp>\n#include <boost/asio/ip/tcp.hpp>\n#include <vector>\n"
    "// #include <boost/any.hpp>\n/*\n#include <boost/bloom.hpp>\n*/\n",
    "src/text.cpp": '#include "boost/algorithm/string.hpp"\n#include <boost/algorithm/clamp.hpp>\n'
    "#ifdef WITH_HASH\n#include <boost/functional/hash.hpp>\n#endif\n#if 0\n#include <boost/any.hpp>\n#endif\n",
    "include/app.hpp": "#ifndef APP\n#define APP\n#include <boost/asio.hpp>\n#include <boost/tr1/memory.hpp>\n"
    '#include <boost/never_heard_of.hpp>\nconst char *s = R"(\n#include <boost/any.hpp>\n)";\n#endif\n',
    "README.md": "#include <boost/any.hpp>\n",
}
# library: (includes, conditional, files, headers)
USAGE = {
    "algorithm": (1, 0, 1, 1),
    "algorithm/string": (1, 0, 1, 1),
    "asio": (3, 0, 2, 2),
    "container_hash": (1, 1, 1, 1),
    "tr1": (1, 0, 1, 1),
    "unknown": (1, 0, 1, 1),
}


def keys(modules):
    """The libraries of a release, those of broken files left out."""
    found = []
    for metadata, _ in modules.values():
        if isinstance(metadata, (dict, list)):
            found += [entry["key"] for entry in (metadata if isinstance(metadata, list) else [metadata])]
    return sorted(found)


def expected():
    """What must be found, to the number."""
    return {
        "releases": {tag: keys(modules) for tag, modules in RELEASES.items()},
        "next": {NEXT: keys(NEXT_MODULES)},
        "usage": {
            name: dict(zip(("includes", "conditional", "files", "headers"), counts)) for name, counts in USAGE.items()
        },
        "tree": {"files": 3, "includes": 9, "boost_includes": 8, "boost_files": 3, "boost_libraries": 5},
    }


def git(directory, *arguments):
    """Runs git with nothing of the user's settings; gives its output."""
    environment = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_{what}": value
           for who in ("AUTHOR", "COMMITTER")
           for what, value in (("NAME", "Ann"), ("EMAIL", "ann@example.org"), ("DATE", DATE))},
    }  # fmt: skip
    done = subprocess.run(
        ["git", "-C", directory, *arguments], env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def write_module(directory, metadata, headers):
    """The files of a module."""
    for header in headers:
        write(directory / "include" / "boost" / header, f"// {header}\n")
    if metadata is not None:
        text = metadata if isinstance(metadata, str) else json.dumps(metadata, indent=4)
        write(directory / "meta" / "libraries.json", text)


def repository(directory):
    directory.mkdir(parents=True)
    git(directory, "init", "--quiet", "--initial-branch=master")
    git(directory, "config", "uploadpack.allowFilter", "true")
    return directory


class World:
    """The repositories under one directory."""

    def __init__(self, root, shape="submodules", made=False):
        self.root = pathlib.Path(root)
        self.shape = shape
        self.boost = self.root / "boost"
        if made:
            return
        repository(self.boost)
        for tag, modules in RELEASES.items():
            self.release(tag, modules)

    def release(self, tag, modules):
        """Commits and tags a release."""
        git(self.boost, "rm", "-r", "-q", "--force", "--ignore-unmatch", ".")
        write(self.boost / "Jamroot", f"# {tag}\n")
        {"tree": self._in_tree, "submodules": self._as_submodules}[self.shape](modules)
        git(self.boost, "commit", "--quiet", "--allow-empty", "--message", tag)
        git(self.boost, "tag", tag)

    def _in_tree(self, modules):
        for module, (metadata, headers) in modules.items():
            write_module(self.boost / module, metadata, headers)
        git(self.boost, "add", "--all")

    def _as_submodules(self, modules):
        lines = []
        for module, content in modules.items():
            name = module.partition("/")[2].replace("/", "_")
            commit = self._commit_module(name, content)
            lines += [f'[submodule "{name}"]', f"\tpath = {module}", f"\turl = ../{name}.git", "\tbranch = ."]
            git(self.boost, "update-index", "--add", "--cacheinfo", f"160000,{commit},{module}")
        write(self.boost / ".gitmodules", "\n".join(lines) + "\n")
        git(self.boost, "add", ".gitmodules", "Jamroot")

    def _commit_module(self, name, content):
        directory = self.root / f"{name}.git"
        if not directory.exists():
            repository(directory)
        write_module(directory, *content)
        git(directory, "add", "--all")
        git(directory, "commit", "--quiet", "--allow-empty", "--message", "x")
        return git(directory, "rev-parse", "HEAD")

    def next_release(self):
        """The release that comes out overnight."""
        self.release(NEXT, NEXT_MODULES)

    def lag(self, name, commit="HEAD~1"):
        """The repository of a module has not got yet what came after a commit of it."""
        there, ahead = self.root / f"{name}.git", self.root / f"{name}.ahead"
        commit = git(there, "rev-parse", commit)
        there.rename(ahead)
        repository(there)
        git(there, "fetch", "--quiet", ahead, commit)
        git(there, "update-ref", "refs/heads/master", commit)

    def catch_up(self, name):
        """It has got everything now, or is there again."""
        shutil.rmtree(self.root / f"{name}.git", ignore_errors=True)
        (self.root / f"{name}.ahead").rename(self.root / f"{name}.git")

    def lose(self, name):
        """The repository of a module is gone."""
        (self.root / f"{name}.git").rename(self.root / f"{name}.ahead")

    def unpacked(self, tag="boost-1.90.0"):
        """A release as an archive has it: no history."""
        root = self.root / "unpacked"
        for module, content in RELEASES[tag].items():
            write_module(root / module, *content)
        major, minor, patch = map(int, tag.partition("-")[2].split("."))
        write(root / "boost" / "version.hpp", f"#define BOOST_VERSION {major * 100000 + minor * 100 + patch}\n")
        return root

    def program(self):
        """A source tree that uses Boost."""
        root = self.root / "program"
        for name, content in PROGRAM.items():
            write(root / name, content)
        return root


_MADE = {}


def copied(root, shape):
    """A world like any other of its shape: made once per process, then copied, because git takes its time."""
    if shape not in _MADE:
        _MADE[shape] = tempfile.TemporaryDirectory()
        atexit.register(_MADE[shape].cleanup)
        World(_MADE[shape].name, shape)
    shutil.copytree(_MADE[shape].name, root)
    return World(root, shape, made=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory")
    parser.add_argument("--shape", choices=("tree", "submodules"), default="submodules")
    parser.add_argument("--next", action="store_true", help="the next release has come out too")
    options = parser.parse_args()
    world = World(options.directory, options.shape)
    world.program()
    world.unpacked()
    if options.next:
        world.next_release()
    json.dump(expected(), sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
