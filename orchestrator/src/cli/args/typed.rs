//! Paths as they were typed: relative to where they were typed, also where the verb works
//! elsewhere, in the project directory that was found above.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use clap::builder::{PathBufValueParser, TypedValueParser};

/// Where words were typed, once that is not where we work.
static TYPED_IN: OnceLock<PathBuf> = OnceLock::new();

/// From now on, what was typed is relative to `directory`.
pub(crate) fn set_typed_in(directory: PathBuf) {
    // A process works for one project.
    let _ = TYPED_IN.set(directory);
}

/// Takes the path of a file or directory on the command line.
pub(crate) fn typed_path_parser() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().map(|path| typed_path(&path))
}

/// A path that was typed, or stands in a variable of the process.
pub(crate) fn typed_path(path: &Path) -> PathBuf {
    place(TYPED_IN.get().map(PathBuf::as_path), path)
}

/// A URL that was typed: that of a SQLite file holds a path.
pub(crate) fn typed_url(url: &str) -> String {
    place_url(TYPED_IN.get().map(PathBuf::as_path), url)
}

/// A command that was typed: with a slash it is a path.
pub(crate) fn typed_command(command: &str) -> String {
    match TYPED_IN.get() {
        Some(directory) if command.contains('/') => {
            place(Some(directory), Path::new(command)).display().to_string()
        }
        _ => command.to_owned(),
    }
}

fn place(directory: Option<&Path>, path: &Path) -> PathBuf {
    directory.map_or_else(|| path.to_owned(), |directory| directory.join(path))
}

fn place_url(directory: Option<&Path>, url: &str) -> String {
    match (url.strip_prefix("sqlite:"), directory) {
        (Some(path), Some(directory)) => {
            let path = path.strip_prefix("//").unwrap_or(path);
            // An absolute one has several spellings, and what they mean is not for here.
            if path.starts_with(['/', ':']) {
                return url.to_owned();
            }
            format!("sqlite:{}", directory.join(path).display())
        }
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_relative_to_where_it_was_typed() {
        let below = Some(Path::new("/project/below"));
        assert_eq!(place(below, Path::new("x")), Path::new("/project/below/x"));
        assert_eq!(place(below, Path::new("/x")), Path::new("/x"));
        assert_eq!(place(None, Path::new("x")), Path::new("x"));
        for (typed, meant) in [
            ("sqlite:x.db", "sqlite:/project/below/x.db"),
            ("sqlite://x.db?mode=ro", "sqlite:/project/below/x.db?mode=ro"),
            ("sqlite:///x.db", "sqlite:///x.db"),
            ("sqlite::memory:", "sqlite::memory:"),
            ("postgres://h/x", "postgres://h/x"),
        ] {
            assert_eq!(place_url(below, typed), meant);
            assert_eq!(place_url(None, typed), typed);
        }
    }
}
