//! Why an executable cannot be executed, in words and with a way out. The kernel
//! says ENOENT for a missing program, a missing interpreter and a Windows line
//! ending alike (execve(2)); this looks which it is. It reads, and changes nothing.

use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::{AccessFlags, access};

use crate::input::open_regular;
use crate::model::SpawnError;
use crate::process::protocol::Stage;

/// The kernel reads so much of a script to find its interpreter (execve(2)).
const HEAD: usize = 256;

/// Why it cannot be executed, as far as the file itself shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StartProblem {
    pub message: String,
    pub hint: Option<String>,
}

impl StartProblem {
    fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: Some(hint.into()),
        }
    }

    fn bare(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
        }
    }
}

/// The error for a collector that did not start.
pub(crate) fn spawn_error(program: &Path, directory: Option<&Path>, stage: Stage, errno: i32) -> SpawnError {
    let word = Errno::from_raw(errno);
    let StartProblem { message, hint } = match stage {
        Stage::Execute => executing(program, word),
        Stage::Directory => entering(directory, word),
        Stage::Limits => StartProblem::bare(format!("its resource limits cannot be set: {}", word.desc())),
        Stage::Prepare | Stage::Cgroup | Stage::Fork => StartProblem::bare(word.desc()),
    };
    SpawnError {
        message: format!("cannot start {}: {message}", program.display()),
        hint,
    }
}

/// The error for strings that exceed every limit of execve(2).
pub(crate) fn too_big(program: &Path) -> SpawnError {
    let StartProblem { message, hint } = executing(program, Errno::E2BIG);
    SpawnError {
        message: format!("cannot start {}: {message}", program.display()),
        hint,
    }
}

fn executing(program: &Path, errno: Errno) -> StartProblem {
    let found = match errno {
        Errno::ENOENT | Errno::EACCES => problem_with(program),
        Errno::ENOEXEC => Some(not_a_program(program)),
        _ => None,
    };
    found.unwrap_or_else(|| match errno {
        Errno::ENOENT => StartProblem::new(
            "the loader that it needs does not exist",
            "it was built for another system; `ldd` and `file` tell more",
        ),
        Errno::EACCES => StartProblem::new(
            "permission denied",
            "a directory above it must be searchable, and its file system not mounted noexec",
        ),
        Errno::E2BIG => StartProblem::new(
            "its arguments and environment are too long",
            "one argument may have 128 KiB; pass a file name instead",
        ),
        Errno::ETXTBSY => StartProblem::new("it is open for writing", "wait until it has been written"),
        _ => StartProblem::bare(errno.desc()),
    })
}

fn entering(directory: Option<&Path>, errno: Errno) -> StartProblem {
    let directory = directory.unwrap_or(Path::new("."));
    let name = directory.display();
    match errno {
        Errno::ENOENT => StartProblem::new(
            format!("its working directory {name} does not exist"),
            format!("create it: mkdir -p {name}"),
        ),
        Errno::ENOTDIR => StartProblem::bare(format!("its working directory {name} is not a directory")),
        _ => StartProblem::bare(format!(
            "its working directory {name} cannot be entered: {}",
            errno.desc()
        )),
    }
}

/// What is wrong with a file that should be executable; `None` if nothing is, or
/// nothing that can be seen without executing it.
pub(crate) fn problem_with(program: &Path) -> Option<StartProblem> {
    let Ok(metadata) = program.metadata() else {
        return Some(match program.symlink_metadata() {
            Ok(_) => StartProblem::bare("it is a link to a file that does not exist"),
            Err(_) => StartProblem::bare("it does not exist"),
        });
    };
    if metadata.is_dir() {
        return Some(StartProblem::new(
            "it is a directory",
            "name the executable in it",
        ));
    }
    if !metadata.is_file() {
        return Some(StartProblem::bare("it is not a regular file"));
    }
    if access(program, AccessFlags::X_OK).is_err() {
        return Some(StartProblem::new(
            "it is not executable",
            format!("chmod +x {}", program.display()),
        ));
    }
    interpreter_problem(program, &head(program)?)
}

