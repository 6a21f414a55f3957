//! Programs that the kernel hands to an interpreter by their first bytes or their ending:
//! `binfmt_misc`, by which a machine runs programs of others (QEMU, Wine, Java).

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

const DIRECTORY: &str = "/proc/sys/fs/binfmt_misc";

/// What is known of the handlers of this machine.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Handlers {
    /// One is for this file.
    Match,
    /// None is.
    NoMatch,
    /// There may be some, but they cannot be seen: a container shares those of its host.
    Hidden,
}

/// Whether a handler is for a program.
pub(crate) fn ask_handlers(program: &Path, head: &[u8]) -> Handlers {
    let directory = Path::new(DIRECTORY);
    if !directory.join("status").exists() {
        return match directory.exists() {
            true => Handlers::Hidden,
            // The kernel has no such thing.
            false => Handlers::NoMatch,
        };
    }
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let matches = entries
        .filter_map(|entry| fs::read_to_string(entry.path()).ok())
        .any(|entry| is_for(&entry, program, head));
    match matches {
        true => Handlers::Match,
        false => Handlers::NoMatch,
    }
}

/// Whether a handler, as the kernel describes it, is for a program.
fn is_for(entry: &str, program: &Path, head: &[u8]) -> bool {
    let mut lines = entry.lines();
    if lines.next() != Some("enabled") {
        return false;
    }
    let value = |key: &str| {
        let mut lines = entry.lines();
        lines.find_map(|line| Some(line.strip_prefix(key)?.trim()))
    };
    if let Some(extension) = value("extension ") {
        return program.extension().and_then(OsStr::to_str) == Some(extension.trim_start_matches('.'));
    }
    let offset: usize = value("offset ")
        .and_then(|offset| offset.parse().ok())
        .unwrap_or(0);
    let Some(magic) = value("magic ").and_then(bytes_of) else {
        return false;
    };
    let mask = value("mask ")
        .and_then(bytes_of)
        .unwrap_or_else(|| vec![0xff; magic.len()]);
    let found = head.get(offset..).unwrap_or_default();
    found.len() >= magic.len()
        && magic
            .iter()
            .zip(&mask)
            .zip(found)
            .all(|((magic, mask), found)| (magic ^ found) & mask == 0)
}

fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    hex.as_bytes().chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_matches_by_magic_under_its_mask_or_by_extension() {
        let aarch64 = "enabled\ninterpreter /usr/bin/qemu-aarch64\nflags: OCF\noffset 0\n\
             magic 7f454c46020101000000000000000000\nmask ffffffffffffff00ffffffffffffffff\n";
        let program = Path::new("x.jar");
        let head = b"\x7fELF\x02\x01\x01\x03\0\0\0\0\0\0\0\0rest";
        assert!(is_for(aarch64, program, head));
        assert!(!is_for(
            aarch64,
            program,
            b"\x7fELF\x01\x01\x01\x03\0\0\0\0\0\0\0\0rest"
        ));
        assert!(!is_for(aarch64, program, b"\x7fELF"));
        assert!(!is_for(&aarch64.replace("enabled", "disabled"), program, head));
        let jar = "enabled\ninterpreter /usr/bin/jexec\nflags: \nextension .jar\n";
        assert!(is_for(jar, program, b"PK"));
        assert!(!is_for(jar, Path::new("x.zip"), b"PK"));
    }
}
