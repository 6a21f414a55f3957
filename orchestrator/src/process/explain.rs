//! Why an executable cannot be executed, in words and with a way out. The kernel
//! says ENOENT for a missing program, a missing interpreter and a Windows line
//! ending alike (execve(2)); this looks which it is. It reads, and changes nothing.

use std::path::Path;

use nix::errno::Errno;

use crate::model::SpawnError;
use crate::process::explain::content::{Judgement, judge, refused};
use crate::process::explain::start_problem::StartProblem;
use crate::process::protocol::Stage;

mod access;
mod content;
mod elf;
mod handlers;
mod script;
pub(crate) mod start_problem;

pub(crate) use content::has_interpreter_line;

/// The error for a collector that did not start.
pub(crate) fn spawn_error(program: &Path, directory: Option<&Path>, stage: Stage, errno: i32) -> SpawnError {
    let word = Errno::from_raw(errno);
    let StartProblem { message, hint, .. } = match stage {
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
    let StartProblem { message, hint, .. } = executing(program, Errno::E2BIG);
    SpawnError {
        message: format!("cannot start {}: {message}", program.display()),
        hint,
    }
}

fn executing(program: &Path, errno: Errno) -> StartProblem {
    let found = match errno {
        Errno::ENOENT | Errno::EACCES => problem_with(program),
        // A script whose first line is wrong is no program to the kernel either.
        Errno::ENOEXEC => problem_with(program).or_else(|| Some(refused(program))),
        _ => None,
    };
    found.unwrap_or_else(|| match errno {
        Errno::ENOENT => StartProblem::new(
            "the interpreter or loader that it needs does not exist",
            "a #! line with a relative path begins at its working directory; of a program, `ldd` and `file` tell more",
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
/// nothing that is certain without executing it.
pub(crate) fn problem_with(program: &Path) -> Option<StartProblem> {
    match judge(program) {
        Judgement::Certain(problem) => Some(problem),
        Judgement::Likely(_) | Judgement::Fine => None,
    }
}

/// What keeps a program from starting, unless the kernel knows more than we can see.
pub(crate) fn doubt_about(program: &Path) -> Option<StartProblem> {
    match judge(program) {
        Judgement::Likely(problem) => Some(StartProblem {
            hint: problem.hint.map(|hint| {
                format!("{hint}; if the kernel has a handler for it, mount binfmt_misc so that it is seen")
            }),
            ..problem
        }),
        Judgement::Certain(_) | Judgement::Fine => None,
    }
}

#[cfg(test)]
mod tests;
