//! What the user named: a path or a URL, and how it is called from then on.
//! Pure; whether it exists is found out by [`crate::repository`].

use std::path::PathBuf;

use collector_kit::fnv1a;

/// A repository as named on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A directory on this machine.
    Path(PathBuf),
    /// Something to fetch from: `https://…`, `ssh://…`, `file://…`, `host:path`.
    Url(String),
}

impl Source {
    /// Reads it as git does: with a scheme, or with a colon before the first
    /// slash, it is a URL; else a path (`git-clone(1)`, "GIT URLS").
    pub(crate) fn parse(text: &str) -> Self {
        let before_slash = text.split('/').next().unwrap_or(text);
        if text.contains("://") || before_slash.contains(':') {
            Self::Url(text.to_owned())
        } else {
            Self::Path(PathBuf::from(text))
        }
    }

    /// What its name is going to be, as far as that is known before it is opened.
    pub(crate) fn name(&self) -> String {
        let id = match self {
            Self::Path(path) => path
                .canonicalize()
                .map_or_else(|_| self.shown(), |path| path.display().to_string()),
            Self::Url(url) => remote_id(url),
        };
        short_name(&id).to_owned()
    }

    /// How it may be shown: a URL without user name and password.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Path(path) => path.display().to_string(),
            Self::Url(url) => without_credentials(url),
        }
    }
}

/// What stands before the host in a URL, with its `@`: `me:s3cret@`; empty where there is nothing.
pub(crate) fn credentials(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let ends = if rest.len() == url.len() { ':' } else { '/' };
    // An scp-like address ends its host with a colon, and has no password.
    let authority = rest.find(ends).map_or(rest, |end| &rest[..end]);
    authority.rfind('@').map_or("", |at| &authority[..=at])
}

/// The URL without its [`credentials`].
pub(crate) fn without_credentials(url: &str) -> String {
    match credentials(url) {
        "" => url.to_owned(),
        secret => url.replacen(secret, "", 1),
    }
}

/// The lasting name of a repository behind a URL: host and path, whatever the
/// protocol: `github.com/boostorg/asio` for its https, ssh and scp-like URLs.
pub(crate) fn remote_id(url: &str) -> String {
    let bare = without_credentials(url);
    let place = match bare.split_once("://") {
        Some((_, rest)) => rest.to_owned(),
        None => bare.replacen(':', "/", 1),
    };
    let place = place.trim_end_matches('/');
    place.strip_suffix(".git").unwrap_or(place).to_owned()
}

/// The last part of an id, for people: `asio`.
pub(crate) fn short_name(id: &str) -> &str {
    let name = id.trim_end_matches('/').rsplit('/').next().unwrap_or(id);
    let name = name.strip_suffix(".git").unwrap_or(name);
    if name.is_empty() { id } else { name }
}

/// A file name for an id: readable, and different for different ids.
pub(crate) fn file_stem(id: &str) -> String {
    let readable: String = short_name(id)
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') {
                c
            } else {
                '_'
            }
        })
        .take(60)
        .collect();
    format!("{readable}-{:016x}", fnv1a(id.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_paths_are_told_apart() {
        for url in ["https://h/x", "file:///x", "git@h:x/y.git", "host:x"] {
            assert!(matches!(Source::parse(url), Source::Url(_)), "{url}");
        }
        for path in [".", "/srv/x", "../x", "./a:b", "x/y:z", "-x"] {
            assert!(matches!(Source::parse(path), Source::Path(_)), "{path}");
        }
    }

    #[test]
    fn credentials_are_never_shown() {
        let shown = |url: &str| Source::parse(url).shown();
        assert_eq!(shown("https://me:s3cret@h.org/x.git"), "https://h.org/x.git");
        assert_eq!(shown("https://tok@en@h.org:8443/x@y"), "https://h.org:8443/x@y");
        assert_eq!(shown("git@h.org:x/y.git"), "h.org:x/y.git");
    }

    #[test]
    fn one_repository_has_one_id() {
        for url in [
            "https://github.com/boostorg/asio.git",
            "https://me:pw@github.com/boostorg/asio",
            "ssh://git@github.com/boostorg/asio.git/",
            "git@github.com:boostorg/asio.git",
        ] {
            assert_eq!(remote_id(url), "github.com/boostorg/asio", "{url}");
        }
        assert_eq!(remote_id("file:///srv/x.git"), "/srv/x");
    }

    #[test]
    fn file_names_are_safe_and_distinct() {
        assert_eq!(short_name("github.com/boostorg/asio"), "asio");
        assert_eq!(short_name("/"), "/");
        let (a, b) = (file_stem("/one/asio"), file_stem("/two/asio"));
        assert!(a.starts_with("asio-") && b.starts_with("asio-") && a != b);
        assert!(!file_stem("/../..").contains(['/', '.']));
    }
}
