//! Which files beside a collector are copies that a program left there: never what
//! somebody wants to run. run-parts(8), cron(8) and systemd leave out the same. Pure.

/// The last part of a name, behind its last dot: editors, `patch`, version control,
/// downloads and package managers write them.
const ENDINGS: [&str; 24] = [
    "bak",
    "backup",
    "old",
    "new",
    "orig",
    "rej",
    "save",
    "swp",
    "swo",
    "swn",
    "tmp",
    "temp",
    "part",
    "partial",
    "filepart",
    "crdownload",
    "mine",
    "cfsaved",
    "disabled",
    "rpmsave",
    "rpmorig",
    "rpmnew",
    "pacnew",
    "pacsave",
];
const BEGINNINGS: [&str; 3] = ["dpkg-", "ucf-", "sync-conflict-"];

/// Whether a file of this name is a copy that an editor or a package manager left.
pub(crate) fn is_backup(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let mut parts = name.split('.').skip(1);
    name.starts_with(['.', '#'])
        // Also `x.~1~` of Emacs, and `x,v` of RCS.
        || name.ends_with(['~', '#', ','])
        || name.ends_with(",v")
        || name.rsplit_once('.').is_some_and(|(_, last)| ENDINGS.contains(&last))
        || parts.any(|part| BEGINNINGS.iter().any(|beginning| part.starts_with(beginning)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_run_parts_and_cron_leave_out_is_a_backup() {
        for name in [
            "x.py~",
            "x.py.~1~",
            "x.bak",
            "x.py.bak",
            "x.py.BAK",
            "x.py.old",
            "x.orig",
            "x.py.rej",
            "x.py.swp",
            "x.py.dpkg-dist",
            "x.dpkg-new",
            "x.py.ucf-old",
            "x.rpmsave",
            "x.py.rpmnew",
            "x.py.rpmorig",
            "x.py.tmp",
            "x.py.save",
            "x.py,v",
            ".x.py",
            ".#x.py",
            "#x.py#",
            "x.py#",
            "x.sync-conflict-20261130-101500-ABCDEF.py",
        ] {
            assert!(is_backup(name), "{name}");
        }
        for name in [
            "x", "x.py", "x.new.py", "x.v2.sh", "old.py", "x.bakery", "bak", "x.disto",
        ] {
            assert!(!is_backup(name), "{name}");
        }
    }
}
