//! Where a database is, read from a URL. `sqlite:` keeps the meaning that sqlx gives it,
//! PostgreSQL has the forms of its own library (`postgres::url`). What is not known is refused:
//! a parameter that nobody reads would be part of nothing, or of a file's name.

use std::fmt;
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use sqlx::postgres::PgConnectOptions;

use crate::database::error::DatabaseError;
use crate::database::postgres::{server, url as postgres_url};
use crate::database::sqlite;
use crate::model::SchemaName;

/// What a file may be opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileAccess {
    /// It is made if it is not there.
    Create,
    /// It must be there.
    Write,
    /// It must be there, and stays as it is.
    Read,
    /// A run goes on that has it open: whoever looks takes SQLite's locks as well.
    InUse,
}

/// Where a database is. Cheap to clone; shows no password.
#[derive(Clone)]
pub enum DatabaseAddress {
    /// A file.
    Sqlite {
        /// Its path.
        file: PathBuf,
        /// What it may be opened for.
        access: FileAccess,
    },
    /// A server, and the schema of our tables there.
    Postgres {
        /// How to come to it.
        options: Box<PgConnectOptions>,
        /// Where our tables are.
        schema: SchemaName,
    },
}

impl fmt::Debug for DatabaseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl DatabaseAddress {
    /// A file by its path.
    pub fn file(path: &Path) -> Self {
        Self::Sqlite {
            file: path.to_owned(),
            access: FileAccess::Create,
        }
    }

    /// Reads a URL; the schema counts on PostgreSQL only.
    ///
    /// # Errors
    /// It is none of ours, or says something that is not known.
    pub fn parse(url: &str, schema: SchemaName) -> Result<Self, DatabaseError> {
        let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
        match scheme {
            "sqlite" => {
                let rest = url.strip_prefix("sqlite:").unwrap_or_default();
                let (file, access) = read_file(rest).map_err(|reason| DatabaseError::Url {
                    form: "sqlite: URL",
                    reason,
                })?;
                Ok(Self::Sqlite { file, access })
            }
            _ if matches!(scheme, "postgres" | "postgresql") || postgres_url::is_words(url) => {
                let options = postgres_url::options(url).map_err(|reason| DatabaseError::Url {
                    form: "postgres:// URL",
                    reason,
                })?;
                Ok(Self::Postgres {
                    options: Box::new(options),
                    schema,
                })
            }
            "" => Err(DatabaseError::Unsupported("URL without a scheme".to_owned())),
            other if other.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                Err(DatabaseError::Unsupported(format!("{other}:…")))
            }
            _ => Err(DatabaseError::Unsupported("URL".to_owned())),
        }
    }

    /// Whether a run goes on that has it open.
    pub(crate) fn is_in_use(&self) -> bool {
        matches!(
            self,
            Self::Sqlite {
                access: FileAccess::InUse,
                ..
            }
        )
    }

    /// The same, while a run goes on that has it open.
    pub(crate) fn in_use(mut self) -> Self {
        if let Self::Sqlite { access, .. } = &mut self {
            *access = FileAccess::InUse;
        }
        self
    }

    /// Which database it is, without its password.
    pub fn name(&self) -> String {
        match self {
            Self::Sqlite { file, .. } => sqlite::name(file),
            Self::Postgres { options, .. } => server::name(options),
        }
    }

    /// The file, if it is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Sqlite { file, .. } => Some(file),
            Self::Postgres { .. } => None,
        }
    }
}

/// A URL that names this file wherever it is read.
pub fn url_of_file(path: &Path) -> Option<String> {
    const ESCAPED: AsciiSet = CONTROLS.add(b'%').add(b'?').add(b'#');
    let path = path.to_str()?;
    Some(format!("sqlite:{}", utf8_percent_encode(path, &ESCAPED)))
}

