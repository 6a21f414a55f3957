"""One `meta/libraries.json`: what a module of Boost says about its libraries. Pure.

The shape changed over the years: one object or a list of them, with or without
`cxxstd`, a single text where others have a list. All become one shape here.
"""

import json

from python_kit.text import clean

# Larger files are no metadata, in bytes; real ones have a few thousand.
SIZE_LIMIT = 1 << 20
# A module with more libraries than this is none.
MOST = 200
_LISTS = ("authors", "maintainers", "category")


def parse(content, module):
    """Gives the libraries of a file and what is wrong with it, in words.

    A file that is wrong altogether gives no library; a wrong entry is left out.
    `module` (`libs/asio`) names a library whose entry has no key.
    """
    if len(content) > SIZE_LIMIT:
        return [], [f"{len(content)} bytes: larger than {SIZE_LIMIT}"]
    try:
        found = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        return [], [f"not JSON ({clean(str(error), 100)})"]
    entries = found if isinstance(found, list) else [found]
    if len(entries) > MOST:
        return [], [f"{len(entries)} entries: more than {MOST}"]
    libraries, problems = [], []
    for at, entry in enumerate(entries, 1):
        try:
            libraries.append(_library(entry, module, alone=len(entries) == 1))
        except ValueError as error:
            problems.append(f"entry {at}: {error}")
    return libraries, problems


def _library(entry, module, alone):
    if not isinstance(entry, dict):
        raise ValueError("not an object")
    key = entry.get("key")
    if key is None and alone:
        key = module.partition("/")[2]
    if not isinstance(key, str) or not key.strip() or len(key) > 200:
        raise ValueError("`key` is missing or wrong")
    library = {"library": clean(key.strip(), 200), "name": _text(entry, "name", 200) or clean(key, 200)}
    for name in _LISTS:
        library[name] = _texts(entry, name)
    library["description"] = _text(entry, "description", 2000)
    standard = entry.get("cxxstd")
    # A number in some files, a text in most.
    library["cxxstd"] = f"{standard:02}" if type(standard) is int else _text(entry, "cxxstd", 40)
    return library


def _text(entry, name, longest):
    value = entry.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError(f"`{name}` is no text")
    return clean(" ".join(value.split()), longest)


def _texts(entry, name):
    value = entry.get(name)
    values = value if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(one, str) for one in values):
        raise ValueError(f"`{name}` is no list of texts")
    return [clean(" ".join(one.split()), 300) for one in values[:MOST] if one.strip()]
