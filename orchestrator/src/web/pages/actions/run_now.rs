//! `/groups/{group}/run` and `/collectors/{group}/{name}/run`: now, whatever the timetable says.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use crate::web::actions::Wish;
use crate::web::fault::Fault;
use crate::web::form::FormFields;
use crate::web::pages::actions::answer::{ActingVisitor, AnsweredForm, answer};
use crate::web::pages::actions::confirm::{Question, ask, shown_refusal};
use crate::web::pages::frame::Reader;
use crate::web::parameters::{PathPart, PathParts};
use crate::web::route_policy::{Routes, confirmed};
use crate::web::site::Site;
use crate::web::views::links;

pub(crate) fn routes() -> Routes {
    confirmed("/groups/{group}/run", ask_group, run_group).merge(confirmed(
        "/collectors/{group}/{name}/run",
        ask_collector,
        run_collector,
    ))
}

async fn ask_group(
    State(site): State<Arc<Site>>,
    reader: Reader,
    PathPart(group): PathPart,
) -> Result<Response, Fault> {
    let wish = Wish::RunGroup { group: group.clone() };
    let (preview, refused) = shown_refusal(site.acting.desk.preview(&wish).await)?;
    let about = (
        group.clone(),
        links::with_query("/runs", &[("group", Some(&group))]),
    );
    let command = match group.as_str() {
        "workflow" => "orchestrate run-all".to_owned(),
        _ => format!("orchestrate run --schedule default --group {group}"),
    };
    ask(
        &site,
        &reader,
        Question {
            button: ("Run now", "play"),
            will: preview.notes,
            tasks: preview.tasks,
            refused,
            command,
            ..Question::new(
                links::group_action(&group, "run"),
                about,
                format!("Run {group} now?"),
            )
        },
    )
}

async fn run_group(
    State(site): State<Arc<Site>>,
    PathPart(group): PathPart,
    visitor: ActingVisitor,
    fields: FormFields,
) -> Result<Response, Fault> {
    let form = AnsweredForm {
        path: links::group_action(&group, "run"),
        fields,
        wish: Wish::RunGroup { group },
        seen_retry: None,
    };
    answer(&site, visitor, form).await
}

async fn ask_collector(
    State(site): State<Arc<Site>>,
    reader: Reader,
    PathParts([group, name]): PathParts<2>,
) -> Result<Response, Fault> {
    let wish = Wish::RunCollector {
        group: group.clone(),
        name: name.clone(),
        args: None,
    };
    let (preview, refused) = shown_refusal(site.acting.desk.preview(&wish).await)?;
    let own = preview.tasks.first().map(|task| task.args.clone());
    let who = format!("{group}/{name}");
    ask(
        &site,
        &reader,
        Question {
            button: ("Run now", "play"),
            will: preview.notes,
            args: own.or_else(|| refused.is_none().then(Vec::new)),
            refused,
            command: format!("orchestrate run-one {name} --group {group}"),
            ..Question::new(
                links::collector_action(&group, &name, "run"),
                (who.clone(), links::collector(&group, &name)),
                format!("Run {who} now?"),
            )
        },
    )
}

async fn run_collector(
    State(site): State<Arc<Site>>,
    PathParts([group, name]): PathParts<2>,
    visitor: ActingVisitor,
    fields: FormFields,
) -> Result<Response, Fault> {
    let form = AnsweredForm {
        path: links::collector_action(&group, &name, "run"),
        wish: Wish::RunCollector {
            group,
            name,
            args: fields
                .get("args")
                .map(lines)
                .filter(|args| Some(args) != own_args(&fields).as_ref()),
        },
        fields,
        seen_retry: None,
    };
    answer(&site, visitor, form).await
}

/// Those of the timetable, as the page showed them: who leaves them as they are has given none of
/// his own, and what is to be filled into them is.
fn own_args(fields: &FormFields) -> Option<Vec<String>> {
    fields.get("own").map(lines)
}

/// One argument a line, as browsers end lines. The last line end ends a line and begins none.
fn lines(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n");
    match text.strip_suffix('\n').unwrap_or(&text) {
        "" => Vec::new(),
        text => text.split('\n').map(str::to_owned).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn a_line_is_an_argument_as_it_is() {
        assert_eq!(lines(""), [""; 0]);
        assert_eq!(lines("--format\r\ncsv\r\n"), ["--format", "csv"]);
        assert_eq!(lines("a b; rm -rf /\n\n $(x) "), ["a b; rm -rf /", "", " $(x) "]);
    }
}
