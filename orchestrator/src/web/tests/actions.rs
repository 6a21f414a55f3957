//! Actions, without a socket and with a desk that only notes what it is asked: that it is asked once
//! and written down first, what is shown, and where it leads.

use axum::http::StatusCode;
use jiff::SignedDuration;

use super::night::{RUN, hostile_run};
use super::noting_desk::{SECRET, operated};
use super::now;
use crate::model::RunId;
use crate::store::{ActionOutcome, ActionVerb};
use crate::web::actions::{ActionRefusal, RefusalKind, Wish};

const COLLECTOR: &str = "/collectors/early/usage/run";

#[tokio::test]
async fn a_form_that_is_sent_twice_is_answered_once_and_leads_to_the_same_run() {
    let (site, cookie) = operated().await;
    let key = site.form_key(COLLECTOR, &cookie).await;
    let form =
        format!("key={key}&args=--format%0D%0Aa%3B+rm+-rf%0D%0A&own=--own%0D%0A%3Cb%3E%0D%0A&note=+why+");
    let first = site.post_as(COLLECTOR, Some(&cookie), &form).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER, "{}", first.text);
    let again = site.post_as(COLLECTOR, Some(&cookie), &form).await;
    assert_eq!((again.status, again.location()), (first.status, first.location()));
    let args = vec!["--format".to_owned(), "a; rm -rf".to_owned()];
    let wish = Wish::RunCollector {
        group: "early".to_owned(),
        name: "usage".to_owned(),
        args: Some(args.clone()),
    };
    assert_eq!(site.acted(), [wish], "once");

    let action = site.store.actions(None, 9).await.unwrap().remove(0);
    let run = action.run.unwrap();
    assert_eq!(first.location(), format!("/runs/{run}"));
    assert_eq!(
        (action.actor.as_str(), action.verb, action.outcome),
        ("ops", ActionVerb::Run, ActionOutcome::Done)
    );
    assert_eq!(
        (action.target.as_str(), action.args, action.note.as_deref()),
        ("early/usage", Some(args), Some("why"))
    );

    let other = site
        .post_as(COLLECTOR, Some(&cookie), &format!("key={key}&args=x"))
        .await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(site.acted().len(), 1);
    // Who leaves the arguments as they are gives none: what is to be filled in is.
    let key = site.form_key(COLLECTOR, &cookie).await;
    let own = "--own%0D%0A%3Cb%3E%0D%0A";
    site.post_as(
        COLLECTOR,
        Some(&cookie),
        &format!("key={key}&args={own}&own={own}"),
    )
    .await;
    assert!(matches!(site.acted()[1], Wish::RunCollector { args: None, .. }));
}

#[tokio::test]
async fn each_action_is_what_its_page_says() {
    let (site, cookie) = operated().await;
    hostile_run(&site).await;
    let path = |verb: &str| format!("/runs/{RUN}/{verb}");
    for (path, wish, to) in [
        (
            "/groups/early/run".to_owned(),
            Wish::RunGroup {
                group: "early".to_owned(),
            },
            None,
        ),
        (
            "/groups/a%2Fb/pause".to_owned(),
            Wish::Pause {
                group: "a/b".to_owned(),
            },
            Some("/schedule"),
        ),
        (
            "/groups/early/resume".to_owned(),
            Wish::Resume {
                group: "early".to_owned(),
            },
            Some("/schedule"),
        ),
        (
            path("cancel"),
            Wish::Cancel { run: RunId::new(RUN) },
            Some("/runs"),
        ),
    ] {
        let page = site.browse_as(&path, &cookie).await;
        assert!(
            page.text.contains("as ops, operator") && page.text.contains("It begins at once."),
            "{path}"
        );
        let key = page.field("key").unwrap();
        let answer = site.post_as(&path, Some(&cookie), &format!("key={key}")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}: {}", answer.text);
        assert!(
            answer.location().starts_with(to.unwrap_or("/runs/2026")),
            "{path}: {}",
            answer.location()
        );
        assert_eq!(site.acted().last(), Some(&wish), "{path}");
    }
    let audit = site.browse_as("/audit", &cookie).await;
    assert_eq!(audit.status, StatusCode::OK);
    for said in [
        "paused",
        "resumed",
        "cancelled",
        "a/b",
        "It was done.",
        "signed in",
    ] {
        assert!(audit.text.contains(said), "{said}: {}", audit.text);
    }
}

