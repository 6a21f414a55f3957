//! The summary as Markdown, for CI pages (`GITHUB_STEP_SUMMARY`).

use std::fmt::Write;
use std::time::Duration;

use crate::events::summary::{Summary, TaskSummary};
use crate::model::TaskStatus;
use crate::text::human_duration;
use crate::text::safe::make_safe;

/// A heading, a table of all tasks, and for each failure its last lines.
pub fn summary_markdown(summary: &Summary) -> String {
    let mut text = String::new();
    let mark = if summary.success { "✅" } else { "❌" };
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "### {mark} orchestrate {}: {} succeeded, {} failed, {} skipped\n",
        cell(&summary.schedule),
        summary.succeeded,
        summary.failed,
        summary.skipped
    );
    let _ = writeln!(
        text,
        "| # | Task | Outcome | Time | Reason |\n| ---: | --- | --- | ---: | --- |"
    );
    for task in &summary.tasks {
        let _ = writeln!(
            text,
            "| {} | {}/{} | {} | {} | {} |",
            task.position,
            cell(&task.group),
            cell(&task.name),
            task.word(),
            if task.attempts > 0 {
                human_duration(Duration::from_millis(task.duration_ms))
            } else {
                "-".to_owned()
            },
            cell(&remark(task))
        );
    }
    for task in summary.tasks.iter().filter(|task| !task.tail.is_empty()) {
        tail(&mut text, task);
    }
    text.push('\n');
    text
}

/// The cause; for a success what it brought, and why that is not believed.
fn remark(task: &TaskSummary) -> String {
    let mut parts = Vec::new();
    parts.extend(task.suspect.clone());
    parts.extend(task.records.map(|counts| counts.to_string()));
    if parts.is_empty() || task.outcome != TaskStatus::Succeeded {
        parts.insert(0, task.reason.clone());
    }
    parts.join("; ")
}

fn tail(text: &mut String, task: &TaskSummary) {
    let _ = writeln!(
        text,
        "\nLast lines of {}/{}:\n\n<pre>",
        cell(&task.group),
        cell(&task.name)
    );
    for line in &task.tail {
        let _ = writeln!(text, "{}", html(&make_safe(line)));
    }
    let _ = writeln!(text, "</pre>");
}

/// Text that can neither leave its table cell nor become markup.
fn cell(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in html(&make_safe(text)).chars() {
        if matches!(c, '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '#' | '!') {
            safe.push('\\');
        }
        safe.push(c);
    }
    safe
}

fn html(text: &str) -> String {
    // An empty line would end the block of <pre>; a character reference keeps it.
    if text.is_empty() {
        return "&#8203;".to_owned();
    }
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::summary::tests::summary;

    #[test]
    fn nothing_a_collector_says_becomes_markup() {
        let mut hostile = summary();
        hostile.tasks[1].reason = "a | <b>x</b> `c`".to_owned();
        hostile.tasks[1].tail = vec!["</pre><script>".to_owned()];
        let text = summary_markdown(&hostile);
        assert!(text.contains(r"a \| &lt;b&gt;x&lt;/b&gt; \`c\`"), "{text}");
        assert!(text.contains("&lt;/pre&gt;&lt;script&gt;"), "{text}");
    }

    #[test]
    fn the_page_has_a_row_for_each_task() {
        insta::assert_snapshot!(summary_markdown(&summary()), @r#"
    ### ❌ orchestrate daily: 1 succeeded, 1 failed, 1 skipped

    | # | Task | Outcome | Time | Reason |
    | ---: | --- | --- | ---: | --- |
    | 1 | github/run\_a | succeeded | 812ms | exited with code 0 |
    | 2 | github/run\_b | failed | 812ms | exited with code 3 |
    | 3 | github/run\_c | skipped | - | stopped after run\_b exited with code 3 |

    Last lines of github/run\_b:

    <pre>
    no such host
    </pre>
    "#);
    }
}
