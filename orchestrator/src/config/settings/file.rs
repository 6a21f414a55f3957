//! The settings file: what an installation says once instead of as a flag each
//! time. Every key is optional; the command line merges flag, environment,
//! file and default.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::problems::codes::Code;
use crate::config::problems::gather::{NeededVariable, Problem, Problems};
use crate::config::problems::suggest::quote;
use crate::config::schedule::fleet_terms::lease;
use crate::config::settings::keys::SETTINGS;
use crate::config::settings::notify::{channels, dead_man};
use crate::config::settings::retention::retention;
use crate::config::values::fields::{Fields, list, wrong_type};
use crate::config::values::names::variable;
use crate::config::values::scalar::{argument, boolean, text};
use crate::config::yaml::node::{Node, Value};
use crate::model::{DeadMan, NoticeChannel, Retention, SchemaName, StateMode};
use crate::text::{has_placeholder, read_http_url};

/// What the settings file says; `None` and empty lists where it is silent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) schedule_file: Option<PathBuf>,
    /// Whether a scheduler starts with what the schedule last was, if it cannot be used.
    pub(crate) schedule_last_good: bool,
    /// Where collectors are looked for, in this order.
    pub(crate) collectors_dirs: Option<Vec<PathBuf>>,
    /// The command line for commands that are no executable; at least one
    /// item holds `{command}`.
    pub(crate) fallback: Option<Vec<String>>,
    /// Where runs, logs and the database are kept.
    pub(crate) state_dir: Option<PathBuf>,
    /// Who may read there.
    pub(crate) state_mode: StateMode,
    /// SQLite or PostgreSQL.
    pub(crate) database_url: Option<String>,
    /// Where our tables are on PostgreSQL.
    pub(crate) database_schema: Option<SchemaName>,
    /// `local` or `queue`.
    pub(crate) execute: Option<&'static str>,
    /// How long a worker keeps a run without a word.
    pub(crate) lease: Option<Duration>,
    /// If given, the only variables that collectors inherit.
    pub(crate) env_allow: Option<Vec<String>>,
    /// Variables that collectors do not inherit, besides the built-in list.
    pub(crate) strip_env: Vec<String>,
    /// Variables whose values are masked in all output.
    pub(crate) secrets: Vec<String>,
    /// One of `off`, `error`, `warn`, `info`, `debug`, `trace`.
    pub(crate) log_level: Option<&'static str>,
    /// Which past runs are kept.
    pub(crate) retention: Retention,
    pub(crate) notify: Vec<NoticeChannel>,
    /// Where people find our pages, without a slash at its end.
    pub(crate) base_url: Option<String>,
    /// Who watches for our silence.
    pub(crate) dead_man: Option<DeadMan>,
    /// The variables that `notify` and `dead_man` need.
    pub(crate) needed: Vec<NeededVariable>,
}

/// The whole file, which may be empty; `None` after an error.
pub(crate) fn settings(root: &Node, report: &mut Problems<'_>) -> Option<Settings> {
    let fields = Fields::open(root, &SETTINGS, report)?;
    let strings = |key: &'static str, report: &mut Problems<'_>| {
        fields.get(key).map(|node| filled_texts(node, key, report))
    };
    let paths = |texts: Vec<String>| texts.into_iter().map(PathBuf::from).collect();
    let path = |key: &'static str, report: &mut Problems<'_>| {
        fields
            .get(key)
            .and_then(|node| filled(node, &format!("`{key}`"), report))
            .map(PathBuf::from)
    };
    let variables = |key: &'static str, report: &mut Problems<'_>| {
        fields.get(key).map(|node| variables(node, key, report))
    };
    Some(Settings {
        schedule_file: path("schedule_file", report),
        schedule_last_good: fields
            .get("schedule_last_good")
            .and_then(|node| boolean(node, "`schedule_last_good`", report))
            .unwrap_or_default(),
        collectors_dirs: strings("collectors_dirs", report).map(paths),
        fallback: fields.get("fallback").and_then(|node| fallback(node, report)),
        state_dir: path("state_dir", report),
        state_mode: fields
            .word("state_mode", Code::BadWord, report)
            .and_then(StateMode::parse)
            .unwrap_or_default(),
        database_url: fields
            .get("database_url")
            .and_then(|node| filled(node, "`database_url`", report)),
        database_schema: fields
            .get("database_schema")
            .and_then(|node| schema_name(node, report)),
        execute: fields.word("execute", Code::BadWord, report),
        lease: lease(&fields, report),
        env_allow: variables("env_allow", report),
        strip_env: variables("strip_env", report).unwrap_or_default(),
        secrets: fields
            .get("secrets")
            .map(|node| secret_names(node, report))
            .unwrap_or_default(),
        log_level: fields.word("log_level", Code::BadWord, report),
        retention: fields
            .get("retention")
            .map_or_else(Retention::default, |node| retention(node, report)),
        notify: fields
            .get("notify")
            .map(|node| channels(node, report))
            .unwrap_or_default(),
        base_url: fields.get("base_url").and_then(|node| base_url(node, report)),
        dead_man: fields.get("dead_man").and_then(|node| dead_man(node, report)),
        needed: report.take_needed(),
    })
}

