//! Whom a scheduler lets in that others may reach.

use crate::fast::{EVERY_MINUTE, Fast, stop};
use crate::operation::{ask, get, port};

#[test]
fn behind_a_proxy_nobody_comes_in_without_a_token() {
    let fast = Fast::new(EVERY_MINUTE, None);
    let public = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--behind-proxy",
        "--public-url",
        "https://ops.example",
    ];
    let refused = fast.command(&public).output().unwrap();
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("orchestrate token create"), "{said}");

    let run = |args: &[&str]| {
        let output = fast.command(args).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let token = |name: &str| {
        let made = run(&["token", "create", "--name", name, "--role", "viewer"]);
        made.trim_end().to_owned()
    };
    let (wall, other) = (token("wall"), token("other"));
    let serve = fast.start(&public);
    let port = port(&fast);
    let with = |token: &str, host: &str| {
        ask(
            port,
            &format!("GET /api/v1/runs HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}"),
        )
    };
    assert_eq!(get(port, "/api/v1/runs").0, 401);
    assert_eq!(with("orc_guessed", "ops.example").0, 401);
    assert_eq!(with(&wall, "ops.example").0, 200);
    assert_eq!(with(&wall, "localhost").0, 200);
    assert_eq!(with(&wall, "evil.example").0, 421);
    assert_eq!(get(port, "/livez").0, 200, "whoever asks");

    run(&["token", "revoke", "wall"]);
    assert_eq!(with(&wall, "ops.example").0, 401, "at once");
    assert_eq!(with(&other, "ops.example").0, 200);
    assert_eq!(stop(serve), Some(0), "{}", fast.said());
    assert!(!fast.said().contains(&wall) && !fast.said().contains(&other));
    fast.place.wait_until_gone();
}
