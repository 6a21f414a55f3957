//! From a path or bytes to a validated value: the doors of `config`.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::config::problems::codes::{Code, Severity};
use crate::config::problems::diagnostic::Diagnostic;
use crate::config::problems::gather::Problems;
use crate::config::schedule::file::schedule;
use crate::config::schedule::yaml_11::report_truths;
use crate::config::settings::dotenv::{Dotenv, parse_dotenv};
use crate::config::settings::file::{Settings, settings};
use crate::config::yaml::guard;
use crate::config::yaml::node::Node;
use crate::config::yaml::reader;
use crate::config::yaml::source::Source;
use crate::input::read_named;
use crate::model::Schedule;

/// The most of a file that is read.
const LIMIT: u64 = guard::MAX_BYTES as u64;

/// A value, and what is odd about its file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Loaded<T> {
    /// What the file says.
    pub(crate) value: T,
    /// Warnings, in the order of the file.
    pub(crate) warnings: Vec<Diagnostic>,
}

/// Why a file is of no use.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum LoadError {
    /// There is no such file.
    NotFound(Box<Diagnostic>),
    /// It exists and cannot be read.
    Unreadable(Box<Diagnostic>),
    /// It was read and is wrong; at least one diagnostic is an error.
    Invalid(Vec<Diagnostic>),
}

impl LoadError {
    /// What to show, never empty.
    pub(crate) fn diagnostics(&self) -> &[Diagnostic] {
        match self {
            Self::NotFound(diagnostic) | Self::Unreadable(diagnostic) => std::slice::from_ref(diagnostic),
            Self::Invalid(diagnostics) => diagnostics,
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.diagnostics() {
            [only] => only.fmt(f),
            all => {
                let errors = all
                    .iter()
                    .filter(|diagnostic| diagnostic.severity == Severity::Error)
                    .count();
                let file = all.first().map_or("the file", |first| &first.file);
                write!(f, "{file}: {errors} errors")
            }
        }
    }
}

impl std::error::Error for LoadError {}

/// Reads and validates a schedule file.
///
/// # Errors
/// The file cannot be read, or is no valid schedule; then with every problem.
pub(crate) fn load_schedule(path: &Path) -> Result<Loaded<Schedule>, LoadError> {
    let hint = "orchestrate init makes a first project here; --schedule-file or BOOST_COLLECTOR_SCHEDULE_YAML names another file";
    load(path, hint, parse_schedule)
}

/// The bytes of a schedule file, as they are.
///
/// # Errors
/// It cannot be read, or is larger than any schedule may be.
pub(crate) fn read_schedule_file(path: &Path) -> io::Result<Vec<u8>> {
    read_named(path, LIMIT)
}

/// What a program that reads the same schedule file with PyYAML would trip over. Nothing where
/// the file cannot be read: whoever loads it says so.
pub(crate) fn warn_of_yaml_11(path: &Path) -> Vec<Diagnostic> {
    let Ok(bytes) = read_named(path, LIMIT) else {
        return Vec::new();
    };
    let warned = parse(&path.display().to_string(), &bytes, truths);
    warned.map_or_else(|_| Vec::new(), |((), warnings)| warnings)
}

fn truths(root: &Node, report: &mut Problems<'_>) -> Option<()> {
    report_truths(root, report);
    Some(())
}

/// Reads and validates a settings file.
///
/// # Errors
/// As for [`load_schedule`]. The default file may be absent: that is
/// [`LoadError::NotFound`], which its caller turns into `Settings::default()`.
pub(crate) fn load_settings(path: &Path) -> Result<Loaded<Settings>, LoadError> {
    load(
        path,
        "name another file with --config or ORCHESTRATE_CONFIG",
        parse_settings,
    )
}

/// Reads a `.env` file. One that is not there, or is a directory (as a virtual environment
/// may be), says nothing; one that cannot be read costs a warning and never an end: whoever
/// only looks needs none of it.
pub(crate) fn load_dotenv(path: &Path, outer: &dyn Fn(&str) -> Option<String>) -> Dotenv {
    let name = path.display().to_string();
    match read_named(path, LIMIT) {
        Ok(bytes) => parse_dotenv(&name, &bytes, outer),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory) => {
            Dotenv::default()
        }
        Err(error) => Dotenv::unreadable(&name, &error.to_string()),
    }
}

/// Validates the bytes of a schedule file. Returns warnings beside the
/// schedule. Pure but for the time zone database.
///
/// # Errors
/// Every problem, warnings included, in the order of the file.
pub fn parse_schedule(file_name: &str, bytes: &[u8]) -> Result<(Schedule, Vec<Diagnostic>), Vec<Diagnostic>> {
    parse(file_name, bytes, schedule)
}

/// Validates the bytes of a settings file.
///
/// # Errors
/// As for [`parse_schedule`].
pub(crate) fn parse_settings(
    file_name: &str,
    bytes: &[u8],
) -> Result<(Settings, Vec<Diagnostic>), Vec<Diagnostic>> {
    parse(file_name, bytes, settings)
}

fn parse<T>(
    file_name: &str,
    bytes: &[u8],
    walk: fn(&Node, &mut Problems<'_>) -> Option<T>,
) -> Result<(T, Vec<Diagnostic>), Vec<Diagnostic>> {
    let text = guard::inspect(file_name, bytes).map_err(|diagnostic| vec![*diagnostic])?;
    let source = Source::new(file_name, text);
    let mut report = Problems::new(&source);
    let value = reader::read(&mut report).and_then(|root| walk(&root, &mut report));
    report.finish(value)
}

type Parsed<T> = Result<(T, Vec<Diagnostic>), Vec<Diagnostic>>;

fn load<T>(path: &Path, hint: &str, parse: fn(&str, &[u8]) -> Parsed<T>) -> Result<Loaded<T>, LoadError> {
    let name = path.display().to_string();
    let bytes = match read_named(path, LIMIT) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::FileTooLarge => {
            return Err(LoadError::Invalid(vec![guard::too_large(&name)]));
        }
        Err(error) => {
            let diagnostic = Box::new(Diagnostic {
                severity: Severity::Error,
                code: Code::Unreadable,
                message: format!("cannot read the file: {error}"),
                hint: Some(hint.to_owned()),
                file: name,
                line: 1,
                column: 1,
                excerpt: None,
            });
            return Err(match error.kind() {
                ErrorKind::NotFound => LoadError::NotFound(diagnostic),
                _ => LoadError::Unreadable(diagnostic),
            });
        }
    };
    match parse(&name, &bytes) {
        Ok((value, warnings)) => Ok(Loaded { value, warnings }),
        Err(diagnostics) => Err(LoadError::Invalid(diagnostics)),
    }
}
