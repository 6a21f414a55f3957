//! What git's own words mean for the exit code. Pure. Git has one exit code for
//! every failure (128), so its messages, in the C locale, are all there is.

use collector_kit::{Category, Failure, bounded};

/// Longest excerpt of git's words in a message, in characters.
const EXCERPT: usize = 400;

/// Turns what git wrote to stderr into a failure; `what` says what was tried.
pub(crate) fn failure(what: &str, stderr: &str) -> Failure {
    let said = words(stderr);
    let message = format!("{what}: {}", bounded(&said, EXCERPT));
    let has = |needles: &[&str]| needles.iter().any(|needle| stderr.contains(needle));

    if has(&["dubious ownership"]) {
        return Failure::new(Category::Auth, message).hint(
            "it belongs to another user; if you trust it: git config --global --add safe.directory <its path>",
        );
    }
    if has(&[
        "Authentication failed",
        "unable to get password from user",
        "could not read Username",
        "could not read Password",
        "Permission denied",
        "terminal prompts disabled",
        "Host key verification failed",
        "The requested URL returned error: 401",
        "The requested URL returned error: 403",
        "Repository not found",
    ]) {
        return Failure::new(Category::Auth, message)
            .hint("check the address and the credentials; this collector never asks for a password");
    }
    if has(&["not a git repository", "does not appear to be a git repository"]) {
        return Failure::new(Category::Validation, message)
            .hint("name a directory inside a repository, a bare repository or a URL with --repository");
    }
    if has(&["lazy fetching disabled", "from promisor remote"]) {
        return Failure::new(Category::Validation, message).hint(
            "it is a partial clone that lacks file contents: name its URL instead, or fetch without --filter",
        );
    }
    if has(&[
        "couldn't find remote ref",
        "unknown revision",
        "Needed a single revision",
    ]) {
        return Failure::new(Category::Validation, message).hint("check the name given with --branch");
    }
    if has(&[
        "Could not resolve host",
        "Couldn't resolve host",
        "Could not resolve hostname",
        "Connection refused",
        "Connection timed out",
        "Connection reset",
        "Failed to connect",
        "Could not connect",
        "unable to access",
        "Could not read from remote repository",
        "Network is unreachable",
        "early EOF",
        "the remote end hung up",
        "unable to connect",
        "unable to look up",
    ]) {
        return Failure::new(Category::Network, message)
            .hint("check the address and the network, then run again: what was read before is kept");
    }
    if has(&["No space left on device"]) {
        return Failure::new(Category::Temporary, message).hint("make room in the workspace, then run again");
    }
    Failure::new(Category::Validation, message)
        .hint("run `git fsck` in the repository to see whether it is whole")
}

/// Git's complaint in one line: the lines that begin `fatal:` or `error:`, else all of them.
fn words(stderr: &str) -> String {
    let lines = || stderr.lines().map(str::trim).filter(|line| !line.is_empty());
    let complaints: Vec<&str> = lines()
        .filter_map(|line| {
            line.strip_prefix("fatal: ")
                .or_else(|| line.strip_prefix("error: "))
        })
        .collect();
    let chosen = if complaints.is_empty() {
        lines().collect()
    } else {
        complaints
    };
    match chosen.is_empty() {
        true => "git failed and said nothing".to_owned(),
        false => chosen.join("; "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_has_its_code() {
        let cases = [
            ("fatal: detected dubious ownership in repository at '/x'", 77),
            (
                "fatal: could not read Username for 'https://h': terminal prompts disabled",
                77,
            ),
            (
                "git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.",
                77,
            ),
            (
                "fatal: not a git repository (or any of the parent directories): .git",
                65,
            ),
            (
                "fatal: '/x' does not appear to be a git repository\nfatal: Could not read from remote repository.",
                65,
            ),
            (
                "fatal: unable to access 'https://h/': Could not resolve host: h",
                69,
            ),
            (
                "ssh: connect to host h port 22: Connection refused\nfatal: Could not read from remote repository.",
                69,
            ),
            ("fatal: couldn't find remote ref refs/heads/nope", 65),
            ("fatal: write error: No space left on device", 75),
            ("fatal: bad object 1234", 65),
        ];
        for (stderr, code) in cases {
            assert_eq!(failure("x", stderr).category.exit_code(), code, "{stderr}");
        }
    }

    #[test]
    fn the_complaint_is_one_line() {
        let failure = failure("/x", "hint: try\nfatal: bad\nerror: worse\n");
        assert_eq!(failure.message, "/x: bad; worse");
        assert_eq!(
            super::failure("/x", "").message,
            "/x: git failed and said nothing"
        );
    }
}