/// What is wrong with its `#!` line.
fn interpreter_problem(program: &Path, head: &[u8]) -> Option<StartProblem> {
    let line = head.strip_prefix(b"#!")?;
    let line = line.split(|byte| *byte == b'\n').next()?;
    if line.ends_with(b"\r") {
        return Some(StartProblem::new(
            "its first line ends with a Windows line ending (CR LF)",
            format!("sed -i 's/\\r$//' {}", program.display()),
        ));
    }
    let interpreter = line.trim_ascii_start();
    let end = interpreter
        .iter()
        .position(|byte| matches!(byte, b' ' | b'\t'))
        .unwrap_or(interpreter.len());
    if end == 0 {
        return Some(StartProblem::new(
            "its #! line names no interpreter",
            "write for example #!/bin/sh",
        ));
    }
    let interpreter = PathBuf::from(OsStr::from_bytes(&interpreter[..end]));
    let name = interpreter.display();
    if !interpreter.exists() {
        return Some(StartProblem::new(
            format!("its interpreter {name} does not exist"),
            "install it, or correct the #! line",
        ));
    }
    access(&interpreter, AccessFlags::X_OK)
        .is_err()
        .then(|| StartProblem::bare(format!("its interpreter {name} is not executable")))
}

fn not_a_program(program: &Path) -> StartProblem {
    match head(program) {
        Some(head) if head.is_empty() => StartProblem::bare("it is empty"),
        Some(head) if head.starts_with(b"\x7fELF") => StartProblem::new(
            "it is damaged, or built for another kind of machine",
            "`file` tells for which",
        ),
        _ => StartProblem::new(
            "it is neither a program nor a script with a #! line",
            "add a first line such as #!/bin/sh or #!/usr/bin/env python3",
        ),
    }
}

/// Whether it begins like a script.
pub(crate) fn has_interpreter_line(program: &Path) -> bool {
    head(program).is_some_and(|head| head.starts_with(b"#!"))
}

fn head(program: &Path) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    let limit = u64::try_from(HEAD).unwrap_or(u64::MAX);
    open_regular(program)
        .ok()?
        .take(limit)
        .read_to_end(&mut head)
        .ok()?;
    Some(head)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn problem(content: &[u8], mode: u32) -> Option<StartProblem> {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("x");
        fs::write(&program, content).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(mode)).unwrap();
        problem_with(&program)
    }

    #[test]
    fn each_kind_of_broken_script_has_its_own_words() {
        let words = |content: &[u8]| problem(content, 0o755).unwrap().message;
        assert_eq!(
            words(b"#!/bin/sh\r\n"),
            "its first line ends with a Windows line ending (CR LF)"
        );
        assert_eq!(
            words(b"#! /no/such -u\n"),
            "its interpreter /no/such does not exist"
        );
        assert_eq!(words(b"#!\n"), "its #! line names no interpreter");
        assert_eq!(
            words(b"#!/etc/passwd\n"),
            "its interpreter /etc/passwd is not executable"
        );
        assert_eq!(problem(b"#!/bin/sh -e\n", 0o755), None);
        assert_eq!(problem(b"\x7fELF", 0o755), None);
    }

    #[test]
    fn a_missing_executable_bit_comes_with_the_command_that_sets_it() {
        let problem = problem(b"#!/bin/sh\n", 0o644).unwrap();
        assert_eq!(problem.message, "it is not executable");
        assert!(problem.hint.unwrap().starts_with("chmod +x /"));
    }

    #[test]
    fn directories_and_broken_links_are_told_apart() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(
            problem_with(directory.path()).unwrap().message,
            "it is a directory"
        );
        let link = directory.path().join("link");
        std::os::unix::fs::symlink("/no/such", &link).unwrap();
        assert_eq!(
            problem_with(&link).unwrap().message,
            "it is a link to a file that does not exist"
        );
        assert_eq!(
            problem_with(&directory.path().join("gone")).unwrap().message,
            "it does not exist"
        );
    }
}
