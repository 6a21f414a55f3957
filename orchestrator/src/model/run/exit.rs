//! How a process ended, as wait(2) tells it, and the names of signals. Pure.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a process ended (wait(2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// It called exit with this code, 0 to 255.
    Code(i32),
    /// A signal killed it.
    Signal {
        /// Its number.
        no: i32,
        /// Whether a core was dumped.
        core: bool,
    },
}

impl Exit {
    /// Exit code 0.
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }

    const CODE: &str = "exited with code";
    const KILLED: &str = "killed by";

    /// Whether a reason begins with how a process ended: then it does not say why.
    pub fn begins(reason: &str) -> bool {
        [Self::CODE, Self::KILLED]
            .iter()
            .any(|words| reason.starts_with(words))
    }
}

impl fmt::Display for Exit {
    /// "exited with code 3", "killed by SIGSEGV (core dumped)".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Code(code) => write!(f, "{} {code}", Self::CODE),
            Self::Signal { no, core } => {
                let core = if core { " (core dumped)" } else { "" };
                write!(f, "{} {}{core}", Self::KILLED, signal_name(no))
            }
        }
    }
}

/// The name of a Linux signal (signal(7)): `SIGKILL`, `SIGRTMIN+2`, or
/// `signal 99` for a number that has none. The kernel's first real-time signal
/// is 32; glibc keeps two for itself, so its SIGRTMIN is 34.
pub fn signal_name(no: i32) -> String {
    const NAMES: [&str; 31] = [
        "SIGHUP",
        "SIGINT",
        "SIGQUIT",
        "SIGILL",
        "SIGTRAP",
        "SIGABRT",
        "SIGBUS",
        "SIGFPE",
        "SIGKILL",
        "SIGUSR1",
        "SIGSEGV",
        "SIGUSR2",
        "SIGPIPE",
        "SIGALRM",
        "SIGTERM",
        "SIGSTKFLT",
        "SIGCHLD",
        "SIGCONT",
        "SIGSTOP",
        "SIGTSTP",
        "SIGTTIN",
        "SIGTTOU",
        "SIGURG",
        "SIGXCPU",
        "SIGXFSZ",
        "SIGVTALRM",
        "SIGPROF",
        "SIGWINCH",
        "SIGIO",
        "SIGPWR",
        "SIGSYS",
    ];
    match no {
        1..=31 => NAMES[usize::try_from(no - 1).unwrap_or(0)].to_owned(),
        34 => "SIGRTMIN".to_owned(),
        35..=64 => format!("SIGRTMIN+{}", no - 34),
        _ => format!("signal {no}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_have_the_names_of_signal_7() {
        assert_eq!(signal_name(9), "SIGKILL");
        assert_eq!(signal_name(31), "SIGSYS");
        assert_eq!(signal_name(34), "SIGRTMIN");
        assert_eq!(signal_name(36), "SIGRTMIN+2");
        assert_eq!(signal_name(99), "signal 99");
    }

    #[test]
    fn a_reason_that_is_an_exit_is_known_by_its_beginning() {
        let killed = Exit::Signal { no: 11, core: true };
        assert_eq!(killed.to_string(), "killed by SIGSEGV (core dumped)");
        assert_eq!(Exit::Code(3).to_string(), "exited with code 3");
        for exit in [killed, Exit::Code(3)] {
            assert!(Exit::begins(&format!("{exit} (and more)")), "{exit}");
        }
        assert!(!Exit::begins("timed out after 1m, then exited with code 0"));
    }
}
