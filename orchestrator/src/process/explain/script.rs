//! What is wrong with the beginning of a file that no other program but an interpreter
//! could read, as `load_script` of the kernel sees it. Pure.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::process::explain::start_problem::StartProblem;

/// The kernel reads so much of a script to find its interpreter (execve(2)).
pub(crate) const HEAD: usize = 256;
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The interpreter of a file that begins with `#!`.
pub(crate) fn interpreter(program: &Path, head: &[u8]) -> Result<PathBuf, StartProblem> {
    let rest = head.strip_prefix(b"#!").unwrap_or(head);
    let line = rest.split(|byte| *byte == b'\n').next().unwrap_or(rest);
    let cut = line.len() == rest.len() && head.len() == HEAD;
    if line.ends_with(b"\r") {
        return Err(StartProblem::new(
            "its first line ends with a Windows line ending (CR LF)",
            format!("sed -i 's/\\r$//' {}", program.display()),
        ));
    }
    let interpreter = line.trim_ascii_start();
    let end = interpreter
        .iter()
        .position(|byte| matches!(byte, b' ' | b'\t' | b'\0'));
    let name = &interpreter[..end.unwrap_or(interpreter.len())];
    if name.is_empty() {
        return Err(StartProblem::new(
            "its #! line names no interpreter",
            format!("write for example {}", first_line(program)),
        ));
    }
    if cut && end.is_none() {
        let (what, hint) = (
            "its #! line is longer than the 256 bytes that the kernel reads",
            "give the interpreter a shorter path, for example by a link",
        );
        return Err(StartProblem::new(what, hint));
    }
    if !name.contains(&b'/') {
        let name = String::from_utf8_lossy(name);
        return Err(StartProblem::new(
            format!("its interpreter {name} is named without its path"),
            format!("the kernel asks no PATH; write #!/usr/bin/env {name}"),
        ));
    }
    Ok(PathBuf::from(OsStr::from_bytes(name)))
}

/// What to say of a file that is neither a program nor begins with `#!`.
pub(crate) fn no_program(program: &Path, head: &[u8]) -> StartProblem {
    let name = program.display();
    if head.is_empty() {
        return StartProblem::new("it is empty", "was it written to its end? Copy it once more");
    }
    if head.starts_with(MARK) {
        return StartProblem::new(
            "it begins with a byte order mark (U+FEFF), so that the kernel sees no #!",
            format!("save it as UTF-8 without one: sed -i '1s/^\\xEF\\xBB\\xBF//' {name}"),
        );
    }
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return StartProblem::new("it is UTF-16 text", "save it as UTF-8 without a byte order mark");
    }
    let start = head.trim_ascii_start();
    if start.len() < head.len() && start.starts_with(b"#!") {
        return StartProblem::new(
            "there are blanks before its #!, so that the kernel does not see it",
            "#! must be its first two bytes: remove what stands before",
        );
    }
    StartProblem::new(
        "it is neither a program nor a script with a #! line",
        format!("add a first line such as {}", first_line(program)),
    )
}

/// Whether it can be read as text: then no handler of `binfmt_misc` is for it.
pub(crate) fn is_text(head: &[u8]) -> bool {
    !head.contains(&0)
        && (head.starts_with(b"\xff\xfe")
            || std::str::from_utf8(head).map_or_else(|error| error.error_len().is_none(), |_| true))
}

fn first_line(program: &Path) -> &'static str {
    match program.extension().and_then(OsStr::to_str) {
        Some("py") => "#!/usr/bin/env python3",
        Some("sh") => "#!/bin/sh",
        Some("bash") => "#!/bin/bash",
        Some("pl") => "#!/usr/bin/env perl",
        Some("rb") => "#!/usr/bin/env ruby",
        Some("js" | "mjs" | "cjs") => "#!/usr/bin/env node",
        _ => "#!/bin/sh or #!/usr/bin/env python3",
    }
}
