//! The script that a shell reads: how it asks this program.

use clap_complete::Shell;
use clap_complete::env::Shells;

/// Set where the shell asks; its value is the shell's name. No name that anybody else sets: such a
/// program would run nothing any more.
pub(crate) const VARIABLE: &str = "_ORCHESTRATE_COMPLETE";

/// How the program is called.
pub(crate) const PROGRAM: &str = "orchestrate";

/// The script; `None` for a shell that is not known.
pub(crate) fn script(shell: Shell) -> Option<String> {
    let shells = Shells::builtins();
    let writer = shells.completer(&shell.to_string())?;
    let mut script = Vec::new();
    writer
        .write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script)
        .ok()?;
    String::from_utf8(script).ok()
}
