//! `check-collector`: whether a collector keeps the contract, by running it in a
//! scratch directory: once to its end, once to see how it takes SIGTERM.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anstyle::AnsiColor;
use serde::Serialize;
use tokio::sync::Notify;

use crate::cli::command_line::{CheckCollectorArgs, Format, Global};
use crate::cli::shell::collectors::launcher;
use crate::cli::shell::exit::Exit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{print_json, print_text};
use crate::cli::shell::settings::Settings;
use crate::cli::shell::store::runtime;
use crate::model::{
    CancelCause, Category, Clock, CommandName, Exit as Ended, GroupName, Limits, Outcome, RunId, Stream,
    SystemClock,
};
use crate::process::{AttemptEnd, AttemptSpec, ForkServer, Launcher, OutputSink, Place};
use crate::records::Follower;
use crate::text::make_safe;

/// How long it may run where `--timeout` says nothing.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long it may take to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(5);

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    /// `ok`, `warning` (allowed, but look at it) or `error`.
    verdict: &'static str,
    message: String,
}

/// Runs the checks and tells what they found.
pub(crate) fn check_collector(global: &Global, args: &CheckCollectorArgs) -> Result<Exit, Failure> {
    let settings = Settings::resolve(global)?;
    let launcher = launcher(&settings);
    let command = CommandName::new(&args.command);
    let mut findings = Vec::new();
    match launcher.find(command.as_str()) {
        Err(missing) => {
            let hint = missing.hint.map_or(String::new(), |hint| format!("; {hint}"));
            findings.push(error("executable", format!("{}{hint}", missing.message)));
        }
        Ok(found) => {
            findings.push(ok("executable", found.display()));
            let scratch = scratch_directory().map_err(Failure::infrastructure)?;
            let events = scratch.path().join("events.jsonl");
            std::fs::File::create_new(&events).map_err(Failure::infrastructure)?;
            let spec = specify(&launcher, &command, args, scratch.path(), &events)?;
            runtime()?.block_on(async {
                let server = ForkServer::new();
                whole_run(&server, &spec, &mut findings).await?;
                findings.push(what_it_brought(&events));
                how_it_ends(&server, &spec, &mut findings).await?;
                server.shutdown().await;
                Ok::<(), Failure>(())
            })?;
        }
    }
    let failed = findings.iter().any(|finding| finding.verdict == "error");
    match args.format {
        Format::Json => print_json(&findings)?,
        Format::Text => findings.iter().try_for_each(print)?,
    }
    Ok(if failed {
        Exit::CollectorFailed
    } else {
        Exit::Success
    })
}

fn ok(check: &'static str, message: impl Into<String>) -> Finding {
    Finding {
        check,
        verdict: "ok",
        message: message.into(),
    }
}

fn warning(check: &'static str, message: impl Into<String>) -> Finding {
    Finding {
        check,
        verdict: "warning",
        message: message.into(),
    }
}

fn error(check: &'static str, message: impl Into<String>) -> Finding {
    Finding {
        check,
        verdict: "error",
        message: message.into(),
    }
}

fn print(finding: &Finding) -> Result<(), Failure> {
    let style = match finding.verdict {
        "ok" => AnsiColor::Green.on_default(),
        "warning" => AnsiColor::Yellow.on_default(),
        _ => AnsiColor::Red.on_default().bold(),
    };
    let (verdict, check) = (finding.verdict, finding.check);
    print_text(&format!(
        "{style}{verdict:8}{style:#} {check}: {}\n",
        make_safe(&finding.message)
    ))
}

/// Gone when it is dropped.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed lies in the directory for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn scratch_directory() -> std::io::Result<Scratch> {
    let path = std::env::temp_dir().join(format!(
        "orchestrate-check-{}-{:08x}",
        std::process::id(),
        fastrand::u32(..)
    ));
    std::fs::create_dir(&path)?;
    Ok(Scratch(path))
}

