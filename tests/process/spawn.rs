//! Edge cases 1 to 13: what happens when a collector cannot be started.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use orchestrator::model::{Outcome, SpawnError};
use orchestrator::process::{AttemptSpec, ForkServer, LaunchError};

use crate::support::{FAKE, Kept, Lab, ORCHESTRATE, within};

/// Runs what must not start; the next one must not notice.
async fn refused(lab: &Lab, spec: &AttemptSpec) -> SpawnError {
    let (end, kept) = lab.run(spec).await;
    assert_eq!(end.pid, None);
    assert!(kept.stdout.is_empty());
    let Outcome::NotStarted(error) = end.outcome else {
        panic!("it started: {:?}", end.outcome)
    };
    let (next, kept) = lab.run_fake("out next").await;
    assert_eq!((next.outcome, kept.out()), (Outcome::Succeeded, "next\n"));
    error
}

async fn refusal_of(lab: &Lab, program: impl Into<PathBuf>) -> SpawnError {
    let spec = lab.spec(program, [""; 0]);
    let error = refused(lab, &spec).await;
    let start = format!("cannot start {}: ", spec.program.display());
    SpawnError {
        message: error
            .message
            .strip_prefix(&start)
            .expect("names the program")
            .to_owned(),
        ..error
    }
}

#[tokio::test]
async fn edge_01_missing_program() {
    let lab = Lab::new();
    assert_eq!(
        refusal_of(&lab, lab.path("none")).await.message,
        "it does not exist"
    );
    lab.close().await;
}

#[tokio::test]
async fn edge_02_not_executable() {
    let lab = Lab::new();
    let program = lab.script("plain", b"#!/bin/sh\n");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o644)).unwrap();
    let error = refusal_of(&lab, &program).await;
    assert_eq!(error.message, "it is not executable");
    assert_eq!(error.hint.unwrap(), format!("chmod +x {}", program.display()));
    lab.close().await;
}

#[tokio::test]
async fn edge_03_directory() {
    let lab = Lab::new();
    assert_eq!(
        refusal_of(&lab, lab.directory.path()).await.message,
        "it is a directory"
    );
    lab.close().await;
}

#[tokio::test]
async fn edge_04_missing_interpreter_and_windows_line_ending() {
    let lab = Lab::new();
    let missing = lab.script("missing", b"#!/no/such/python\n");
    assert_eq!(
        refusal_of(&lab, missing).await.message,
        "its interpreter /no/such/python does not exist"
    );
    let windows = lab.script("windows", b"#!/bin/sh\r\necho hello\r\n");
    let error = refusal_of(&lab, windows).await;
    assert!(error.message.contains("Windows line ending"), "{error:?}");
    assert!(error.hint.unwrap().starts_with("sed -i"));
    lab.close().await;
}

#[tokio::test]
async fn edge_05_empty_or_without_interpreter_line_is_no_success() {
    let lab = Lab::new();
    assert_eq!(
        refusal_of(&lab, lab.script("empty", b"")).await.message,
        "it is empty"
    );
    let error = refusal_of(&lab, lab.script("bare", b"echo hello\n")).await;
    assert!(error.hint.unwrap().contains("#!/bin/sh"));
    lab.close().await;
}

#[tokio::test]
async fn edge_06_damaged_elf() {
    let lab = Lab::new();
    let error = refusal_of(&lab, lab.script("damaged", b"\x7fELF and then nonsense")).await;
    assert!(error.message.contains("damaged"), "{error:?}");
    lab.close().await;
}

#[tokio::test]
async fn edge_07_bad_working_directory_is_named() {
    let lab = Lab::new();
    let mut spec = lab.fake("out no");
    spec.working_directory = Some("/no/such/place".into());
    let error = refused(&lab, &spec).await;
    assert!(
        error
            .message
            .ends_with("its working directory /no/such/place does not exist"),
        "{error:?}"
    );
    spec.working_directory = Some(FAKE.into());
    assert!(refused(&lab, &spec).await.message.ends_with("is not a directory"));
    lab.close().await;
}

#[tokio::test]
async fn edge_08_argument_too_long() {
    let lab = Lab::new();
    let spec = lab.spec(FAKE, ["out".to_owned(), "x".repeat(200 << 10)]);
    let error = refused(&lab, &spec).await;
    assert!(error.message.ends_with("too long"), "{error:?}");
    // More than the protocol itself carries.
    let spec = lab.spec(FAKE, vec!["x".repeat(100 << 10); 200]);
    assert!(refused(&lab, &spec).await.message.ends_with("too long"));
    // And a big one that is fine: 1 MiB of environment.
    let mut spec = lab.fake("out fits");
    spec.env
        .extend((0..16).map(|index| (format!("BIG{index}").into(), "x".repeat(64 << 10).into())));
    let (end, kept) = lab.run(&spec).await;
    assert_eq!((end.outcome, kept.out()), (Outcome::Succeeded, "fits\n"));
    lab.close().await;
}

