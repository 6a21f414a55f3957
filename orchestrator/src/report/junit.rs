//! The summary as a JUnit XML report, for CI systems that read those.

use std::time::Duration;

use jiff::civil::Date;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::events::summary::{Summary, TaskSummary};
use crate::model::{Category, TaskStatus};
use crate::report::xml::{with_tabs, xml_text};

/// The report: one suite per group, one case per task.
///
/// # Errors
/// The text cannot be written as XML.
pub fn summary_junit(summary: &Summary) -> anyhow::Result<String> {
    let mut report = Report::new(xml_text(&format!(
        "orchestrate {} {}",
        summary.schedule, summary.run
    )));
    report.set_time(elapsed(summary));
    let mut suites: Vec<TestSuite> = Vec::new();
    for task in &summary.tasks {
        let name = xml_text(&task.group);
        let known = suites
            .iter()
            .position(|suite| suite.name.as_str() == name.as_str());
        let suite = known.unwrap_or_else(|| {
            suites.push(TestSuite::new(name));
            suites.len() - 1
        });
        suites[suite].add_test_case(case(task));
    }
    report.add_test_suites(suites);
    Ok(with_tabs(&report.to_string()?))
}

/// The report of a range of dates: one suite per date, one case per task.
///
/// # Errors
/// The text cannot be written as XML.
pub(crate) fn range_junit(runs: &[(Date, Summary)]) -> anyhow::Result<String> {
    let schedule = runs.first().map_or("", |(_, summary)| summary.schedule.as_str());
    let mut report = Report::new(xml_text(&format!("orchestrate {schedule}")));
    report.set_time(runs.iter().map(|(_, summary)| elapsed(summary)).sum());
    for (date, summary) in runs {
        let mut suite = TestSuite::new(date.to_string());
        suite.set_time(elapsed(summary));
        suite.add_test_cases(summary.tasks.iter().map(case));
        report.add_test_suite(suite);
    }
    Ok(with_tabs(&report.to_string()?))
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
    let mut case = TestCase::new(xml_text(&task.name), status);
    case.set_classname(xml_text(&task.group));
    case.set_time(Duration::from_millis(task.duration_ms));
    if task.outcome != TaskStatus::Succeeded {
        case.status.set_message(xml_text(&task.reason));
        case.status
            .set_type(task.category.map_or(task.outcome.as_str(), Category::as_str));
    }
    // JUnit knows no yellow: what is suspect passes, and says so.
    let suspect = task.suspect.iter().map(|why| format!("suspect: {why}"));
    let warnings = task.warnings.iter().map(|warning| format!("warning: {warning}"));
    let said: Vec<String> = suspect.chain(warnings).chain(task.tail.iter().cloned()).collect();
    if !said.is_empty() {
        case.set_system_out(xml_text(&said.join("\n")));
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
    fn every_date_of_a_range_is_a_suite() {
        let date: Date = "2026-11-25".parse().unwrap();
        let xml = range_junit(&[(date, summary()), (date.tomorrow().unwrap(), summary())]).unwrap();
        let document = roxmltree::Document::parse(&xml).unwrap();
        let suites: Vec<_> = document
            .descendants()
            .filter(|node| node.has_tag_name("testsuite"))
            .map(|suite| {
                (
                    suite.attribute("name").unwrap(),
                    suite.attribute("tests").unwrap(),
                )
            })
            .collect();
        assert_eq!(suites, [("2026-11-25", "3"), ("2026-11-26", "3")]);
        let all = document.root_element();
        assert_eq!(
            (all.attribute("tests"), all.attribute("failures")),
            (Some("6"), Some("2"))
        );
        assert_eq!(all.attribute("time"), Some("4.000"));
    }

    /// Read back by another's parser, which takes XML 1.0 to the letter.
    #[test]
    fn whatever_a_collector_prints_is_xml_and_comes_back() {
        let printed = "a\tb ]]></system-out><x>\u{0}\u{1b}[31mred\u{1b}[0m \u{1b}]\u{ffff}\u{fffe}\u{7f}\u{85}\u{1f600}\r&amp;";
        let expected =
            "a\tb ]]></system-out><x>\\u{0}red \\u{1b}]\u{fffd}\u{fffd}\\u{7f}\\u{85}\u{1f600}\\u{d}&amp;";
        let mut hostile = summary();
        let task = &mut hostile.tasks[1];
        task.tail = vec![printed.to_owned(), "  indented".to_owned()];
        task.warnings = vec![printed.to_owned()];
        task.reason = format!("{printed}\n\"quoted\"");
        task.name = format!("{printed}-name");
        let xml = summary_junit(&hostile).unwrap();
        let document = roxmltree::Document::parse(&xml).unwrap();
        let cases: Vec<_> = document
            .descendants()
            .filter(|node| node.has_tag_name("testcase"))
            .collect();
        assert_eq!(cases.len(), 3);
        assert_eq!(
            cases[1].attribute("name"),
            Some(format!("{expected}-name").as_str())
        );
        let child = |name| cases[1].children().find(|node| node.has_tag_name(name)).unwrap();
        // A line break in an attribute is read as a space (XML 1.0, 3.3.3).
        assert_eq!(
            child("failure").attribute("message"),
            Some(format!("{expected} \"quoted\"").as_str())
        );
        assert_eq!(
            child("system-out").text(),
            Some(format!("warning: {expected}\n{expected}\n  indented").as_str())
        );
    }

    #[test]
    fn every_character_is_xml() {
        let mut report = summary();
        report.tasks[1].tail = vec![('\0'..=char::MAX).collect()];
        report.tasks[1].reason = report.tasks[1].tail.concat();
        let xml = summary_junit(&report).unwrap();
        roxmltree::Document::parse(&xml).unwrap();
    }
}
