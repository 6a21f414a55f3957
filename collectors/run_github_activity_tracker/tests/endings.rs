//! How the collector ends when something is wrong: exit code, words, nothing left behind.

#![allow(clippy::unwrap_used)] // helpers of tests, which clippy does not see as such

mod support;

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use support::Scratch;

/// Runs it; gives its exit code and stderr.
fn ends(scratch: &Scratch, arguments: &[&str]) -> (i32, String) {
    let output = scratch.collect("w", arguments);
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn wrong_arguments_are_64_and_make_nothing() {
    let scratch = Scratch::new();
    for arguments in [
        &["--repo"][..],
        &["--repository"],
        &["--repository", ""],
        &["stray"],
    ] {
        assert_eq!(ends(&scratch, arguments).0, 64, "{arguments:?}");
    }
    assert!(!scratch.path("w").exists());
    assert_eq!(ends(&scratch, &["--help"]).0, 0);
}

#[test]
fn no_repository_is_65_with_a_hint() {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path("plain")).unwrap();
    for path in ["plain", "missing", "file:///nowhere/at/all"] {
        let (code, stderr) = ends(&scratch, &["--repository", path]);
        assert_eq!(code, 65, "{stderr}");
        assert!(
            stderr.starts_with("error: ") && stderr.contains("\nhint: "),
            "{stderr}"
        );
    }
    let repository = scratch.repository("r");
    repository.commit("Ann", "2026-03-01T10:00:00Z");
    for source in [repository.arg(), &repository.url()] {
        let (code, stderr) = ends(&scratch, &["--repository", source, "--branch", "nope"]);
        assert!(
            code == 65 && stderr.contains("--branch") || stderr.contains("no branch nope"),
            "{stderr}"
        );
    }
}

#[test]
fn an_unreachable_url_is_69_and_keeps_the_password_to_itself() {
    let scratch = Scratch::new();
    // Port 1 of this machine: refused at once.
    let (code, stderr) = ends(&scratch, &["--repository", "http://me:s3cret@127.0.0.1:1/x.git"]);
    assert_eq!(code, 69, "{stderr}");
    assert!(!stderr.contains("s3cret"), "{stderr}");
}

#[test]
fn one_failure_does_not_keep_the_others_from_being_read() {
    let scratch = Scratch::new();
    let repository = scratch.repository("good");
    repository.commit("Ann", "2026-03-01T10:00:00Z");
    let (code, stderr) = ends(
        &scratch,
        &["--repository", "missing", "--repository", repository.arg()],
    );
    assert_eq!(code, 65, "{stderr}");
    assert!(stderr.contains("1 of 2 repositories failed"), "{stderr}");
    // What was read is kept: when the other one is there again, both are delivered.
    let (code, _) = ends(&scratch, &["--repository", repository.arg()]);
    assert_eq!((code, scratch.data("w", "github_activity_day").len()), (0, 1));
}

#[test]
fn without_git_it_is_78() {
    let scratch = Scratch::new();
    let output = scratch
        .collector("w", &["--repository", "."])
        .env("PATH", "/nowhere")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(78));
}

#[test]
fn a_workspace_in_use_is_75() {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path("w")).unwrap();
    let lock = File::create(scratch.path("w/.lock")).unwrap();
    lock.lock().unwrap();
    assert_eq!(ends(&scratch, &["--repository", "."]).0, 75);
}

#[test]
fn sigterm_during_a_fetch_ends_git_too() {
    let scratch = Scratch::new();
    // A server that takes the connection and says nothing. It holds the pipe
    // open: the first byte says that it runs, the end says that it is gone.
    let (pipe, ssh) = (scratch.path("pipe"), scratch.path("ssh"));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    std::fs::write(
        &ssh,
        format!(
            "#!/bin/sh\nexec 3>'{}'\necho up >&3\nexec sleep 600\n",
            pipe.display()
        ),
    )
    .unwrap();
    std::fs::set_permissions(&ssh, PermissionsExt::from_mode(0o755)).unwrap();
    let mut child = scratch
        .collector("w", &["--repository", "ssh://silent.invalid/x.git"])
        .env("GIT_SSH_COMMAND", &ssh)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = File::open(&pipe).unwrap();
    let mut said = [0; 3];
    line.read_exact(&mut said).unwrap();
    assert!(
        Command::new("kill")
            .args(["-TERM", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(child.wait().unwrap().code(), Some(143));
    line.read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn a_partial_clone_is_65_and_fetches_nothing() {
    let scratch = Scratch::new();
    let whole = scratch.repository("whole");
    whole.write("a.txt", "1\n");
    whole.commit("Ann", "2026-03-01T10:00:00Z");
    whole.git(&["config", "uploadpack.allowFilter", "true"]);
    let partial = scratch.path("partial");
    let partial = partial.to_str().unwrap();
    whole.git(&[
        "clone",
        "--quiet",
        "--bare",
        "--filter=blob:none",
        &whole.url(),
        partial,
    ]);
    let (code, stderr) = ends(&scratch, &["--repository", partial]);
    assert_eq!(code, 65, "{stderr}");
    assert!(stderr.contains("partial clone"), "{stderr}");
}

#[test]
fn nobody_is_asked_for_a_password() {
    let scratch = Scratch::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/x.git", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut connection in listener.incoming().map_while(Result::ok) {
            let mut head = BufReader::new(&mut connection).lines().map_while(Result::ok);
            while head.next().is_some_and(|line| !line.is_empty()) {}
            let answer = "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Basic realm=\"x\"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            let _ = connection.write_all(answer.as_bytes());
        }
    });
    let (ask, asked) = (scratch.path("ask"), scratch.path("asked"));
    std::fs::write(
        &ask,
        format!("#!/bin/sh\ntouch '{}'\necho guess\n", asked.display()),
    )
    .unwrap();
    std::fs::set_permissions(&ask, std::fs::Permissions::from_mode(0o755)).unwrap();
    let settings = scratch.path("gitconfig");
    std::fs::write(&settings, format!("[core]\n\taskPass = {}\n", ask.display())).unwrap();
    let mut collector = scratch.collector("w", &["--repository", &url]);
    collector
        .envs([
            ("GIT_ASKPASS", &ask),
            ("SSH_ASKPASS", &ask),
            ("GIT_CONFIG_GLOBAL", &settings),
        ])
        .env("DISPLAY", ":9");
    let output = collector.output().unwrap();
    assert_eq!(output.status.code(), Some(77), "{output:?}");
    assert!(!asked.exists(), "somebody was asked");
}
