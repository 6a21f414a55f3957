//! Adding includes up. Pure; one count per thread, merged per tree.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use collector_kit::bounded;

use crate::library::Libraries;
use crate::scan::{self, Form, Include};

/// How many examples of a kind of left-out file are kept.
const EXAMPLES: usize = 5;
/// Longest header name kept, in characters.
const HEADER: usize = 300;

/// What was found in a tree, or in a part of it.
#[derive(Debug)]
pub(crate) struct Count<'a> {
    known: &'a Libraries,
    /// Files scanned.
    pub(crate) files: u64,
    /// Bytes of them.
    pub(crate) bytes: u64,
    /// Includes of named headers, probes not among them.
    pub(crate) includes: u64,
    /// Includes whose header a macro gives.
    pub(crate) computed: u64,
    /// `__has_include` questions.
    pub(crate) probes: u64,
    /// Headers by name, as included; only questions do not make one.
    pub(crate) headers: HashMap<String, Header<'a>>,
    /// Boost libraries by name; what a Boost header counts for.
    pub(crate) libraries: HashMap<&'a str, Uses>,
    /// Files that include a Boost header.
    pub(crate) boost_files: u64,
    /// Files left out because of their names: by extension, "" for none.
    pub(crate) other: HashMap<String, u64>,
    /// Symbolic links, which are not followed.
    pub(crate) links: LeftOut,
    /// Files left out because they are binary.
    pub(crate) binary: LeftOut,
    /// Files left out because they are too large.
    pub(crate) large: LeftOut,
    /// Files and directories that could not be read.
    pub(crate) unreadable: LeftOut,
}

/// A header, by its name as included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header<'a> {
    /// Includes of it.
    pub(crate) uses: Uses,
    /// The library it belongs to, if it is one of Boost.
    pub(crate) library: Option<&'a str>,
}

/// How often something is included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Uses {
    /// Includes of it.
    pub(crate) includes: u64,
    /// Those that depend on a macro.
    pub(crate) conditional: u64,
    /// Files with at least one.
    pub(crate) files: u64,
    // The last file that counted, so that each counts once; numbers begin at 1.
    last: u64,
}

/// Files that were left out: how many, and which for example.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// How many.
    pub(crate) count: u64,
    /// Some of them, with the reason where it is not plain.
    pub(crate) examples: Vec<String>,
}

impl<'a> Count<'a> {
    /// Nothing counted yet; Boost headers belong where `known` says.
    pub(crate) fn new(known: &'a Libraries) -> Self {
        Self {
            known,
            files: 0,
            bytes: 0,
            includes: 0,
            computed: 0,
            probes: 0,
            headers: HashMap::new(),
            libraries: HashMap::new(),
            boost_files: 0,
            other: HashMap::new(),
            links: LeftOut::default(),
            binary: LeftOut::default(),
            large: LeftOut::default(),
            unreadable: LeftOut::default(),
        }
    }

    /// Counts one file.
    pub(crate) fn add_file(&mut self, text: &[u8]) {
        self.files += 1;
        self.bytes += u64::try_from(text.len()).unwrap_or(u64::MAX);
        let mut has_boost = false;
        scan::includes(text, |include| has_boost |= self.add(&include));
        self.boost_files += u64::from(has_boost);
    }

    /// Counts one include; gives whether it is one of Boost.
    fn add(&mut self, include: &Include<'_>) -> bool {
        match include.form {
            Form::Computed => self.computed += 1,
            Form::Probe => self.probes += 1,
            Form::Angle | Form::Quote => return self.add_named(include),
        }
        false
    }

    fn add_named(&mut self, include: &Include<'_>) -> bool {
        self.includes += 1;
        // The usual case is checked faster than the other is repaired.
        let name = match str::from_utf8(&include.header) {
            Ok(name) => Cow::Borrowed(name),
            Err(_) => String::from_utf8_lossy(&include.header),
        };
        let (file, conditional) = (self.files, include.conditional);
        let library = match self.headers.get_mut(&*name) {
            Some(header) => {
                header.uses.add(file, conditional);
                header.library
            }
            None => {
                let mut uses = Uses::default();
                uses.add(file, conditional);
                // Asked once per header, not once per include.
                let library = name.starts_with("boost/").then(|| self.known.of(&name));
                self.headers
                    .insert(bounded(&name, HEADER), Header { uses, library });
                library
            }
        };
        if let Some(library) = library {
            self.libraries.entry(library).or_default().add(file, conditional);
        }
        library.is_some()
    }

