"""Which headers belong to which library, as few prefixes as possible. Pure.

A reader takes the longest prefix that fits: `boost/asio/` stands for every
header below it, `boost/asio.hpp` for one.
"""


def owned(modules):
    """For each module the prefixes that are its alone. `modules` maps a module to its headers.

    Where modules share a directory (`boost/functional/`), what is below it is
    told apart; of a header that several have, the first module named has it.
    """
    owners = {}
    for module, headers in modules.items():
        for header in headers:
            owners.setdefault(header, module)
            for directory in _directories(header):
                owners[directory] = module if owners.get(directory, module) == module else None
    prefixes = {module: set() for module in modules}
    for module, headers in modules.items():
        for header in headers:
            if owners[header] == module:
                own = (one for one in _directories(header) if owners[one] == module)
                prefixes[module].add(next(own, header))
    return {module: sorted(found) for module, found in prefixes.items()}


def shared_out(module, keys, prefixes, headers):
    """Shares a module's prefixes out to its libraries.

    The library that is named like the module, else the first, has all that
    another's key does not name: of `libs/algorithm`, `algorithm/string` has
    `boost/algorithm/string/` and `boost/algorithm/string.hpp`.
    """
    own = module.partition("/")[2]
    main = own if own in keys else keys[0]
    shares = {main: list(prefixes) or by_name(main)}
    for key in keys:
        if key != main:
            named = by_name(key)
            present = [one for one in named if any(_is_under(header, one) for header in headers)]
            shares[key] = present if headers else named
            shares[main] = [one for one in shares[main] if one not in shares[key]]
    return shares


def _is_under(header, prefix):
    return header == prefix or (prefix.endswith("/") and header.startswith(prefix))


def by_name(key):
    """What a library's headers are called if nothing else is known."""
    return [f"boost/{key}.hpp", f"boost/{key}/"]


def _directories(header):
    """`boost/a/b/c.hpp`: `boost/a/`, `boost/a/b/`. `boost/` is nobody's."""
    parts = header.split("/")
    return ["/".join(parts[:end]) + "/" for end in range(2, len(parts))]
