//! Which files of a tree count as C or C++. Pure, but for the globs' compilation.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::Path;

use collector_kit::{Category, Failure};
use ignore::overrides::{Override, OverrideBuilder};

/// The usual extensions, in lower case: C, C++, its modules and inline parts, CUDA, Objective-C.
const USUAL: [&str; 26] = [
    "c", "cc", "cp", "cpp", "cxx", "c++", "h", "hh", "hp", "hpp", "hxx", "h++", "inl", "ipp", "ixx", "tcc",
    "tpp", "txx", "cppm", "ccm", "cxxm", "c++m", "cu", "cuh", "m", "mm",
];
/// Directories that hold history, not sources.
const NOT_SOURCES: [&str; 3] = [".git", ".hg", ".svn"];
/// How much of a file decides whether it is binary, in bytes (as git and grep do it).
const SNIFFED: usize = 8 << 10;

/// What counts.
#[derive(Debug)]
pub(crate) struct Rules {
    extensions: HashSet<String>,
    excluded: Vec<String>,
    /// Larger files are left out, in bytes.
    pub(crate) max_size: u64,
    /// Threads; 0 for one per core.
    pub(crate) threads: usize,
}

/// Whether a file counts, as far as its name tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counts {
    /// It does.
    Yes,
    /// It does if its first line says so ([`names_itself_cpp`]): it has no extension.
    IfItSaysSo,
    /// It does not.
    No,
}

impl Rules {
    /// The usual extensions where none are given. Errors: an extension with a
    /// slash, or a glob that cannot be understood (64).
    pub(crate) fn new(
        extensions: &[String],
        excluded: &[String],
        max_size: u64,
        threads: usize,
    ) -> anyhow::Result<Self> {
        let mut set = HashSet::new();
        for extension in extensions {
            let bare = extension.trim_start_matches('.').to_lowercase();
            if bare.is_empty() || bare.contains('/') {
                return Err(Failure::new(
                    Category::Usage,
                    format!("--extension {extension:?} is no extension"),
                )
                .hint("write it like this: --extension hpp")
                .into());
            }
            set.insert(bare);
        }
        if extensions.is_empty() {
            set.extend(USUAL.map(str::to_owned));
        }
        let rules = Self {
            extensions: set,
            excluded: excluded.to_vec(),
            max_size,
            threads,
        };
        // Said now, not after the first tree.
        rules.excluded(Path::new("/"))?;
        Ok(rules)
    }

    /// The exclusions, for this tree.
    pub(crate) fn excluded(&self, root: &Path) -> anyhow::Result<Override> {
        let wrong = |error: ignore::Error| {
            Failure::new(
                Category::Usage,
                format!("--exclude cannot be understood: {error}"),
            )
            .hint("it is a glob like build/** or *_test.cpp, in quotes")
        };
        let mut globs = OverrideBuilder::new(root);
        for glob in &self.excluded {
            globs.add(&format!("!{glob}")).map_err(wrong)?;
        }
        Ok(globs.build().map_err(wrong)?)
    }

    /// Whether a file of this name counts.
    pub(crate) fn counts(&self, path: &Path) -> Counts {
        match path.extension().map(OsStr::to_str) {
            None => Counts::IfItSaysSo,
            Some(Some(extension))
                if self.extensions.contains(extension)
                    || self.extensions.contains(extension.to_ascii_lowercase().as_str()) =>
            {
                Counts::Yes
            }
            Some(_) => Counts::No,
        }
    }
}

/// Whether the directory is not worth entering.
pub(crate) fn is_history(name: &OsStr) -> bool {
    NOT_SOURCES.iter().any(|history| name == *history)
}

/// Whether the first line of a file without an extension holds the editor's
/// mark `-*- C++ -*-`, as all such headers of the C++ standard libraries do.
pub(crate) fn names_itself_cpp(text: &[u8]) -> bool {
    let first = &text[..memchr::memchr(b'\n', text).unwrap_or(text.len().min(SNIFFED))];
    memchr::memmem::find(first, b"-*- C++ -*-").is_some()
}

/// Whether it holds a NUL near its beginning, which no source text does.
pub(crate) fn is_binary(content: &[u8]) -> bool {
    memchr::memchr(0, &content[..content.len().min(SNIFFED)]).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_decide() {
        let rules = Rules::new(&[], &[], 1, 0).unwrap();
        for name in ["a.cpp", "a.HPP", "x.y.h", "a.C", "d/a.ipp", "a.h++"] {
            assert_eq!(rules.counts(Path::new(name)), Counts::Yes, "{name}");
        }
        for name in ["a.rs", "a.hpp.in", "a.txt"] {
            assert_eq!(rules.counts(Path::new(name)), Counts::No, "{name}");
        }
        assert_eq!(rules.counts(Path::new("vector")), Counts::IfItSaysSo);
        let only = Rules::new(&[".Foo".to_owned()], &[], 1, 0).unwrap();
        assert_eq!(only.counts(Path::new("a.foo")), Counts::Yes);
        assert_eq!(only.counts(Path::new("a.cpp")), Counts::No);
    }

    #[test]
    fn wrong_rules_are_told() {
        assert!(Rules::new(&["a/b".to_owned()], &[], 1, 0).is_err());
        assert!(Rules::new(&[], &["a{".to_owned()], 1, 0).is_err());
    }

    #[test]
    fn content_decides_the_rest() {
        assert!(names_itself_cpp(b"// <vector> -*- C++ -*-\nx"));
        assert!(!names_itself_cpp(b"x\n// -*- C++ -*-"));
        assert!(is_binary(b"\x7fELF\0") && !is_binary(b"int x;"));
    }
}
