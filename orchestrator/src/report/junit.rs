//! The summary as a JUnit XML report, for CI systems that read those.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::events::summary::{Summary, TaskSummary};
use crate::model::{Category, TaskStatus};

/// The report: one suite per group, one case per task.
///
/// # Errors
/// The text cannot be written as XML.
pub fn summary_junit(summary: &Summary) -> anyhow::Result<String> {
    let mut report = Report::new(format!("orchestrate {} {}", summary.schedule, summary.run));
    report.set_time(elapsed(summary));
    let mut suites: Vec<TestSuite> = Vec::new();
    for task in &summary.tasks {
        let known = suites.iter().position(|suite| suite.name.as_str() == task.group);
        let suite = known.unwrap_or_else(|| {
            suites.push(TestSuite::new(task.group.as_str()));
            suites.len() - 1
        });
        suites[suite].add_test_case(case(task));
    }
    report.add_test_suites(suites);
    Ok(report.to_string()?)
}

fn elapsed(summary: &Summary) -> Duration {
    Duration::try_from(summary.finished_at.duration_since(summary.started_at)).unwrap_or_default()
}

fn case(task: &TaskSummary) -> TestCase {
    let status = match task.outcome {
        TaskStatus::Succeeded => TestCaseStatus::success(),
        TaskStatus::Skipped => TestCaseStatus::skipped(),
        TaskStatus::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
        _ => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    let mut case = TestCase::new(task.name.as_str(), status);
    case.set_classname(task.group.as_str());
    case.set_time(Duration::from_millis(task.duration_ms));
    if task.outcome != TaskStatus::Succeeded {
        case.status.set_message(task.reason.as_str());
        case.status
            .set_type(task.category.map_or(task.outcome.as_str(), Category::as_str));
    }
    // JUnit knows no yellow: what is suspect passes, and says so.
    let suspect = task.suspect.iter().map(|why| format!("suspect: {why}"));
    let warnings = task.warnings.iter().map(|warning| format!("warning: {warning}"));
    let said: Vec<String> = suspect.chain(warnings).chain(task.tail.iter().cloned()).collect();
    if !said.is_empty() {
        case.set_system_out(said.join("\n"));
    }
    case
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::summary::tests::summary;

    #[test]
    fn every_task_is_a_case() {
        let xml = summary_junit(&summary()).unwrap();
        insta::assert_snapshot!(xml, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="orchestrate daily 20261125-041000-3fa9c1" tests="3" skipped="1" failures="1" errors="0" time="2.000">
        <testsuite name="github" tests="3" skipped="1" errors="0" failures="1">
            <testcase name="run_a" classname="github" time="0.812"/>
            <testcase name="run_b" classname="github" time="0.812">
                <failure message="exited with code 3" type="failed"/>
                <system-out>no such host</system-out>
            </testcase>
            <testcase name="run_c" classname="github" time="0.812">
                <skipped message="stopped after run_b exited with code 3" type="skipped"/>
            </testcase>
        </testsuite>
    </testsuites>
    "#);
    }

    #[test]
    fn hostile_text_stays_text() {
        let mut hostile = summary();
        hostile.tasks[1].tail = vec!["]]></system-out><x>\u{0}\u{1b}".to_owned()];
        let xml = summary_junit(&hostile).unwrap();
        assert!(
            !xml.contains("<x>") && !xml.contains('\u{0}') && !xml.contains('\u{1b}'),
            "{xml}"
        );
    }
}