#[tokio::test]
async fn edge_09_nul_is_refused() {
    let lab = Lab::new();
    let spec = lab.spec(FAKE, ["out", "a\0b"]);
    assert!(
        refused(&lab, &spec)
            .await
            .message
            .ends_with("argument 2 contains a NUL character")
    );
    let mut spec = lab.fake("out no");
    spec.env.push(("SECRET".into(), "a\0b".into()));
    let error = refused(&lab, &spec).await;
    assert!(
        error
            .message
            .ends_with("environment variable SECRET contains a NUL character"),
        "{error:?}"
    );
    lab.close().await;
}

#[tokio::test]
async fn edge_11_program_that_is_still_open_for_writing_is_tried_again() {
    let lab = Lab::new();
    let program = lab.path("copied");
    fs::copy(FAKE, &program).unwrap();
    let busy = fs::OpenOptions::new().append(true).open(&program).unwrap();
    let spec = lab.spec(&program, ["out", "hello"]);
    // For too long: 1 + 2 + .. + 64 ms.
    let start = Instant::now();
    let error = refused(&lab, &spec).await;
    assert!(error.message.ends_with("open for writing"), "{error:?}");
    assert!(start.elapsed() >= Duration::from_millis(127));
    // For a moment: it is closed while the supervisor tries.
    let (attempt, ()) = tokio::join!(lab.launch(&spec), async { drop(busy) });
    let (end, kept) = lab.finish(attempt).await;
    assert_eq!((end.outcome, kept.out()), (Outcome::Succeeded, "hello\n"));
    lab.close().await;
}

#[tokio::test]
async fn edge_12_machine_trouble_is_an_infrastructure_error() {
    let lab = Lab::new();
    let server = ForkServer::with_executable(lab.path("no-such-binary"));
    let error = server.launch(&lab.fake("out no")).await.unwrap_err();
    assert!(matches!(error, LaunchError::ForkServer { .. }), "{error:?}");
    assert!(error.to_string().contains("no-such-binary"));
    // A binary that is no fork server.
    let server = ForkServer::with_executable("/bin/true");
    let error = within(server.launch(&lab.fake("out no"))).await.unwrap_err();
    assert!(matches!(error, LaunchError::ForkServer { .. }), "{error:?}");
    lab.close().await;
}

#[tokio::test]
async fn edge_13_binary_deleted_while_it_runs() {
    let mut lab = Lab::new();
    let binary = lab.path("orchestrate");
    fs::copy(ORCHESTRATE, &binary).unwrap();
    lab.server = ForkServer::with_executable(&binary);
    lab.run_fake("out first").await;
    fs::remove_file(&binary).unwrap();
    // Several at once, so that new supervisors are needed.
    let specs = [lab.fake("out one"), lab.fake("out two"), lab.fake("out three")];
    let mut attempts = Vec::new();
    for spec in &specs {
        attempts.push(lab.launch(spec).await);
    }
    for attempt in attempts {
        let end = within(attempt.run(&mut Kept::default())).await;
        assert_eq!(end.outcome, Outcome::Succeeded);
    }
    lab.close().await;
}

/// The fork server is killed: the next launch starts another one.
#[tokio::test]
async fn a_killed_fork_server_is_replaced() {
    let lab = Lab::new();
    let attempt = lab.launch(&lab.fake("hang")).await;
    let supervisor = crate::support::parent_of(attempt.pid().unwrap());
    let fork_server = crate::support::parent_of(supervisor);
    crate::support::kill9(fork_server);
    let mut kept = Kept::default();
    let next = lab.launch(&lab.fake("out next")).await;
    let end = within(next.run(&mut kept)).await;
    assert_eq!((end.outcome, kept.out()), (Outcome::Succeeded, "next\n"));
    // The attempt that was running is still supervised.
    attempt
        .controller()
        .kill(orchestrator::model::CancelCause::Operator);
    let (end, _) = lab.finish(attempt).await;
    assert!(
        matches!(end.outcome, Outcome::Cancelled { .. }),
        "{:?}",
        end.outcome
    );
    lab.close().await;
}
