//! Verbs that tell what the collector sees of its surroundings.

use std::fmt::Write;
use std::fs;
use std::io;

/// The answer to one of them, with a newline at its end.
pub(crate) fn about(verb: &str) -> io::Result<String> {
    let mut text = match verb {
        "fds" => fds()?,
        "signals" => signals()?,
        "dump-env" => std::env::vars().fold(String::new(), |mut text, (name, value)| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{name}={value}");
            text
        }),
        "tty" => match fs::File::open("/dev/tty") {
            Ok(_) => "tty".to_owned(),
            Err(error) => format!(
                "{:?}",
                nix::errno::Errno::from_raw(error.raw_os_error().unwrap_or(0))
            ),
        },
        "umask" => status("Umask:")?,
        "cwd" => std::env::current_dir()?.display().to_string(),
        "stdin" => super::read_stdin()?.to_string(),
        "session" => (nix::unistd::getsid(None)? == nix::unistd::getpid()).to_string(),
        "nofile" => nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE)?
            .0
            .to_string(),
        "peak-of-orchestrate" => peak_of_orchestrate()?,
        "parent" => nix::unistd::getppid().to_string(),
        _ => std::process::id().to_string(),
    };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

/// The open descriptors, except the one that lists them.
fn fds() -> io::Result<String> {
    let mut fds: Vec<i32> = fs::read_dir("/proc/self/fd")?
        .flatten()
        .filter(|entry| fs::read_link(entry.path()).is_ok_and(|to| !to.ends_with("fd")))
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    fds.sort_unstable();
    Ok(fds.iter().map(i32::to_string).collect::<Vec<_>>().join(" "))
}

/// Blocked and ignored signals, as they were before Rust's runtime ignored SIGPIPE.
fn signals() -> io::Result<String> {
    let ignored = u64::from_str_radix(&status("SigIgn:")?, 16).map_err(io::Error::other)?;
    let sigpipe = 1 << (libc::SIGPIPE - 1);
    Ok(format!("{} {:016x}", status("SigBlk:")?, ignored & !sigpipe))
}

/// The most memory that the orchestrator had resident so far: the nearest ancestor
/// of that name.
fn peak_of_orchestrate() -> io::Result<String> {
    let mut process = std::process::id().to_string();
    while status_of(&process, "Name:")? != "orchestrate" {
        process = status_of(&process, "PPid:")?;
    }
    status_of(&process, "VmHWM:")
}

fn status(key: &str) -> io::Result<String> {
    status_of("self", key)
}

pub(crate) fn status_of(process: &str, key: &str) -> io::Result<String> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    line.map(|value| value.trim().to_owned())
        .ok_or_else(|| io::Error::other("no such line"))
}
