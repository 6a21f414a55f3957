//! What is said of each kind of file that cannot start, and what the kernel says.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use super::*;

fn problem(content: &[u8], mode: u32) -> Option<StartProblem> {
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("x");
    fs::write(&program, content).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(mode)).unwrap();
    let seen = match judge(&program) {
        Judgement::Certain(problem) | Judgement::Likely(problem) => Some(problem),
        Judgement::Fine => None,
    };
    // Never another opinion than the kernel's.
    let started = Command::new(&program).output().map_err(|error| error.kind());
    // A test beside us may just be forking with this file open for writing.
    if started.as_ref().err() != Some(&io::ErrorKind::ExecutableFileBusy) {
        assert_eq!(seen.is_some(), started.is_err(), "{seen:?} {started:?}");
    }
    seen
}

fn words(content: &[u8]) -> String {
    problem(content, 0o755).unwrap().message
}

/// What is said beforehand and what is said of a start that failed.
#[test]
fn the_same_is_said_before_and_afterwards() {
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("x");
    for content in [
        &b"#!\n"[..],
        b"",
        b"\xef\xbb\xbf#!/bin/sh\n",
        b"echo hi\n",
        b"#!/no/such\n",
        b"\x7fELF",
    ] {
        fs::write(&program, content).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let before = problem_with(&program).unwrap();
        let errno = Command::new(&program)
            .output()
            .unwrap_err()
            .raw_os_error()
            .unwrap();
        if errno != libc::ETXTBSY {
            let after = spawn_error(&program, None, Stage::Execute, errno);
            assert!(after.message.ends_with(&before.message), "{before:?} {after:?}");
            assert_eq!(after.hint, before.hint);
        }
    }
}

#[test]
fn each_kind_of_broken_script_has_its_own_words() {
    assert_eq!(
        words(b"#!/bin/sh\r\n"),
        "its first line ends with a Windows line ending (CR LF)"
    );
    assert_eq!(
        words(b"#! /no/such -u\n"),
        "its interpreter /no/such does not exist"
    );
    assert_eq!(words(b"#!\n"), "its #! line names no interpreter");
    assert_eq!(words(b"#!"), "its #! line names no interpreter");
    assert_eq!(words(b"#! \t\n/bin/sh\n"), "its #! line names no interpreter");
    assert_eq!(
        words(b"#!/etc/passwd\n"),
        "its interpreter /etc/passwd is not executable"
    );
    assert_eq!(words(b"#!/etc\n"), "its interpreter /etc is a directory");
    assert_eq!(
        words(b"#!python3\n"),
        "its interpreter python3 is named without its path"
    );
    let long = format!("#!/{}\n", "x".repeat(300));
    assert_eq!(
        words(long.as_bytes()),
        "its #! line is longer than the 256 bytes that the kernel reads"
    );
    assert_eq!(problem(b"#!/bin/sh -e\n", 0o755), None);
    assert_eq!(problem(b"#!/bin/sh", 0o755), None);
}

#[test]
fn what_is_no_program_says_what_it_is() {
    assert_eq!(words(b""), "it is empty");
    assert_eq!(
        words(b"import os\n"),
        "it is neither a program nor a script with a #! line"
    );
    assert_eq!(
        words(b"\xef\xbb\xbf#!/bin/sh\n"),
        "it begins with a byte order mark (U+FEFF), so that the kernel sees no #!"
    );
    assert_eq!(words(b"\xff\xfe#\0!\0"), "it is UTF-16 text");
    assert_eq!(
        words(b"\n#!/bin/sh\n"),
        "there are blanks before its #!, so that the kernel does not see it"
    );
    assert_eq!(
        words(b"PK\x03\x04\0\0"),
        "it is neither a program nor a script with a #! line"
    );
    assert_eq!(
        words(b"\x7fELF"),
        "it is a damaged program: its headers cannot be read"
    );
}

#[test]
fn a_hint_fits_the_language_of_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("x.py");
    fs::write(&program, "print()\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let hint = problem_with(&program).unwrap().hint.unwrap();
    assert_eq!(hint, "add a first line such as #!/usr/bin/env python3");
}

#[test]
fn a_program_for_another_machine_or_without_its_loader_is_told() {
    let own = fs::read("/proc/self/exe").unwrap();
    assert_eq!(
        problem(&own[..own.len().min(40)], 0o755).unwrap().message,
        "it is a damaged program: its headers cannot be read"
    );
    let mut foreign = fs::read("/bin/sh").unwrap();
    // Offset 18 is e_machine: SPARC, which nobody emulates.
    foreign[18..20].copy_from_slice(&2_u16.to_ne_bytes());
    let message = problem(&foreign, 0o755).unwrap().message;
    assert!(
        message.starts_with("it is a program for another kind of machine (2), and this machine is "),
        "{message}"
    );
    let mut object = fs::read("/bin/sh").unwrap();
    object[16..18].copy_from_slice(&1_u16.to_ne_bytes());
    assert_eq!(
        problem(&object, 0o755).unwrap().message,
        "it is an object file or a core dump"
    );
    let mut homeless = fs::read("/bin/sh").unwrap();
    let at = homeless.windows(4).position(|bytes| bytes == b"/ld-").unwrap();
    homeless[at + 1] = b'x';
    let message = problem(&homeless, 0o755).unwrap().message;
    assert!(
        message.starts_with("its loader /") && message.ends_with(" does not exist"),
        "{message}"
    );
    assert_eq!(problem(&fs::read("/bin/true").unwrap(), 0o755), None);
}

#[test]
fn a_missing_executable_bit_comes_with_the_command_that_sets_it() {
    let problem = problem(b"#!/bin/sh\n", 0o644).unwrap();
    assert_eq!(problem.message, "it is not executable");
    assert!(problem.hint.unwrap().starts_with("chmod +x /"));
}

#[test]
fn directories_links_and_what_is_missing_are_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let said = |path: &Path| problem_with(path).unwrap();
    assert_eq!(said(directory.path()).message, "it is a directory");
    let link = directory.path().join("link");
    symlink("/no/such", &link).unwrap();
    assert_eq!(said(&link).message, "it is a link to a file that does not exist");
    let ring = directory.path().join("ring");
    symlink(&ring, &ring).unwrap();
    assert_eq!(said(&ring).message, "it is a link that leads back to itself");
    assert_eq!(
        said(Path::new("/etc/passwd/x")).message,
        "a part of its path is a file and no directory"
    );
    let gone = said(&directory.path().join("gone"));
    assert_eq!((gone.message.as_str(), gone.missing), ("it does not exist", true));
}