/// What stands behind `sqlite:`.
fn read_file(rest: &str) -> Result<(PathBuf, FileAccess), String> {
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (path, query) = match rest.split_once('?') {
        Some((path, query)) => (path, query),
        None => (rest, ""),
    };
    let path = percent_decode_str(path).decode_utf8();
    let path = path.map_err(|_| "the path is not UTF-8".to_owned())?;
    if path == ":memory:" {
        return Err("a database in memory remembers nothing".to_owned());
    }
    if path.is_empty() {
        return Err("it names no file".to_owned());
    }
    if path.starts_with("file:") {
        return Err("write the path without `file:`".to_owned());
    }
    let mut access = FileAccess::Create;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        access = match pair.split_once('=').unwrap_or((pair, "")) {
            ("mode", "rwc") => FileAccess::Create,
            ("mode", "rw") => FileAccess::Write,
            ("mode", "ro") => FileAccess::Read,
            ("mode", "memory") => return Err("a database in memory remembers nothing".to_owned()),
            ("mode", other) => return Err(format!("`mode` is ro, rw or rwc, not {other:?}")),
            (name, _) => return Err(format!("the parameter {name:?} is not known here; `mode` is")),
        };
    }
    Ok((PathBuf::from(&*path), access))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<DatabaseAddress, DatabaseError> {
        DatabaseAddress::parse(url, SchemaName::default())
    }

    #[test]
    fn sqlite_urls_mean_what_they_mean_to_sqlx() {
        use FileAccess::{Create, Read, Write};
        for (url, path, access) in [
            ("sqlite:rel.db", "rel.db", Create),
            ("sqlite://rel.db", "rel.db", Create),
            ("sqlite:///abs.db", "/abs.db", Create),
            ("sqlite:/abs.db", "/abs.db", Create),
            ("sqlite:a/b%20c%3f.db", "a/b c?.db", Create),
            ("sqlite://hist.db?mode=rwc", "hist.db", Create),
            ("sqlite:hist.db?mode=rw", "hist.db", Write),
            ("sqlite:hist.db?mode=ro&", "hist.db", Read),
        ] {
            let DatabaseAddress::Sqlite { file, access: found } = parse(url).unwrap() else {
                panic!("{url}");
            };
            assert_eq!((file.to_str().unwrap(), found), (path, access), "{url}");
        }
    }

    #[test]
    fn a_file_that_is_none_and_a_parameter_that_nobody_reads_are_refused() {
        for (url, reason) in [
            ("sqlite::memory:", "a database in memory remembers nothing"),
            ("sqlite:x?mode=memory", "a database in memory remembers nothing"),
            ("sqlite:", "it names no file"),
            ("sqlite://?mode=rwc", "it names no file"),
            ("sqlite:file:x.db", "write the path without `file:`"),
            (
                "sqlite:x.db?cache=shared",
                "the parameter \"cache\" is not known here; `mode` is",
            ),
            (
                "sqlite:x.db?immutable=1",
                "the parameter \"immutable\" is not known here; `mode` is",
            ),
            ("sqlite:x.db?mode=rx", "`mode` is ro, rw or rwc, not \"rx\""),
        ] {
            let error = parse(url).unwrap_err().to_string();
            assert_eq!(
                error,
                format!("database: the sqlite: URL cannot be read: {reason}"),
                "{url}"
            );
        }
    }

    #[test]
    fn the_url_of_a_file_leads_back_to_it() {
        for path in ["/a/b.db", "/a b/%41?#x.db", "/ä.db"] {
            let url = url_of_file(Path::new(path)).unwrap();
            assert_eq!(parse(&url).unwrap().path(), Some(Path::new(path)), "{url}");
        }
    }

    #[test]
    fn another_database_is_refused_and_no_password_is_shown() {
        for (url, expected) in [
            (
                "mysql://me:s3cret@host/db",
                "database mysql:…: only sqlite: and postgres:// URLs are supported",
            ),
            (
                "s3cret",
                "database URL without a scheme: only sqlite: and postgres:// URLs are supported",
            ),
            (
                "me@s3cret:x",
                "database URL: only sqlite: and postgres:// URLs are supported",
            ),
            (
                "postgres://me:s3cret@host:port/db",
                "database: the postgres:// URL cannot be read: invalid port number",
            ),
        ] {
            let error = parse(url).unwrap_err();
            assert_eq!(error.to_string(), expected);
            assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        }
        let address = parse("postgres://me:s3cret@h/db").unwrap();
        assert_eq!(format!("{address:?}"), "postgres://me@h:5432/db");
    }
}
