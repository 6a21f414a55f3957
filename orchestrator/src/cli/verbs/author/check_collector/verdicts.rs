//! What is to be said of a whole run of the collector. `ok` was looked at and is right,
//! `failed` is a collector that did not succeed, `error` breaks the contract, `skipped` could
//! not be looked at.

use std::path::Path;

use crate::cli::verbs::author::check_collector::finding::{Finding, error, failed, ok, skipped, warning};
use crate::model::{Category, Exit as Ended, Outcome};
use crate::process::AttemptEnd;
use crate::records::{Examination, Follower};

/// How it ended, and what it left behind.
pub(crate) fn judge_end(end: &AttemptEnd) -> [Finding; 2] {
    [exit_code(end), children(end)]
}

/// What it told on its output and in its events file, of which nothing is kept.
pub(crate) fn judge_words(end: &AttemptEnd, written: u64, events: &Path) -> Vec<Finding> {
    let examined = match Follower::open(events).and_then(Follower::finish) {
        Ok(examined) => examined.examination,
        Err(why) => {
            let why = format!("its events file cannot be read: {why}");
            return vec![output(written, true), error("events", why)];
        }
    };
    let mut findings = vec![output(written, examined.says_something())];
    findings.extend(judge_events(end, &examined));
    findings
}

fn exit_code(end: &AttemptEnd) -> Finding {
    let check = "exit code";
    match &end.outcome {
        Outcome::Succeeded => ok(check, "0"),
        Outcome::Failed(Ended::Code(code)) if Category::of_code(*code) != Category::Failed || *code == 1 => {
            let why = end.outcome.reason();
            failed(
                check,
                format!("{why} (in the contract, but it did not succeed here)"),
            )
        }
        outcome => error(check, outcome.reason()),
    }
}

fn children(end: &AttemptEnd) -> Finding {
    let check = "children";
    if end.leftovers.is_empty() {
        return ok(check, "it left no process behind");
    }
    let left = end.leftovers.iter();
    let names: Vec<String> = left
        .map(|left| format!("{} (pid {})", left.name, left.pid))
        .collect();
    let names = names.join(", ");
    error(
        check,
        format!("it left processes behind, which were killed: {names}"),
    )
}

fn output(written: u64, has_events: bool) -> Finding {
    match written {
        0 if has_events => ok("output", "nothing; it spoke through its events file"),
        0 => warning("output", "it wrote nothing: its log would not tell what it did"),
        bytes => ok("output", format!("{bytes} bytes")),
    }
}

fn judge_events(end: &AttemptEnd, examined: &Examination) -> Vec<Finding> {
    let check = "events";
    let succeeded = end.outcome == Outcome::Succeeded;
    let mut findings: Vec<Finding> = examined
        .bad_lines()
        .into_iter()
        .map(|line| error(check, line))
        .collect();
    findings.extend(examined.refusal().map(|why| error(check, why)));
    if succeeded && examined.failure.is_some() {
        let why = "it told of a failure and ended with code 0: such a success is not believed";
        findings.push(error(check, why));
    }
    let warned = examined.warnings.first.iter();
    findings.extend(warned.map(|message| warning(check, format!("it warns: {message}"))));
    if findings.is_empty() {
        findings.push(match (succeeded, examined.records) {
            (true, records) => ok(check, format!("{records} records")),
            (false, 0) if !examined.says_something() => {
                skipped(check, "it did not succeed, and said nothing")
            }
            (false, records) => ok(
                check,
                format!("{records} records, which are not kept: it did not succeed"),
            ),
        });
    }
    let reads = examined.reads();
    if !reads.is_empty() {
        findings.push(ok("reads", reads.join(", ")));
    }
    findings
}