fn specify(
    launcher: &Launcher,
    command: &CommandName,
    args: &CheckCollectorArgs,
    scratch: &Path,
    events: &Path,
) -> Result<AttemptSpec, Failure> {
    let found = launcher.find(command.as_str()).map_err(Failure::infrastructure)?;
    let timeout = args.timeout.unwrap_or(PATIENCE);
    let now = SystemClock.now();
    let place = Place {
        run_id: RunId::at(now, fastrand::u32(..)),
        group: GroupName::new("check"),
        command: command.clone(),
        schedule: "daily".to_owned(),
        attempt: 1,
        slot: Some(now),
        deadline: Some((now, timeout)),
        workspace: Some(scratch.to_owned()),
        events: Some(events.to_owned()),
        state: None,
        program: std::env::current_exe().ok(),
        settings: None,
        releases: Vec::new(),
    };
    Ok(AttemptSpec {
        program: std::path::absolute(found.program).map_err(Failure::infrastructure)?,
        args: found
            .leading_args
            .into_iter()
            .chain(args.args.iter().map(Into::into))
            .collect(),
        env: launcher
            .environment
            .for_attempt(&std::collections::BTreeMap::new(), &place),
        working_directory: None,
        timeout: Some(timeout),
        idle_timeout: None,
        grace: GRACE,
        drain: AttemptSpec::DRAIN,
        kill_wait: AttemptSpec::KILL_WAIT,
        limits: Limits::default(),
    })
}

/// What its events file says; nothing of it is kept.
fn what_it_brought(events: &Path) -> Finding {
    let examined = match Follower::open(events).and_then(Follower::finish) {
        Ok(examined) => examined.examination,
        Err(why) => return error("events", format!("its events file cannot be read: {why}")),
    };
    match (examined.refusal(), examined.complaints().first()) {
        (Some(why), _) => error("events", why),
        (None, Some(first)) => warning("events", first),
        (None, None) => ok("events", format!("{} records", examined.records)),
    }
}

/// Notes that, and when, something was written.
struct Ear {
    written: u64,
    heard: Arc<Notify>,
}

impl OutputSink for Ear {
    async fn chunk(&mut self, _stream: Stream, bytes: &[u8]) {
        self.written += bytes.len() as u64;
        self.heard.notify_one();
    }

    async fn quiet(&mut self) {}
}

async fn whole_run(
    server: &ForkServer,
    spec: &AttemptSpec,
    findings: &mut Vec<Finding>,
) -> Result<(), Failure> {
    let mut ear = Ear {
        written: 0,
        heard: Arc::default(),
    };
    let attempt = server.launch(spec).await.map_err(Failure::infrastructure)?;
    let end = attempt.run(&mut ear).await;
    findings.push(exit_code(&end));
    findings.push(match end.leftovers.as_slice() {
        [] => ok("children", "it left no process behind"),
        left => {
            let names: Vec<String> = left
                .iter()
                .map(|left| format!("{} (pid {})", left.name, left.pid))
                .collect();
            error(
                "children",
                format!(
                    "it left processes behind, which were killed: {}",
                    names.join(", ")
                ),
            )
        }
    });
    findings.push(match ear.written {
        0 => warning("output", "it wrote nothing: its log would not tell what it did"),
        bytes => ok("output", format!("{bytes} bytes")),
    });
    Ok(())
}

fn exit_code(end: &AttemptEnd) -> Finding {
    let check = "exit code";
    match &end.outcome {
        Outcome::Succeeded => ok(check, "0"),
        Outcome::Failed(Ended::Code(code)) if Category::of_code(*code) != Category::Failed || *code == 1 => {
            warning(
                check,
                format!(
                    "{} (in the contract, but it did not succeed here)",
                    end.outcome.reason()
                ),
            )
        }
        outcome => error(check, outcome.reason()),
    }
}

/// Asks it to end as soon as it has shown that it is at work, or after a second.
async fn how_it_ends(
    server: &ForkServer,
    spec: &AttemptSpec,
    findings: &mut Vec<Finding>,
) -> Result<(), Failure> {
    let heard = Arc::new(Notify::new());
    let mut ear = Ear {
        written: 0,
        heard: Arc::clone(&heard),
    };
    // Its limit of time must not come first.
    let unlimited = AttemptSpec {
        timeout: None,
        ..spec.clone()
    };
    let attempt = server.launch(&unlimited).await.map_err(Failure::infrastructure)?;
    let controller = attempt.controller();
    let ask = async {
        let _ = tokio::time::timeout(Duration::from_secs(1), heard.notified()).await;
        controller.cancel(CancelCause::Operator);
        std::future::pending::<()>().await;
    };
    let end = tokio::select! {
        end = attempt.run(&mut ear) => end,
        () = ask => return Ok(()),
    };
    let check = "SIGTERM";
    findings.push(match &end.outcome {
        Outcome::Cancelled {
            exit: Some(Ended::Signal { no: 9, .. }),
            ..
        } => error(
            check,
            format!(
                "it did not end within {}; it had to be killed",
                humantime::format_duration(GRACE)
            ),
        ),
        Outcome::Cancelled { exit: Some(exit), .. } => ok(check, format!("it ended: {exit}")),
        _ => ok(check, "it had ended before it could be asked to"),
    });
    Ok(())
}