fn filled_texts(node: &Node, key: &str, report: &mut Problems<'_>) -> Vec<String> {
    let items = list(
        node,
        &format!("`{key}`"),
        "write a list of texts: `[\"one\", \"two\"]`",
        report,
    );
    items
        .iter()
        .filter_map(|item| filled(item, &format!("an item of `{key}`"), report))
        .collect()
}

/// An argument that is not empty.
fn filled(node: &Node, what: &str, report: &mut Problems<'_>) -> Option<String> {
    let text = argument(node, what, report)?;
    if text.is_empty() {
        report.add(
            Problem::new(Code::BadText, node.at, format!("{what} is empty"))
                .hint("write a value, or remove it"),
        );
        return None;
    }
    Some(text)
}

/// An address of HTTP to which a path can be added.
fn base_url(node: &Node, report: &mut Problems<'_>) -> Option<String> {
    let given = filled(node, "`base_url`", report)?;
    let why = match read_http_url(&given) {
        Ok(url) if url.contains(['?', '#', '@']) => "it has more than a host and a path",
        Ok(url) => return Some(url.trim_end_matches('/').to_owned()),
        Err(why) => why,
    };
    let message = format!("`base_url` is no address of HTTP: {why}");
    report.add(Problem::new(Code::BadText, node.at, message).hint("write https://orchestrate.example.org"));
    None
}

fn schema_name(node: &Node, report: &mut Problems<'_>) -> Option<SchemaName> {
    let name = filled(node, "`database_schema`", report)?;
    match SchemaName::parse(&name) {
        Ok(schema) => Some(schema),
        Err(reason) => {
            let message = format!("`database_schema` cannot be {}", quote(&name));
            report.add(Problem::new(Code::BadText, node.at, message).hint(reason));
            None
        }
    }
}

fn fallback(node: &Node, report: &mut Problems<'_>) -> Option<Vec<String>> {
    const EXAMPLE: &str = "write a list like `[\"python3\", \"manage.py\", \"{command}\"]`";
    if matches!(node.value, Value::Text(_)) {
        wrong_type(node, "`fallback`", "a list", EXAMPLE, report);
        return None;
    }
    let before = report.count();
    let words = filled_texts(node, "fallback", report);
    if report.count() > before {
        return None;
    }
    if !words.iter().any(|word| word.contains("{command}")) {
        let problem = Problem::new(Code::BadText, node.at, "no item of `fallback` holds `{command}`");
        report.add(problem.hint(EXAMPLE));
        return None;
    }
    Some(words)
}

/// Names that can stand in `{secret:NAME}`.
fn secret_names(node: &Node, report: &mut Problems<'_>) -> Vec<String> {
    let mut names = variables(node, "secrets", report);
    names.retain(|name| {
        let usable = has_placeholder(name);
        if !usable {
            let message = format!("{} cannot be the name of a secret", quote(name));
            report.add(
                Problem::new(Code::BadName, node.at, message)
                    .hint("write a name without `:`, `{`, `}` and `@`"),
            );
        }
        usable
    });
    names
}

fn variables(node: &Node, key: &str, report: &mut Problems<'_>) -> Vec<String> {
    let items = list(
        node,
        &format!("`{key}`"),
        "write a list of names: `[\"GITHUB_TOKEN\"]`",
        report,
    );
    let mut names = Vec::with_capacity(items.len());
    for item in items {
        if let Some(name) = text(item, &format!("an item of `{key}`"), report)
            && variable(name, item.at, true, report)
        {
            names.push(name.to_owned());
        }
    }
    names
}