    /// Counts everything that `other` counts, which are other files.
    pub(crate) fn merge(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.includes += other.includes;
        self.computed += other.computed;
        self.probes += other.probes;
        self.boost_files += other.boost_files;
        for (name, header) in other.headers {
            match self.headers.entry(name) {
                Entry::Occupied(mut own) => own.get_mut().uses.merge(header.uses),
                Entry::Vacant(free) => {
                    free.insert(header);
                }
            }
        }
        for (library, uses) in other.libraries {
            self.libraries.entry(library).or_default().merge(uses);
        }
        for (suffix, count) in other.other {
            *self.other.entry(suffix).or_default() += count;
        }
        self.links.merge(other.links);
        self.binary.merge(other.binary);
        self.large.merge(other.large);
        self.unreadable.merge(other.unreadable);
    }

    /// Counts a file that is left out because of its name.
    pub(crate) fn leave_out(&mut self, suffix: Option<String>) {
        *self.other.entry(suffix.unwrap_or_default()).or_default() += 1;
    }

    /// The extensions of what is left out because of its name, the most frequent first.
    pub(crate) fn ranked_other(&self) -> Vec<(&str, u64)> {
        let mut all: Vec<_> = self
            .other
            .iter()
            .map(|(suffix, count)| (suffix.as_str(), *count))
            .collect();
        all.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        all
    }

    /// Headers by how often they are included, the most often first.
    pub(crate) fn ranked_headers(&self) -> Vec<(&str, Uses)> {
        ranked(
            self.headers
                .iter()
                .map(|(name, header)| (name.as_str(), header.uses)),
        )
    }

    /// Headers of Boost by how often they are included, with the library of each.
    pub(crate) fn ranked_boost_headers(&self) -> Vec<(&str, &'a str, Uses)> {
        let ranked = self.ranked_headers().into_iter();
        ranked
            .filter_map(|(name, uses)| Some((name, self.headers.get(name)?.library?, uses)))
            .collect()
    }

    /// Boost libraries by how often they are included, the most often first.
    pub(crate) fn ranked_libraries(&self) -> Vec<(&str, Uses)> {
        ranked(self.libraries.iter().map(|(name, uses)| (*name, *uses)))
    }
}

fn ranked<'a>(all: impl Iterator<Item = (&'a str, Uses)>) -> Vec<(&'a str, Uses)> {
    let mut all: Vec<_> = all.collect();
    all.sort_by(|a, b| b.1.includes.cmp(&a.1.includes).then(a.0.cmp(b.0)));
    all
}

impl Uses {
    fn add(&mut self, file: u64, conditional: bool) {
        self.includes += 1;
        self.conditional += u64::from(conditional);
        if self.last != file {
            self.last = file;
            self.files += 1;
        }
    }

    fn merge(&mut self, other: Self) {
        self.includes += other.includes;
        self.conditional += other.conditional;
        self.files += other.files;
    }
}

impl LeftOut {
    /// One more.
    pub(crate) fn add(&mut self, example: impl FnOnce() -> String) {
        self.count += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(example());
        }
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.examples.extend(other.examples);
        self.examples.sort();
        self.examples.truncate(EXAMPLES);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_count_once_per_header_and_library() {
        let known = Libraries::default();
        let mut count = Count::new(&known);
        count.add_file(
            b"#include <boost/asio.hpp>\n#include <boost/asio.hpp>\n#include <boost/asio/ip/tcp.hpp>\n",
        );
        count.add_file(b"#ifdef X\n#include \"boost/asio.hpp\"\n#endif\n#include MACRO\n#if __has_include(<boost/any.hpp>)\n#endif\n");
        let mut other = Count::new(&known);
        other.add_file(b"#include <boost/asio.hpp>\n#include <vector>\n");
        count.merge(other);
        let uses = |uses: Uses| (uses.includes, uses.conditional, uses.files);
        assert_eq!(uses(count.headers["boost/asio.hpp"].uses), (4, 1, 3));
        assert_eq!(uses(count.libraries["asio"]), (5, 1, 3));
        assert_eq!(
            (
                count.files,
                count.includes,
                count.computed,
                count.probes,
                count.boost_files
            ),
            (3, 6, 1, 1, 3)
        );
        assert_eq!(count.ranked_headers()[0].0, "boost/asio.hpp");
        assert!(!count.headers.contains_key("boost/any.hpp"));
    }
}
