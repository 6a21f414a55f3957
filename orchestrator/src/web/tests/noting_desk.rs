//! A desk that only notes what it is asked, and a site whose operator has signed in.

use std::sync::{Arc, Mutex};

use axum::http::StatusCode;

use super::{Answer, Fixture};
use crate::model::RunId;
use crate::store::{ActionOutcome, Role, Store};
use crate::web::actions::desk::Pending;
use crate::web::actions::{ActionDesk, ActionPreview, ActionRefusal, PreviewedTask, Wish};

/// Notes what it is asked, and does nothing.
#[derive(Default)]
pub(super) struct NotingDesk {
    pub(super) acted: Mutex<Vec<(Wish, RunId)>>,
    /// Set: it refuses all.
    pub(super) refusal: Mutex<Option<ActionRefusal>>,
    /// Looked at while it acts: what it does is written down already.
    pub(super) store: Mutex<Option<Store>>,
}

/// The desk of a site, which the test has as well.
pub(super) struct SharedDesk(pub(super) Arc<NotingDesk>);

pub(super) const SECRET: &str = "hush-hush";

impl ActionDesk for SharedDesk {
    fn preview<'a>(&'a self, wish: &'a Wish) -> Pending<'a, Result<ActionPreview, ActionRefusal>> {
        let refusal = self.0.refusal.lock().unwrap().clone();
        let task = PreviewedTask {
            group: "early".to_owned(),
            name: "usage".to_owned(),
            args: vec!["--own".to_owned(), "<b>".to_owned()],
            skip: None,
        };
        Box::pin(async move {
            match refusal {
                Some(refusal) => Err(refusal),
                None => Ok(ActionPreview {
                    tasks: wish.begins_run().then_some(task).into_iter().collect(),
                    notes: vec!["It begins at once.".to_owned()],
                }),
            }
        })
    }

    fn act<'a>(&'a self, wish: &'a Wish, run: &'a RunId) -> Pending<'a, Result<String, ActionRefusal>> {
        self.0.acted.lock().unwrap().push((wish.clone(), run.clone()));
        let refusal = self.0.refusal.lock().unwrap().clone();
        let store = self.0.store.lock().unwrap().clone();
        Box::pin(async move {
            let written = store.unwrap().actions(None, 1).await.unwrap();
            assert_eq!(written[0].outcome, ActionOutcome::Begun, "before it is done");
            assert_eq!(written[0].verb, wish.verb());
            match refusal {
                Some(refusal) => Err(refusal),
                None => Ok("It was done.".to_owned()),
            }
        })
    }

    fn without_secrets(&self, wish: Wish) -> Wish {
        match wish {
            Wish::RunCollector {
                group,
                name,
                args: Some(args),
            } => Wish::RunCollector {
                group,
                name,
                args: Some(args.iter().map(|arg| self.masked(arg)).collect()),
            },
            other => other,
        }
    }

    fn masked(&self, text: &str) -> String {
        text.replace(SECRET, "***")
    }
}

/// A site, and an operator who has signed in.
pub(super) async fn operated() -> (Fixture, String) {
    let site = Fixture::new().await;
    let token = site.token("ops", Role::Operator).await;
    let cookie = site.sign_in(&token).await;
    (site, cookie)
}

impl Fixture {
    /// The key of the form at this path, for whom this cookie is.
    pub(super) async fn form_key(&self, path: &str, cookie: &str) -> String {
        let page = self.browse_as(path, cookie).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        page.field("key")
            .unwrap_or_else(|| panic!("no key: {}", page.text))
    }

    pub(super) fn acted(&self) -> Vec<Wish> {
        let acted = self.desk.acted.lock().unwrap();
        acted.iter().map(|(wish, _)| wish.clone()).collect()
    }
}

impl Answer {
    /// The value of a hidden field.
    pub(super) fn field(&self, name: &str) -> Option<String> {
        let field = format!("name=\"{name}\" value=\"([^\"]*)\"");
        let field = regex::Regex::new(&field).unwrap();
        field.captures(&self.text).map(|found| found[1].to_owned())
    }
}
