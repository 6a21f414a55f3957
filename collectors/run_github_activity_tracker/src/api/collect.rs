//! The work itself: for each repository, the issues that changed and the
//! releases.

use collector_kit::{Delivery, Recorded, Reporter, Workspace, grouped, plural};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::client::{Answer, Client};
use super::item::{ISSUE, Item, PULL_REQUEST};
use super::marks::{Mark, Marks, Pending};
use super::release::{self, RELEASE};
use super::repository::OnGithub;

/// Entries in a page: the most that GitHub gives.
const PAGE: u32 = 100;
/// More entries than this are kept for another try whatever happens: reading them took a while.
const KEPT: usize = 100;
/// More pages than this are no list that ends: a hundred for the largest repository there is.
const PAGES: u64 = 20_000;

/// What everything here needs.
struct Context<'a> {
    client: &'a Client,
    workspace: &'a Workspace,
    recorded: &'a Recorded,
    reporter: &'a Reporter,
}

/// Collects from all repositories and delivers records and state; with `full`
/// as if nothing had been read before. Errors: the first failure; what was read
/// until then is kept for the next try.
pub(crate) fn all(
    repositories: &[OnGithub],
    full: bool,
    client: &Client,
    workspace: &Workspace,
    recorded: &Recorded,
    reporter: &Reporter,
    delivery: &mut Delivery<'_>,
) -> anyhow::Result<()> {
    let context = Context {
        client,
        workspace,
        recorded,
        reporter,
    };
    let mut marks = Marks::from_environment();
    for repository in repositories {
        let before = if full {
            Mark::default()
        } else {
            let known = marks.repositories.get(&repository.id());
            known.cloned().unwrap_or_default()
        };
        let mut mark = context.issues(repository, &before, delivery)?;
        mark.releases = context.releases(repository, before.releases.as_deref(), delivery)?;
        marks.repositories.insert(repository.id(), mark);
    }
    let counts = [ISSUE, PULL_REQUEST, RELEASE].map(|collection| delivery.count(collection));
    reporter.line(&format!(
        "GitHub: {}, {}, {} new or changed in {}",
        plural(counts[0], "issue", "issues"),
        plural(counts[1], "pull request", "pull requests"),
        plural(counts[2], "release", "releases"),
        plural(u64::try_from(repositories.len())?, "repository", "repositories"),
    ));
    delivery.state(&marks)
}

impl Context<'_> {
    /// The issues that changed since the mark, oldest change first. A page begins
    /// at the last change of the one before, not at a page number: what changes
    /// meanwhile moves to the end and shifts no page.
    fn issues(
        &self,
        repository: &OnGithub,
        before: &Mark,
        delivery: &mut Delivery<'_>,
    ) -> anyhow::Result<Mark> {
        let id = repository.id();
        let mut read = Pending::load(&id, before.since, self.workspace, self.reporter);
        let resumed = !read.items.is_empty();
        let done = self.read_issues(repository, before, resumed, &mut read);
        // Also after success: something later may still fail this run.
        if read.items.len() > KEPT || done.is_err() && !read.items.is_empty() {
            read.save(&id, self.workspace)?;
        }
        let etag = done?;
        delivery.records(read.items.values().map(|item| item.record(&id)))?;
        Ok(Mark {
            since: read.reached,
            etag,
            releases: None,
        })
    }

    fn read_issues(
        &self,
        repository: &OnGithub,
        before: &Mark,
        resumed: bool,
        read: &mut Pending,
    ) -> anyhow::Result<Option<String>> {
        let what = format!("{repository}: issues");
        let mut etag = before.etag.as_deref().filter(|_| !resumed);
        let mut asked = read.reached;
        let mut url = self.issues_since(repository, asked);
        for page in 1..=PAGES {
            let (items, next, named) = match self.client.get(&what, &url, etag.take())? {
                Answer::Unchanged => return Ok(before.etag.clone()),
                Answer::Page { items, next, etag } => (items, next, etag),
            };
            for item in items.iter().filter_map(Item::parse) {
                read.reached = read.reached.max(Some(item.updated));
                read.items.insert(item.number, item);
            }
            let text = format!("{what}: {} read", grouped(u64::try_from(read.items.len())?));
            self.reporter.progress(page, None, &text);
            match next {
                // It names this list only if the next run asks for the same one.
                None => return Ok(named.filter(|_| read.reached == asked)),
                Some(_) if read.reached > asked => {
                    asked = read.reached;
                    url = self.issues_since(repository, asked);
                }
                // A page full of changes in one second.
                Some(next) => url = next,
            }
        }
        anyhow::bail!("{what}: the list does not end after {PAGES} pages")
    }

    fn issues_since(&self, repository: &OnGithub, since: Option<Timestamp>) -> String {
        let since = since.map_or_else(String::new, |since| format!("&since={since}"));
        self.client.address(&format!(
            "repos/{repository}/issues?state=all&sort=updated&direction=asc&per_page={PAGE}{since}"
        ))
    }

    /// All releases, unless the newest page is the one that `etag` names; gives
    /// what names it now.
    fn releases(
        &self,
        repository: &OnGithub,
        etag: Option<&str>,
        delivery: &mut Delivery<'_>,
    ) -> anyhow::Result<Option<String>> {
        let (what, id) = (format!("{repository}: releases"), repository.id());
        let mut url = self
            .client
            .address(&format!("repos/{repository}/releases?per_page={PAGE}"));
        let mut first = None;
        for page in 1..=PAGES {
            let asked = etag.filter(|_| page == 1);
            let (items, next, named) = match self.client.get(&what, &url, asked)? {
                Answer::Unchanged => return Ok(etag.map(str::to_owned)),
                Answer::Page { items, next, etag } => (items, next, etag),
            };
            if page == 1 {
                first = named;
            }
            delivery.records(items.iter().filter_map(|value| release::record(&id, value)))?;
            self.reporter
                .progress(page, None, &format!("{what}: page {page}"));
            match next {
                Some(next) => url = next,
                None => {
                    let in_scope = |data: &Map<String, Value>| {
                        data.get("repository").and_then(Value::as_str) == Some(&id)
                    };
                    delivery.settle(self.recorded, RELEASE, &["repository", "id", "tag"], in_scope)?;
                    return Ok(first);
                }
            }
        }
        anyhow::bail!("{what}: the list does not end after {PAGES} pages")
    }
}