#[tokio::test]
async fn a_retry_is_of_what_was_chosen_and_refused_where_it_was_retried_meanwhile() {
    let (site, cookie) = operated().await;
    hostile_run(&site).await;
    let path = format!("/runs/{RUN}/retry");
    let page = site.browse_as(&path, &cookie).await;
    assert!(page.text.contains("Retry what did not succeed"), "{}", page.text);
    assert!(!page.text.contains("<script>"), "names are text");
    let (first, second) = (page.field("key").unwrap(), site.form_key(&path, &cookie).await);
    let task = regex::Regex::new("name=\"task\" value=\"([^\"]+)\"").unwrap();
    let task = task.captures(&page.text).unwrap()[1]
        .replace('%', "%25")
        .replace('+', "%2B");

    let none = site
        .post_as(&path, Some(&cookie), &format!("key={first}&seen="))
        .await;
    assert_eq!(none.status, StatusCode::BAD_REQUEST, "nothing is chosen");
    let answer = site
        .post_as(&path, Some(&cookie), &format!("key={first}&seen=&task={task}"))
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let retried = answer.location().strip_prefix("/runs/").unwrap().to_owned();
    assert_eq!(site.acted().len(), 1);

    // Another page that knew of none.
    let late = site
        .post_as(&path, Some(&cookie), &format!("key={second}&seen=&task={task}"))
        .await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.text.contains(&retried), "{}", late.text);
    assert_eq!(site.acted().len(), 1, "nothing was done");
    let twice = site
        .post_as(&path, Some(&cookie), &format!("key={second}&seen=&task={task}"))
        .await;
    assert_eq!(
        twice.status,
        StatusCode::CONFLICT,
        "nor is it when it is sent again"
    );

    let fresh = site.browse_as(&path, &cookie).await;
    assert!(
        fresh
            .text
            .contains(&format!("It was retried before, as run {retried}.")),
        "{}",
        fresh.text
    );
    assert_eq!(fresh.field("seen").unwrap(), retried);
    let form = format!("key={}&seen={retried}&task={task}", fresh.field("key").unwrap());
    site.clock.set(now() + SignedDuration::from_secs(2));
    assert_eq!(
        site.post_as(&path, Some(&cookie), &form).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(site.acted().len(), 2);
}

#[tokio::test]
async fn what_would_be_refused_has_no_button_and_what_is_refused_is_written_down() {
    let (site, cookie) = operated().await;
    let key = site.form_key("/groups/early/pause", &cookie).await;
    let set =
        |kind| *site.desk.refusal.lock().unwrap() = Some(ActionRefusal::new(kind, "it is paused already"));
    set(RefusalKind::Conflict);
    let page = site.browse_as("/groups/early/pause", &cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.text.contains("it is paused already") && page.text.contains("type=\"submit\" disabled"),
        "{}",
        page.text
    );
    assert_eq!(page.field("key"), None);
    let late = site
        .post_as("/groups/early/pause", Some(&cookie), &format!("key={key}"))
        .await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    let action = site.store.actions(None, 1).await.unwrap().remove(0);
    assert_eq!(
        (action.outcome, action.message.as_deref()),
        (ActionOutcome::Refused, Some("it is paused already"))
    );
    set(RefusalKind::Unknown);
    let gone = site.browse_as("/groups/early/pause", &cookie).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn secrets_and_markup_in_what_is_typed_are_neither_kept_nor_shown() {
    let (site, cookie) = operated().await;
    let key = site.form_key(COLLECTOR, &cookie).await;
    let long = "x".repeat(500);
    let form = format!("key={key}&args=--key%3D{SECRET}&note=%3Cscript%3E{SECRET}%E2%80%AE{long}");
    assert_eq!(
        site.post_as(COLLECTOR, Some(&cookie), &form).await.status,
        StatusCode::SEE_OTHER
    );
    let action = site.store.actions(None, 1).await.unwrap().remove(0);
    assert_eq!(action.args, Some(vec!["--key=***".to_owned()]));
    let note = action.note.unwrap();
    assert!(
        note.starts_with("<script>***") && note.chars().count() == 200,
        "{note}"
    );
    let audit = site.browse_as("/audit", &cookie).await.text;
    assert!(
        !audit.contains(SECRET) && !audit.contains("<script>***") && !audit.contains('\u{202e}'),
        "{audit}"
    );
    let big = format!("key={key}&args={}", "x".repeat(70_000));
    let refused = site.post_as(COLLECTOR, Some(&cookie), &big).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_run_that_was_asked_for_has_a_page_before_it_begins() {
    let (site, cookie) = operated().await;
    let key = site.form_key(COLLECTOR, &cookie).await;
    let answer = site
        .post_as(COLLECTOR, Some(&cookie), &format!("key={key}"))
        .await;
    let page = site.browse_as(answer.location(), &cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.text.contains("This run is about to begin.") && page.text.contains("Asked for by ops"),
        "{}",
        page.text
    );
    assert_eq!(page.headers["refresh"], "2");
    let run = RunId::new(answer.location().strip_prefix("/runs/").unwrap());
    site.store
        .fail_action_of_run(&run, "no room <b>", now())
        .await
        .unwrap();
    let page = site.browse_as(answer.location(), &cookie).await;
    assert!(
        page.text.contains("could not be begun") && page.text.contains("no room &#60;b&#62;"),
        "{}",
        page.text
    );
    assert!(!page.headers.contains_key("refresh"));
    let unknown = site.browse_as("/runs/20200101-000000-aaaaaa", &cookie).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}
