//! The environment in which git asks nobody for anything: no terminal, no window, no
//! program that opens one. What it is not given it reports as missing. Pure.

use std::ffi::OsString;

/// What is set. `GIT_ASKPASS` that is empty is no program, and git then looks neither at
/// `core.askPass` nor at `SSH_ASKPASS`.
const SET: [(&str, &str); 5] = [
    ("GIT_ASKPASS", ""),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GCM_INTERACTIVE", "never"),
    ("SSH_ASKPASS_REQUIRE", "never"),
    ("LC_ALL", "C"),
];

/// What is taken away: the programs that ask, and the places where they would open a window.
const UNSET: [&str; 4] = ["SSH_ASKPASS", "DISPLAY", "WAYLAND_DISPLAY", "LANGUAGE"];

/// Configuration that wins over the user's: credential helpers do not ask either (git 2.47).
const CONFIGURATION: (&str, &str) = ("credential.interactive", "false");

/// The ssh that git starts, unless the user has named another one. It has no terminal in
/// any case.
const SSH: &str = "ssh -o BatchMode=yes";

/// The environment, changed so.
pub(super) fn quiet_git(mut env: Vec<(OsString, OsString)>) -> Vec<(OsString, OsString)> {
    let configured = env.iter().find(|(name, _)| name == "GIT_CONFIG_COUNT");
    let count: usize = configured
        .and_then(|(_, value)| value.to_str()?.parse().ok())
        .unwrap_or(0);
    env.retain(|(name, _)| {
        let is_set = SET.iter().any(|(other, _)| name == other);
        !is_set && UNSET.iter().all(|other| name != other) && name != "GIT_CONFIG_COUNT"
    });
    env.extend(SET.map(|(name, value)| (name.into(), value.into())));
    env.extend([
        ("GIT_CONFIG_COUNT".into(), (count + 1).to_string().into()),
        (format!("GIT_CONFIG_KEY_{count}").into(), CONFIGURATION.0.into()),
        (format!("GIT_CONFIG_VALUE_{count}").into(), CONFIGURATION.1.into()),
    ]);
    let has_ssh = |name: &OsString| name == "GIT_SSH_COMMAND" || name == "GIT_SSH";
    if !env.iter().any(|(name, _)| has_ssh(name)) {
        env.push(("GIT_SSH_COMMAND".into(), SSH.into()));
    }
    env
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet(given: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
        let given = given.iter().map(|(name, value)| (name.into(), value.into()));
        quiet_git(given.collect())
    }

    fn value(env: &[(OsString, OsString)], wanted: &str) -> Option<String> {
        let mut found = env.iter().filter(|(name, _)| name == wanted);
        let value = found.next().map(|(_, value)| value.to_str().unwrap().to_owned());
        assert!(found.next().is_none(), "{wanted} twice");
        value
    }

    #[test]
    fn no_program_that_asks_is_left_and_the_users_own_settings_are() {
        let env = quiet(&[
            ("GIT_ASKPASS", "/usr/bin/ask"),
            ("SSH_ASKPASS", "/usr/bin/ask"),
            ("SSH_ASKPASS_REQUIRE", "force"),
            ("DISPLAY", ":0"),
            ("GIT_CONFIG_COUNT", "1"),
            ("GIT_CONFIG_KEY_0", "http.proxy"),
            ("PATH", "/bin"),
        ]);
        assert_eq!(value(&env, "GIT_ASKPASS").as_deref(), Some(""));
        assert_eq!(value(&env, "SSH_ASKPASS"), None);
        assert_eq!(value(&env, "SSH_ASKPASS_REQUIRE").as_deref(), Some("never"));
        assert_eq!(value(&env, "DISPLAY"), None);
        assert_eq!(value(&env, "GIT_CONFIG_COUNT").as_deref(), Some("2"));
        assert_eq!(value(&env, "GIT_CONFIG_KEY_0").as_deref(), Some("http.proxy"));
        assert_eq!(
            value(&env, "GIT_CONFIG_KEY_1").as_deref(),
            Some("credential.interactive")
        );
        assert_eq!(value(&env, "GIT_SSH_COMMAND").as_deref(), Some(SSH));
        assert_eq!(value(&env, "PATH").as_deref(), Some("/bin"));
        let own = quiet(&[("GIT_SSH_COMMAND", "ssh -i key")]);
        assert_eq!(value(&own, "GIT_SSH_COMMAND").as_deref(), Some("ssh -i key"));
    }
}
