//! What a message says: all notices of a run or slot for one channel, or a single one. Pure, and
//! bounded whatever there is to tell. Everything in it is masked and made harmless.

use serde_json::{Value, json};

use crate::model::NoticeKind;
use crate::notify::words::{hint, json as notice_json, line, next, sign, tail, tame};
use crate::store::Notice;
use crate::text::{Secrets, make_safe};

/// So many notices are told of; of the others there is only their number.
const NOTICES: usize = 50;

/// So many of them are shown in a message for Slack, which is to be short.
const IN_SLACK: usize = 10;

/// So many bytes of output all of them may show.
const TAILS: usize = 20 << 10;

/// A subject names as many tasks as have room in this.
const SUBJECT: usize = 100;

/// Something to be told at once.
pub(super) struct Digest<'a> {
    /// At least one, all of one run or slot.
    notices: Vec<Notice>,
    host: &'a str,
    link: Option<String>,
}

impl<'a> Digest<'a> {
    /// Of these notices, from this machine; with `base_url` there is a link.
    pub(super) fn new(
        notices: &[Notice],
        host: &'a str,
        base_url: Option<&str>,
        secrets: Option<&Secrets>,
    ) -> Self {
        let run = notices.first().and_then(|notice| notice.run.as_ref());
        let link = base_url.map(|base| match run {
            Some(run) => format!("{base}/runs/{run}"),
            None => format!("{base}/"),
        });
        let mut notices: Vec<Notice> = notices.to_vec();
        if let Some(secrets) = secrets {
            notices.iter_mut().for_each(|notice| mask(notice, secrets));
        }
        let mut room = TAILS;
        for notice in &mut notices {
            let bytes: usize = tail(notice).iter().map(String::len).sum();
            match room.checked_sub(bytes) {
                Some(left) => room = left,
                None => notice.tail.clear(),
            }
        }
        Self { notices, host, link }
    }

    /// The first of them, and how many there are besides.
    fn shown(&self, most: usize) -> (&[Notice], usize) {
        let most = most.min(self.notices.len());
        (&self.notices[..most], self.notices.len() - most)
    }

    /// What happened, in a line.
    fn headline(&self) -> String {
        match self.notices.as_slice() {
            [only] => line(only, self.host),
            all => {
                let run = all.first().and_then(|notice| notice.run.as_ref());
                let run = run.map(|run| format!(" in run {run}")).unwrap_or_default();
                format!("{}{run} on {}", self.counts(), make_safe(self.host))
            }
        }
    }

    /// `3 failures, 1 recovery`.
    fn counts(&self) -> String {
        let each = NoticeKind::ALL.into_iter().filter_map(|kind| {
            let count = self.notices.iter().filter(|notice| notice.kind == kind).count();
            (count > 0).then(|| format!("{count} {}", noun(kind, count)))
        });
        each.collect::<Vec<_>>().join(", ")
    }

    /// Our own form, with as many notices as there is room for in so many bytes.
    pub(super) fn json_within(&self, bytes: usize) -> Value {
        let mut most = NOTICES;
        loop {
            let (shown, more) = self.shown(most);
            let notices = shown.iter().map(|notice| notice_json(notice, self.host));
            let value = json!({
                "kind": "digest",
                "run": self.notices.first().and_then(|notice| notice.run.as_ref()),
                "host": make_safe(self.host),
                "text": self.headline(),
                "link": self.link,
                "notices": notices.collect::<Vec<_>>(),
                "more": more,
            });
            if most == 1 || value.to_string().len() <= bytes {
                return value;
            }
            most /= 2;
        }
    }

    /// The single notice in our own form.
    pub(super) fn single_json(&self) -> Value {
        let mut value = self
            .notices
            .first()
            .map_or_else(|| json!({}), |notice| notice_json(notice, self.host));
        value["link"] = json!(self.link);
        value
    }

    /// A message of Slack, in which three characters have a meaning
    /// (<https://docs.slack.dev/messaging/formatting-message-text>).
    pub(super) fn slack(&self) -> Value {
        let (shown, more) = self.shown(IN_SLACK);
        let mut lines = Vec::new();
        if self.notices.len() > 1 {
            lines.push(escaped(&self.headline()));
        }
        for notice in shown {
            let said = line(notice, self.host);
            lines.push(format!("{} {}", sign(notice.kind), escaped(&said)));
            lines.extend(details(notice).iter().map(|detail| escaped(detail)));
            let output = tail(notice);
            if !output.is_empty() {
                // What would end the block is taken apart.
                let output = escaped(&output.join("\n")).replace("```", "` ` `");
                lines.push(format!("```{output}```"));
            }
        }
        lines.extend((more > 0).then(|| format!("and {more} more")));
        lines.extend(self.link.as_deref().map(escaped));
        json!({ "text": lines.join("\n") })
    }

    /// The subject of a mail: one short line.
    pub(super) fn subject(&self) -> String {
        let mut names = String::new();
        for notice in &self.notices {
            let name = tame(&format!("{}/{}", notice.group, notice.name), SUBJECT);
            if names.is_empty() {
                names = name;
            } else if names.chars().count() + name.chars().count() > SUBJECT {
                names.push_str(", ...");
                break;
            } else {
                names.push_str(", ");
                names.push_str(&name);
            }
        }
        let what = match self.notices.as_slice() {
            [only] => only.kind.to_string(),
            _ => self.counts(),
        };
        format!("[orchestrate] {what}: {names} on {}", make_safe(self.host))
    }

    /// The text of a mail.
    pub(super) fn body(&self) -> String {
        let (shown, more) = self.shown(NOTICES);
        let mut lines = Vec::new();
        for notice in shown {
            lines.push(line(notice, self.host));
            lines.extend(details(notice).iter().map(|detail| format!("  {detail}")));
            lines.extend(tail(notice).iter().map(|line| format!("  | {line}")));
            lines.push(String::new());
        }
        lines.extend((more > 0).then(|| format!("and {more} more\n")));
        lines.extend(self.link.clone());
        let text = lines.join("\n");
        format!("{}\n", text.trim_end())
    }
}

/// The hint and what to type.
fn details(notice: &Notice) -> Vec<String> {
    let next = next(notice);
    let hint = hint(notice).filter(|hint| *hint != next);
    let hint = hint.map(|hint| format!("hint: {hint}"));
    hint.into_iter().chain([format!("next: {next}")]).collect()
}

fn noun(kind: NoticeKind, count: usize) -> &'static str {
    match (kind, count) {
        (NoticeKind::Failure, 1) => "failure",
        (NoticeKind::Failure, _) => "failures",
        (NoticeKind::Suspect, 1) => "suspect success",
        (NoticeKind::Suspect, _) => "suspect successes",
        (NoticeKind::Recovery, 1) => "recovery",
        (NoticeKind::Recovery, _) => "recoveries",
        (NoticeKind::Missed, _) => "missed",
        (NoticeKind::Late, _) => "late",
        (NoticeKind::ReleaseUnknown, _) => "skipped (release unknown)",
        (NoticeKind::Long, _) => "unusually long",
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// What was recorded was masked with the secrets of then.
fn mask(notice: &mut Notice, secrets: &Secrets) {
    notice.reason = secrets.masked(&notice.reason);
    notice.hint = notice.hint.take().map(|hint| secrets.masked(&hint));
    for line in &mut notice.tail {
        *line = secrets.masked(line);
    }
}

#[cfg(test)]
mod tests;
