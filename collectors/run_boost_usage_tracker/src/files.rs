//! Which files of a tree count as C or C++. Pure, but for the globs' compilation.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::Path;

use collector_kit::{Category, Failure};
use ignore::overrides::{Override, OverrideBuilder};

/// The usual extensions, in lower case: whatever ends before a C or C++ preprocessor. A file that
/// is something else after all has no line that this would take for an include.
#[rustfmt::skip] // by kind
const USUAL: [&str; 61] = [
    // C and C++.
    "c", "cc", "cp", "cpp", "cxx", "c++", "h", "hh", "hp", "hpp", "hxx", "h++", "hcc", "ihh",
    // Parts that others include.
    "def", "icc", "ii", "imp", "impl", "inc", "incl", "inl", "inline", "ino", "ipp", "ixx", "tcc", "tpl", "tpp", "txx", "xpp",
    // Modules.
    "c++m", "ccm", "cppm", "cxxm", "mpp", "mxx",
    // CUDA, HIP, OpenCL, Metal, ISPC; Objective-C.
    "cu", "cuh", "hip", "cl", "clcpp", "metal", "ispc", "m", "mm",
    // What generators copy includes from: yacc, lex, Ragel, re2c, SWIG, Qt, gperf, ECPG.
    "y", "yy", "ypp", "yxx", "l", "ll", "lpp", "lxx", "rl", "re", "i", "swg", "moc", "gperf", "pgc",
];
/// What a file ends in that becomes the file without it: `config.h.in` becomes a header.
const TEMPLATES: [&str; 17] = [
    "in", "cmake", "cmakein", "cmake-in", "meson", "qmake", "template", "templ", "tmpl", "j2", "jinja",
    "jinja2", "mako", "erb", "inja", "mustache", "gotmpl",
];
/// Longer extensions are none that anybody chose, in bytes.
const LONGEST_SUFFIX: usize = 16;
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
        let Some(extension) = path.extension() else {
            return Counts::IfItSaysSo;
        };
        let Some(extension) = extension.to_str().map(str::to_ascii_lowercase) else {
            return Counts::No;
        };
        if self.extensions.contains(&extension) {
            return Counts::Yes;
        }
        // Then the rest of the name decides: `system.hh.in`, and `vector.in` if it says so.
        if TEMPLATES.contains(&extension.as_str()) {
            return path
                .file_stem()
                .map_or(Counts::No, |stem| self.counts(Path::new(stem)));
        }
        Counts::No
    }
}

/// What a file that does not count by its name is counted by: its extension, in lower case; none
/// where it has none, or one that is no word.
pub(crate) fn suffix(path: &Path) -> Option<String> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    let is_word = extension.len() <= LONGEST_SUFFIX
        && extension
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-_".contains(c));
    (is_word && extension.chars().any(|c| c.is_ascii_alphabetic())).then_some(extension)
}

/// Whether the directory is not worth entering.
pub(crate) fn is_history(name: &OsStr) -> bool {
    NOT_SOURCES.iter().any(|history| name == *history)
}

/// Whether the first line of a file without an extension holds the editor's
/// mark `-*- C++ -*-`, as all such headers of the C++ standard libraries do.
pub(crate) fn names_itself_cpp(text: &[u8]) -> bool {
    let first = &text[..memchr::memchr(b'\n', text).unwrap_or(text.len()).min(SNIFFED)];
    let Some(start) = memchr::memmem::find(first, b"-*-") else {
        return false;
    };
    let rest = &first[start + 3..];
    let mark = &rest[..memchr::memmem::find(rest, b"-*-").unwrap_or(0)];
    // `-*- mode: c++; tab-width: 4 -*-`, too.
    let mark = String::from_utf8_lossy(mark).to_ascii_lowercase();
    mark.split([';', ':']).any(|word| word.trim() == "c++")
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
        for name in [
            "a.cpp", "a.HPP", "x.y.h", "a.C", "d/a.ipp", "a.h++", "a.inc", "a.cuh", "a.cppm",
        ] {
            assert_eq!(rules.counts(Path::new(name)), Counts::Yes, "{name}");
        }
        for name in [
            "system.hh.in",
            "A.HPP.IN",
            "config.h.cmake.in",
            "x.cpp.j2",
            "a.h.template",
            ".in/a.c.tmpl",
        ] {
            assert_eq!(rules.counts(Path::new(name)), Counts::Yes, "{name}");
        }
        for name in ["a.rs", "a.txt", "a.py.in", "a.d/b.txt", "a.in.txt", "a.hpp.orig"] {
            assert_eq!(rules.counts(Path::new(name)), Counts::No, "{name}");
        }
        for name in ["vector", "vector.in", "Makefile.in", ".in", "a.h/b"] {
            assert_eq!(rules.counts(Path::new(name)), Counts::IfItSaysSo, "{name}");
        }
        let only = Rules::new(&[".Foo".to_owned()], &[], 1, 0).unwrap();
        assert_eq!(only.counts(Path::new("a.foo")), Counts::Yes);
        assert_eq!(only.counts(Path::new("a.foo.in")), Counts::Yes);
        assert_eq!(only.counts(Path::new("a.cpp")), Counts::No);
    }

    #[test]
    fn the_lists_are_of_words_each_once() {
        let all: HashSet<&str> = USUAL.iter().chain(&TEMPLATES).copied().collect();
        assert_eq!(all.len(), USUAL.len() + TEMPLATES.len());
        assert!(
            all.iter()
                .all(|one| suffix(Path::new(&format!("x.{one}"))).as_deref() == Some(*one))
        );
    }

    #[test]
    fn what_is_left_out_has_a_suffix_that_is_a_word() {
        let of = |name: &str| suffix(Path::new(name));
        assert_eq!(of("a/b.HTML").as_deref(), Some("html"));
        for name in [
            "README",
            "libx.so.1",
            "a.b c",
            "x.\u{202e}txt",
            "a.aaaaaaaaaaaaaaaaa",
            ".bashrc",
        ] {
            assert_eq!(of(name), None, "{name}");
        }
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
        assert!(names_itself_cpp(b"// -*-C++-*-") && names_itself_cpp(b"/* -*- mode: c++; x: 4 -*- */\n"));
        assert!(!names_itself_cpp(b"# -*- Python -*-\n") && !names_itself_cpp(b"C++ -*-"));
        assert!(is_binary(b"\x7fELF\0") && !is_binary(b"int x;"));
    }
}
