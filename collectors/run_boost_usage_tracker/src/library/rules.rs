//! Which Boost library a header belongs to. Pure. The rules are those of
//! Boost's own `boostdep`; a header that they do not place is not guessed at.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// What a header is counted under that no rule places.
pub(crate) const UNKNOWN: &str = "unknown";

struct Table {
    libraries: HashSet<&'static str>,
    headers: HashMap<&'static str, &'static str>,
    directories: HashMap<&'static str, &'static str>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table {
        libraries: lines(include_str!("boost_libraries.txt")).collect(),
        headers: HashMap::new(),
        directories: HashMap::new(),
    };
    let mut library = UNKNOWN;
    for line in lines(include_str!("boost_headers.txt")) {
        match (line.strip_suffix(':'), line.strip_suffix('/')) {
            (Some(name), _) => library = name,
            (None, Some(directory)) => {
                table.directories.insert(directory, library);
            }
            (None, None) => {
                table.headers.insert(line, library);
            }
        }
    }
    table
});

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The library of a header `boost/...`: by the table of exceptions, the header
/// itself first, then its directories, the nearest first; else by its path:
/// `boost/numeric/<library>...`, `boost/<library>/...`, `boost/<library>.hpp`.
/// [`UNKNOWN`] where that names no Boost library.
pub(crate) fn of(header: &str) -> &'static str {
    let table = &*TABLE;
    if let Some(library) = table.headers.get(header) {
        return library;
    }
    let mut directory = header;
    while let Some((parent, _)) = directory.rsplit_once('/') {
        if let Some(library) = table.directories.get(parent) {
            return library;
        }
        directory = parent;
    }
    let Some(inside) = header.strip_prefix("boost/") else {
        return UNKNOWN;
    };
    let known = |name: &str| table.libraries.get(name).copied();
    // Only a first or second part that ends the path is a file with an extension.
    let first_end = inside.find('/');
    let first = first_end.map_or_else(|| stem(inside), |end| &inside[..end]);
    let second = first_end.map(|end| {
        let rest = &inside[end + 1..];
        let rest = rest.find('/').map_or_else(|| stem(rest), |end| &rest[..end]);
        &inside[..end + 1 + rest.len()]
    });
    second.and_then(known).or_else(|| known(first)).unwrap_or(UNKNOWN)
}

/// A file name without the extension of a header (`.hpp`, `.h`, `.ipp`, ...).
fn stem(name: &str) -> &str {
    name.split_once('.').map_or(name, |(stem, _)| stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_say_it() {
        for (header, library) in [
            ("boost/asio.hpp", "asio"),
            ("boost/asio/ip/tcp.hpp", "asio"),
            ("boost/thread.hpp", "thread"),
            ("boost/property_tree/json_parser.hpp", "property_tree"),
            ("boost/numeric/ublas/matrix.hpp", "numeric/ublas"),
            ("boost/numeric/odeint.hpp", "numeric/odeint"),
            ("boost/functional/factory.hpp", "functional"),
        ] {
            assert_eq!(of(header), library, "{header}");
        }
    }

    #[test]
    fn paths_that_do_not() {
        for (header, library) in [
            ("boost/shared_ptr.hpp", "smart_ptr"),
            ("boost/functional/hash.hpp", "container_hash"),
            ("boost/archive/text_oarchive.hpp", "serialization"),
            ("boost/archive/detail/new_one.hpp", "serialization"),
            ("boost/detail/winapi/time.hpp", "winapi"),
            ("boost/cast.hpp", "numeric/conversion"),
            ("boost/version.hpp", "config"),
            ("boost/exception/exception.hpp", "throw_exception"),
            ("boost/exception/info.hpp", "exception"),
        ] {
            assert_eq!(of(header), library, "{header}");
        }
    }

    #[test]
    fn nothing_is_guessed() {
        for header in [
            "boost/sml.hpp",
            "boost/ext/ut.hpp",
            "boost/",
            "boost",
            "boost/.hpp",
            "asio/ip.hpp",
            "boost/asioX.hpp",
        ] {
            assert_eq!(of(header), UNKNOWN, "{header}");
        }
    }

    #[test]
    fn the_tables_agree() {
        for (header, library) in TABLE.headers.iter().chain(&TABLE.directories) {
            assert!(
                TABLE.libraries.contains(library),
                "{header}: {library} is no library"
            );
            assert!(header.starts_with("boost/"), "{header}");
        }
        assert!(TABLE.libraries.len() > 150 && TABLE.headers.len() > 120);
    }
}
