//! `notify:` and `dead_man:` of the settings file: who is told what, and how.

use crate::config::problems::codes::Code;
use crate::config::problems::gather::{Problem, Problems};
use crate::config::problems::suggest::quote;
use crate::config::settings::keys::{DEAD_MAN, LATE, LONG, NOTIFY, PULSE};
use crate::config::values::fields::{Fields, list};
use crate::config::values::names::{self, variable};
use crate::config::values::scalar::{argument, boolean, text, word};
use crate::config::yaml::node::{MapEntry, Node};
use crate::model::{Address, DeadMan, NoticeChannel, NoticeKind, Pulse, Secret};
use crate::text::read_http_url;

/// A list of channels.
pub(crate) fn channels(node: &Node, report: &mut Problems<'_>) -> Vec<NoticeChannel> {
    let items = list(node, "`notify`", "begin each channel with `- `", report);
    let mut channels: Vec<NoticeChannel> = items.iter().filter_map(|item| channel(item, report)).collect();
    for (number, channel) in channels.iter_mut().enumerate() {
        if channel.name.is_empty() {
            channel.name = format!("{} {}", kind(&channel.address), number + 1);
        }
    }
    channels
}

fn kind(address: &Address) -> &'static str {
    match address {
        Address::Webhook { .. } => "webhook",
        Address::Mail { .. } => "mail",
        Address::Command(_) => "command",
    }
}

fn channel(node: &Node, report: &mut Problems<'_>) -> Option<NoticeChannel> {
    let fields = Fields::open(node, &NOTIFY, report)?;
    let name = match fields.get("name") {
        Some(node) => names::channel(node, report)?,
        None => String::new(),
    };
    let kinds = match fields.get("on") {
        Some(node) => list(node, "`on`", "write a list: `on: [failure, recovery]`", report)
            .iter()
            .filter_map(|item| word(item, "an item of `on`", Code::BadWord, NoticeKind::WORDS, report))
            .filter_map(NoticeKind::parse)
            .collect(),
        None => NoticeKind::ALL.to_vec(),
    };
    let after = or_default(&fields, "after", 1, |key| fields.integer(key, report))?;
    let late_after = or_default(&fields, "late_after", LATE, |key| fields.duration(key, report))?;
    let long_after = or_default(&fields, "long_after", LONG, |key| fields.duration(key, report))?;
    let digest = or_default(&fields, "digest", true, |key| {
        boolean(fields.get(key)?, "`digest`", report)
    })?;
    let mut narrowed = |key: &str| {
        let node = fields.get(key);
        node.map_or_else(Vec::new, |node| texts(node, &format!("`{key}`"), report))
    };
    let (groups, tasks) = (narrowed("groups"), narrowed("tasks"));
    Some(NoticeChannel {
        digest,
        groups,
        tasks,
        long_after,
        name,
        address: address(node, &fields, report)?,
        kinds,
        after: u64::try_from(after).unwrap_or(1),
        late_after,
    })
}

/// The keys of each way to tell; the first is the one that chooses it.
const WAYS: [&[&str]; 4] = [
    &["webhook", "format"],
    &["webhook_env", "format"],
    &["mail", "from", "server", "user", "password_env"],
    &["command"],
];

fn address(node: &Node, fields: &Fields<'_>, report: &mut Problems<'_>) -> Option<Address> {
    let chosen: Vec<&[&str]> = WAYS
        .into_iter()
        .filter(|way| fields.get(way[0]).is_some())
        .collect();
    let &[way] = chosen.as_slice() else {
        let message = match chosen.len() {
            0 => "a channel says nowhere to tell",
            _ => "a channel has one way to tell",
        };
        let hint = "give it one of `webhook`, `webhook_env`, `mail` and `command`";
        report.add(Problem::new(Code::DoesNotApply, node.at, message).hint(hint));
        return None;
    };
    let foreign = WAYS.into_iter().flatten().filter(|key| !way.contains(key));
    for entry in foreign.filter_map(|key| fields.entry(key)) {
        let message = format!("`{}` means nothing beside `{}`", entry.key, way[0]);
        report.add(Problem::new(Code::DoesNotApply, entry.key_at, message).hint("remove it"));
    }
    match way[0] {
        "mail" => mail(fields, report),
        "command" => {
            let given = texts(fields.get("command")?, "`command`", report);
            (!given.is_empty()).then_some(Address::Command(given))
        }
        key => {
            let entry = fields.entry(key)?;
            let format = or_default(fields, "format", "json", |key| {
                fields.word(key, Code::BadWord, report)
            })?;
            let slack = format == "slack";
            let url = secret_url(entry, key.ends_with("_env"), report)?;
            Some(Address::Webhook { url, slack })
        }
    }
}

