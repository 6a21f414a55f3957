//! Whether the kernel would execute what is in a file: a program of this machine, or a
//! script with an interpreter that it would execute (execve(2)).

use std::io::Read;
use std::path::Path;
use std::sync::LazyLock;

use crate::input::open_regular;
use crate::process::explain::access::access_problem;
use crate::process::explain::elf;
use crate::process::explain::handlers::{Handlers, ask_handlers};
use crate::process::explain::script::{self, HEAD};
use crate::process::explain::start_problem::StartProblem;

/// Here linkers put the headers of a program and the name of its loader.
const HEADERS: usize = 16 * 1024;
/// Interpreters may be scripts; the kernel follows so many.
const MAX_INTERPRETERS: usize = 5;

/// What is wrong with a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// Nothing that can be seen without executing it.
    Fine,
    /// It cannot start.
    Certain(StartProblem),
    /// It cannot start, unless the kernel has a handler for it that cannot be seen from here.
    Likely(StartProblem),
}

/// Looks at a file as the kernel would.
pub(crate) fn judge(program: &Path) -> Judgement {
    judge_through(program, MAX_INTERPRETERS)
}

/// What to say of a file that the kernel has called no program.
pub(crate) fn refused(program: &Path) -> StartProblem {
    match read(program, HEADERS) {
        Some(bytes) if bytes.starts_with(elf::MAGIC) => foreign(&bytes).unwrap_or_else(elf::damaged),
        Some(bytes) => script::no_program(program, &bytes),
        None => StartProblem::bare("it is no program that this system knows"),
    }
}

/// Whether it begins like a script.
pub(crate) fn has_interpreter_line(program: &Path) -> bool {
    read(program, 2).is_some_and(|head| head == b"#!")
}

fn judge_through(program: &Path, interpreters: usize) -> Judgement {
    if let Some(problem) = access_problem(program) {
        return Judgement::Certain(problem);
    }
    // A program that may be executed and not read is fine; a script would fail by itself.
    let Some(bytes) = read(program, HEADERS) else {
        return Judgement::Fine;
    };
    let head = &bytes[..bytes.len().min(HEAD)];
    if head.starts_with(b"#!") {
        return match script::interpreter(program, head) {
            Ok(interpreter) => judge_interpreter(&interpreter, interpreters),
            Err(problem) => Judgement::Certain(problem),
        };
    }
    let problem = if head.starts_with(elf::MAGIC) {
        match program_problem(&bytes) {
            Some(problem) => problem,
            None => return Judgement::Fine,
        }
    } else {
        script::no_program(program, head)
    };
    match ask_handlers(program, head) {
        Handlers::Match => Judgement::Fine,
        Handlers::Hidden if !script::is_text(head) => Judgement::Likely(problem),
        Handlers::NoMatch | Handlers::Hidden => Judgement::Certain(problem),
    }
}

fn judge_interpreter(interpreter: &Path, interpreters: usize) -> Judgement {
    // A relative path begins at the directory in which the collector will run.
    if interpreter.is_relative() {
        return Judgement::Fine;
    }
    let Some(left) = interpreters.checked_sub(1) else {
        return Judgement::Certain(StartProblem::new(
            "its interpreter is a script, whose interpreter is one, and so on",
            "name a program in the #! line",
        ));
    };
    let name = interpreter.display().to_string();
    match judge_through(interpreter, left) {
        Judgement::Fine => Judgement::Fine,
        Judgement::Certain(problem) => Judgement::Certain(problem.of_interpreter(&name)),
        Judgement::Likely(problem) => Judgement::Likely(problem.of_interpreter(&name)),
    }
}

fn program_problem(bytes: &[u8]) -> Option<StartProblem> {
    let Some(program) = elf::Program::read(bytes) else {
        return Some(elf::damaged());
    };
    let missing = |loader: &Path| {
        let (name, hint) = (
            loader.display(),
            "it was built for another system (musl, glibc): build or install it for this one",
        );
        StartProblem::new(format!("its loader {name} does not exist"), hint)
    };
    let loader = || {
        program
            .loader
            .as_deref()
            .filter(|loader| loader.is_absolute() && !loader.exists())
    };
    program
        .fault()
        .or_else(|| foreign(bytes))
        .or_else(|| loader().map(missing))
}

/// Our own program says what this machine is.
fn foreign(bytes: &[u8]) -> Option<StartProblem> {
    static OWN: LazyLock<Option<elf::Program>> =
        LazyLock::new(|| elf::Program::read(&read(Path::new("/proc/self/exe"), HEADERS)?));
    elf::Program::read(bytes)?.foreign(OWN.as_ref()?.machine)
}

fn read(program: &Path, limit: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(limit);
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let file = open_regular(program).ok()?;
    file.take(limit).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
