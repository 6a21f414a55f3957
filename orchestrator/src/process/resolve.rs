//! Which executable a command names. Looks at the file system and changes nothing;
//! `check`, `plan` and the engine use it. It must never go through a shell, and
//! never through the caller's own PATH.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

use crate::model::nearest;
use crate::process::explain::{self, StartProblem};

/// Where collectors are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collectors {
    /// `--collectors-dir`, the first match wins.
    pub directories: Vec<PathBuf>,
    /// The directory of the `orchestrate` binary: collectors that are built with it
    /// lie beside it.
    pub beside: Option<PathBuf>,
    /// What to run for a command that is not found: a program (a path, or a name
    /// for the PATH of the collector) and arguments, with `{command}` in place of
    /// the command. Empty for none.
    pub fallback: Vec<String>,
}

/// What to execute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The executable.
    pub program: PathBuf,
    /// Arguments before the task's own.
    pub leading_args: Vec<OsString>,
}

impl Resolved {
    /// How it would be typed, the task's own arguments excepted.
    pub fn display(&self) -> String {
        let arguments = self
            .leading_args
            .iter()
            .map(|argument| argument.to_string_lossy());
        let words: Vec<_> = std::iter::once(self.program.to_string_lossy())
            .chain(arguments)
            .collect();
        words.join(" ")
    }
}

/// Why nothing can be executed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NotFound {
    /// What is wrong, with the places that were looked at.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl From<NotFound> for crate::model::SpawnError {
    fn from(error: NotFound) -> Self {
        Self {
            message: error.message,
            hint: error.hint,
        }
    }
}

impl Collectors {
    /// Finds the executable for a command. `search_path` is the PATH in the
    /// collector's environment; only the fallback's program is looked for in it.
    ///
    /// # Errors
    /// [`NotFound`], which also tells of a file that is there but cannot be executed.
    pub fn resolve(&self, command: &str, search_path: Option<&OsStr>) -> Result<Resolved, NotFound> {
        if command.contains('/') {
            return usable(command, PathBuf::from(command));
        }
        for directory in &self.directories {
            if let Some(program) = find_in(directory, command)? {
                return usable(command, program);
            }
        }
        let beside = self.beside.iter().map(|directory| directory.join(command));
        if let Some(program) = beside.into_iter().find(|path| is_executable(path)) {
            return usable(command, program);
        }
        if let Some((program, arguments)) = self.fallback.split_first() {
            return fall_back(command, program, arguments, search_path);
        }
        Err(self.not_found(command))
    }

    /// The same, but what is not found is no collector.
    pub(crate) fn without_fallback(&self) -> Self {
        Self {
            fallback: Vec::new(),
            ..self.clone()
        }
    }

    fn not_found(&self, command: &str) -> NotFound {
        let places: Vec<_> = self
            .directories
            .iter()
            .chain(&self.beside)
            .map(|directory| directory.display().to_string())
            .collect();
        let names: Vec<_> = self
            .directories
            .iter()
            .flat_map(|directory| names_in(directory))
            .collect();
        let near = nearest(command, names.iter().map(String::as_str));
        let near = near.map(|near| format!("did you mean {near}?"));
        let not_executable = || {
            let file = self
                .directories
                .iter()
                .find_map(|directory| candidates(directory, command).into_iter().next())?;
            Some(format!(
                "{} is not executable; chmod +x if it is the collector",
                file.display()
            ))
        };
        NotFound {
            message: format!("no collector {command} in {}", places.join(", ")),
            hint: not_executable().or(near),
        }
    }
}

/// `DIR/NAME`, `DIR/NAME.*`, `DIR/NAME/NAME`, in this order.
fn find_in(directory: &Path, command: &str) -> Result<Option<PathBuf>, NotFound> {
    let exact = directory.join(command);
    if exact.symlink_metadata().is_ok() && !exact.is_dir() {
        return Ok(Some(exact));
    }
    let candidates = candidates(directory, command);
    let executable: Vec<_> = candidates.iter().filter(|path| is_executable(path)).collect();
    match executable.as_slice() {
        [] => {}
        [program] => return Ok(Some(program.to_path_buf())),
        several => {
            let names: Vec<_> = several.iter().map(|path| path.display().to_string()).collect();
            return Err(NotFound {
                message: format!("{command} could be any of {}", names.join(", ")),
                hint: Some("write the path, or take the executable bit from the others".to_owned()),
            });
        }
    }
    // A script without the executable bit is a mistake; a README.md is not.
    if let Some(script) = candidates
        .into_iter()
        .find(|path| explain::has_interpreter_line(path))
    {
        return Ok(Some(script));
    }
    let nested = exact.join(command);
    Ok(nested.is_file().then_some(nested))
}

/// Files named `NAME.*`, sorted.
fn candidates(directory: &Path, command: &str) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| {
            let name = entry.file_name();
            let extension = name
                .to_str()
                .and_then(|name| name.strip_prefix(command)?.strip_prefix('.'));
            extension.is_some_and(|extension| !extension.is_empty())
        })
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect();
    found.sort();
    found
}

/// What a directory has to offer, by the names under which it would be found.
fn names_in(directory: &Path) -> Vec<String> {
    fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let path = entry.path();
            let name = entry.file_name().into_string().ok()?;
            if is_executable(&path) {
                path.file_stem()?.to_str().map(str::to_owned)
            } else {
                is_executable(&path.join(&name)).then_some(name)
            }
        })
        .collect()
}

fn fall_back(
    command: &str,
    program: &str,
    arguments: &[String],
    search_path: Option<&OsStr>,
) -> Result<Resolved, NotFound> {
    let program = if program.contains('/') {
        PathBuf::from(program)
    } else {
        find_program(program, search_path).ok_or_else(|| NotFound {
            message: format!("no collector {command}, and the fallback's {program} is not in PATH"),
            hint: Some(format!("install {program}, or write its path in the fallback")),
        })?
    };
    let leading_args = arguments
        .iter()
        .map(|argument| argument.replace("{command}", command).into())
        .collect();
    usable(command, program).map(|resolved| Resolved {
        leading_args,
        ..resolved
    })
}

/// A program that is no collector, in the directories of a PATH.
pub fn find_program(program: &str, search_path: Option<&OsStr>) -> Option<PathBuf> {
    std::env::split_paths(search_path.unwrap_or_default())
        // An empty entry would mean the working directory: by accident, nearly always.
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join(program))
        .find(|path| is_executable(path))
}

fn usable(command: &str, program: PathBuf) -> Result<Resolved, NotFound> {
    match explain::problem_with(&program) {
        None => Ok(Resolved {
            program,
            leading_args: Vec::new(),
        }),
        Some(StartProblem { message, hint }) => Err(NotFound {
            message: format!("{command} cannot be executed: {}: {message}", program.display()),
            hint,
        }),
    }
}

fn is_executable(path: &Path) -> bool {
    path.is_file() && access(path, AccessFlags::X_OK).is_ok()
}

#[cfg(test)]
mod tests;