fn mail(fields: &Fields<'_>, report: &mut Problems<'_>) -> Option<Address> {
    let to = texts(fields.get("mail")?, "`mail`", report);
    let from = text(fields.require("from", report)?, "`from`", report)?.to_owned();
    let server = fields.require("server", report)?;
    let given = text(server, "`server`", report)?;
    if !["smtp://", "smtps://"]
        .iter()
        .any(|scheme| given.starts_with(scheme))
        || given.contains('@')
    {
        // Not shown: an URL with a `@` may hold a password.
        let hint =
            "write `smtp://host:25`, `smtp://host:587?tls=required` or `smtps://host`, and `user` apart";
        report.add(Problem::new(Code::BadText, server.at, "`server` is no URL of a mail server").hint(hint));
        return None;
    }
    if let Some((parameter, meaning)) = unknown_parameter(given) {
        let message = format!("`server` has {}, which {meaning}", quote(parameter));
        let hint = "write `smtp://host:587?tls=required`, `smtp://host:25?tls=opportunistic`, or no `tls`";
        report.add(Problem::new(Code::BadText, server.at, message).hint(hint));
        return None;
    }
    let login = match (fields.get("user"), fields.get("password_env")) {
        (None, None) => None,
        (Some(user), Some(password)) => {
            let name = text(password, "`password_env`", report)?;
            variable(name, password.at, true, report).then_some(())?;
            report.need(name, password.at);
            Some((
                text(user, "`user`", report)?.to_owned(),
                Secret::Variable(name.to_owned()),
            ))
        }
        (Some(node), None) | (None, Some(node)) => {
            let message = "`user` and `password_env` belong together";
            report.add(Problem::new(Code::DoesNotApply, node.at, message).hint("add the other one"));
            return None;
        }
    };
    (!to.is_empty()).then(|| Address::Mail {
        to,
        from,
        server: given.to_owned(),
        login,
    })
}

/// What stands behind the `?` of a mail server and means nothing to whoever connects to it.
fn unknown_parameter(server: &str) -> Option<(&str, &'static str)> {
    let (_, parameters) = server.split_once('?')?;
    let is_implicit = server.starts_with("smtps://");
    parameters.split('&').find_map(|parameter| match parameter {
        "tls=required" | "tls=opportunistic" if !is_implicit => None,
        _ if is_implicit => Some((parameter, "means nothing beside `smtps://`")),
        _ if parameter.starts_with("tls=") => Some((parameter, "is no way to use TLS")),
        _ => Some((parameter, "is no parameter of a mail server")),
    })
}

/// The value of a key, or what holds where it is absent; `None` if it was reported.
fn or_default<T>(
    fields: &Fields<'_>,
    key: &str,
    default: T,
    read: impl FnOnce(&str) -> Option<T>,
) -> Option<T> {
    match fields.get(key) {
        Some(_) => read(key),
        None => Some(default),
    }
}

fn texts(node: &Node, what: &str, report: &mut Problems<'_>) -> Vec<String> {
    let items = list(node, what, "write a list: `[\"one\", \"two\"]`", report);
    if items.is_empty() {
        report.add(Problem::new(Code::BadText, node.at, format!("{what} is empty")).hint("add an item"));
    }
    items
        .iter()
        .filter_map(|item| argument(item, &format!("an item of {what}"), report))
        .collect()
}

/// An URL, or the variable that has it. Never shown: who has it may write there.
fn secret_url(entry: &MapEntry, is_name: bool, report: &mut Problems<'_>) -> Option<Secret> {
    let given = text(&entry.node, &format!("`{}`", entry.key), report)?;
    if is_name {
        variable(given, entry.node.at, true, report).then_some(())?;
        report.need_url(given, entry.node.at);
        return Some(Secret::Variable(given.to_owned()));
    }
    if let Err(why) = read_http_url(given) {
        let message = format!("`{}` is no URL of HTTP: {why}", entry.key);
        report.add(Problem::new(Code::BadText, entry.node.at, message).hint("write the whole URL"));
        return None;
    }
    Some(Secret::Given(given.to_owned()))
}

/// The dead man's watch.
pub(crate) fn dead_man(node: &Node, report: &mut Problems<'_>) -> Option<DeadMan> {
    let fields = Fields::open(node, &DEAD_MAN, report)?;
    let (url, url_env) = (fields.entry("url"), fields.entry("url_env"));
    let url = match (url, url_env) {
        (Some(entry), None) => secret_url(entry, false, report)?,
        (None, Some(entry)) => secret_url(entry, true, report)?,
        _ => {
            let message = "`dead_man` needs one of `url` and `url_env`";
            report.add(Problem::new(Code::MissingKey, node.at, message).hint("write where to ask"));
            return None;
        }
    };
    let pulse = or_default(&fields, "every", PULSE, |key| fields.duration(key, report))?;
    let after = or_default(&fields, "after", "run", |key| {
        fields.word(key, Code::BadWord, report)
    })?;
    if let Some(entry) = fields.entry("every").filter(|_| after == "run") {
        let message = format!("{} means nothing beside `after: run`", quote("every"));
        report.add(Problem::new(Code::DoesNotApply, entry.key_at, message).hint("write `after: tick`"));
    }
    Some(DeadMan {
        url,
        after: if after == "tick" {
            Pulse::Tick(pulse)
        } else {
            Pulse::Run
        },
    })
}
