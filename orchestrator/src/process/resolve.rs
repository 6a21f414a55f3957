//! Which executable a command names. Looks at the file system and changes nothing;
//! `check`, `plan` and the engine use it. It must never go through a shell, and
//! never through the caller's own PATH.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::model::nearest;
use crate::process::explain;
use crate::process::explain::start_problem::StartProblem;
use crate::process::resolve::directory::{
    Ambiguous, all_in, backup_in, candidates, find_in, is_executable, is_there, names_in,
};

pub(crate) mod backups;
pub(crate) mod content_hash;
pub(crate) mod directory;

/// Where collectors are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collectors {
    /// `--collectors-dir`, the first match wins.
    pub directories: Vec<PathBuf>,
    /// The directory of the `orchestrate` binary: collectors that are built with it
    /// lie beside it. Not looked at where there is a fallback: programs that came with
    /// us would stand in the way of the application's commands.
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
    fn bare(program: PathBuf) -> Self {
        Self {
            program,
            leading_args: Vec::new(),
        }
    }

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

    /// Why it will probably not start, where only the kernel knows for certain.
    pub fn doubt(&self, command: &str) -> Option<NotFound> {
        let problem = explain::doubt_about(&self.program)?;
        Some(unusable(command, &self.program, problem))
    }
}

/// Why nothing can be executed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NotFound {
    /// Whether a file is there, but cannot be executed or is one of several.
    pub is_there: bool,
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
    /// Finds the executable for a command, and looks whether the kernel would execute it.
    ///
    /// # Errors
    /// [`NotFound`], which also tells of a file that is there but cannot be executed.
    pub fn resolve(&self, command: &str, search_path: Option<&OsStr>) -> Result<Resolved, NotFound> {
        let found = self.find(command, search_path)?;
        match explain::problem_with(&found.program) {
            None => Ok(found),
            Some(problem) => Err(unusable(command, &found.program, problem)),
        }
    }

    /// Finds what a command names. `search_path` is the PATH in the collector's environment;
    /// only the fallback's program is looked for in it. Who starts it at once leaves it to the
    /// kernel whether it can be executed: to look beforehand costs as much as to start it.
    ///
    /// # Errors
    /// [`NotFound`]: no file has the name, or more than one.
    pub(crate) fn find(&self, command: &str, search_path: Option<&OsStr>) -> Result<Resolved, NotFound> {
        if command.contains('/') {
            return Ok(Resolved::bare(PathBuf::from(command)));
        }
        for directory in &self.directories {
            match find_in(directory, command) {
                Ok(Some(program)) => return Ok(Resolved::bare(program)),
                Ok(None) => {}
                Err(Ambiguous(programs)) => return Err(ambiguous(command, &programs)),
            }
        }
        if let Some((program, arguments)) = self.fallback.split_first() {
            return fall_back(command, program, arguments, search_path);
        }
        let mut beside = self.beside.iter().map(|directory| directory.join(command));
        match beside.find(|path| is_there(path)) {
            Some(program) => Ok(Resolved::bare(program)),
            None => Err(self.not_found(command)),
        }
    }

    /// Programs that have the name of a command too, but are not what it means: those
    /// behind the first one, and one beside us where a fallback stands before it.
    pub fn passed_over(&self, command: &str, meant: &Resolved) -> Vec<PathBuf> {
        if command.contains('/') {
            return Vec::new();
        }
        let own = self
            .directories
            .iter()
            .flat_map(|directory| all_in(directory, command));
        let beside = self.beside.iter().map(|directory| directory.join(command));
        let beside = beside.filter(|path| is_executable(path));
        // One file that is reached in two ways is one program.
        let real = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
        let mut seen = vec![real(&meant.program)];
        let mut others = Vec::new();
        for path in own.chain(beside) {
            let file = real(&path);
            if !seen.contains(&file) {
                seen.push(file);
                others.push(path);
            }
        }
        others
    }

    /// The same, but what is not found is no collector.
    pub(crate) fn without_fallback(&self) -> Self {
        let beside = self.beside.clone().filter(|_| self.fallback.is_empty());
        Self {
            directories: self.directories.clone(),
            beside,
            fallback: Vec::new(),
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
        NotFound {
            is_there: false,
            message: format!("there is no collector {command:?} in {}", places.join(", ")),
            hint: self.hint_of_files(command).or(near),
        }
    }

    /// What to do about files that have the name and are not what is looked for.
    fn hint_of_files(&self, command: &str) -> Option<String> {
        let first = |find: fn(&Path, &str) -> Option<PathBuf>| {
            self.directories
                .iter()
                .find_map(|directory| find(directory, command))
        };
        if let Some(file) = first(|directory, command| candidates(directory, command).into_iter().next()) {
            let file = file.display();
            return Some(format!(
                "{file} is not executable; chmod +x if it is the collector"
            ));
        }
        let backup = first(backup_in)?;
        Some(format!(
            "{} is left out as a backup; rename it if it is the collector",
            backup.display()
        ))
    }
}

fn ambiguous(command: &str, programs: &[PathBuf]) -> NotFound {
    let names: Vec<_> = programs.iter().map(|path| path.display().to_string()).collect();
    NotFound {
        is_there: true,
        message: format!("{command} could be any of {}", names.join(", ")),
        hint: Some("write the path, or take the executable bit from the others".to_owned()),
    }
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
            is_there: false,
            message: format!(
                "there is no collector {command:?}, and the fallback's {program} is not in PATH"
            ),
            hint: Some(format!("install {program}, or write its path in the fallback")),
        })?
    };
    let leading_args = arguments
        .iter()
        .map(|argument| argument.replace("{command}", command).into())
        .collect();
    Ok(Resolved {
        program,
        leading_args,
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

fn unusable(command: &str, program: &Path, problem: StartProblem) -> NotFound {
    NotFound {
        is_there: !problem.missing,
        message: format!(
            "{command} cannot be executed: {}: {}",
            program.display(),
            problem.message
        ),
        hint: problem.hint,
    }
}

#[cfg(test)]
mod tests;
