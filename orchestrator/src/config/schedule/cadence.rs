//! When a task is due: the kind of its schedule and the one key that kind needs.

use crate::config::problems::codes::Code;
use crate::config::problems::gather::{Problem, Problems};
use crate::config::problems::suggest::{choices, quote};
use crate::config::values::fields::Fields;
use crate::config::values::scalar::text;
use crate::config::values::time::{month_day, weekday};
use crate::config::yaml::node::Node;
use crate::model::{Cadence, CadenceKind, CronExpression, Minutes};

/// The keys that say more than `schedule`, and the kinds that have a use for each.
const APPLIES: [(&str, &[CadenceKind]); 5] = [
    ("on", &[CadenceKind::Weekly, CadenceKind::Monthly]),
    ("day_of_week", &[CadenceKind::Weekly]),
    ("day_of_month", &[CadenceKind::Monthly]),
    ("minutes", &[CadenceKind::Interval]),
    ("cron", &[CadenceKind::Cron]),
];

/// The cadence of a task; `None` after an error.
pub(crate) fn cadence(fields: &Fields<'_>, report: &mut Problems<'_>) -> Option<Cadence> {
    let schedule = fields.require("schedule", report)?;
    let kind = fields
        .word("schedule", Code::BadSchedule, report)
        .and_then(CadenceKind::parse)?;
    let before = report.count();
    for (key, kinds) in APPLIES {
        if !kinds.contains(&kind) {
            refuse(fields, key, kind, kinds, report);
        }
    }
    // A key of the wrong kind was meant as the right one, which is then not missed.
    let misplaced = report.count() > before;
    let mut one_of = |keys: [&'static str; 2], example: &str| {
        let found = one_of(fields, keys, report);
        if found.is_none() && !misplaced && !keys.iter().any(|key| fields.is_excused(key)) {
            let message = format!("a task with `schedule: {kind}` needs `{}`", keys[0]);
            report.add(Problem::new(Code::MissingKey, schedule.at, message).hint(format!("add {example}")));
        }
        found
    };
    match kind {
        CadenceKind::Weekly => {
            let (key, node) = one_of(["on", "day_of_week"], "`on: monday`, or another weekday")?;
            weekday(node, &format!("`{key}`"), report).map(Cadence::Weekly)
        }
        CadenceKind::Monthly => {
            let (key, node) = one_of(["on", "day_of_month"], "`on: 15`, or another day from 1 to 31")?;
            month_day(node, &format!("`{key}`"), report).map(Cadence::Monthly)
        }
        CadenceKind::Interval => {
            one_of(
                ["minutes", "minutes"],
                "`minutes: 15`, or another number from 1 to 180",
            )?;
            fields
                .integer("minutes", report)
                .and_then(Minutes::new)
                .map(Cadence::Interval)
        }
        CadenceKind::Cron => {
            let (_, node) = one_of(["cron", "cron"], "`cron: \"5 */2 * * mon-fri\"`, as in a crontab")?;
            expression(node, report).map(Cadence::Cron)
        }
        CadenceKind::OnRelease => Some(Cadence::OnRelease),
        CadenceKind::Daily => Some(Cadence::Daily),
    }
}

fn expression(node: &Node, report: &mut Problems<'_>) -> Option<CronExpression> {
    let written = text(node, "`cron`", report)?;
    match CronExpression::parse(written) {
        Ok(cron) => Some(cron),
        Err(error) => {
            let message = format!("`cron` cannot be {}: {error}", quote(written));
            let hint = "write five fields, like \"5 */2 * * mon-fri\", or @hourly, @daily, @weekly, @monthly";
            report.add(Problem::new(Code::BadCron, node.at, message).hint(hint));
            None
        }
    }
}

/// The value of a key or of its other name; both are one too many.
fn one_of<'n>(
    fields: &Fields<'n>,
    keys: [&'static str; 2],
    report: &mut Problems<'_>,
) -> Option<(&'static str, &'n Node)> {
    let [first, second] = keys.map(|key| fields.entry(key).map(|entry| (key, entry)));
    if let (Some((key, first)), Some((other, second))) = (first, second)
        && key != other
    {
        let message = format!("`{key}` and `{other}` say the same");
        let at = first.key_at.max(second.key_at);
        report.add(Problem::new(Code::GivenTwice, at, message).hint("remove one of them"));
    }
    first.or(second).map(|(key, entry)| (key, &entry.node))
}

/// Reports a key that this kind of schedule has no use for.
fn refuse(
    fields: &Fields<'_>,
    key: &str,
    kind: CadenceKind,
    kinds: &[CadenceKind],
    report: &mut Problems<'_>,
) {
    let Some(entry) = fields.entry(key) else { return };
    let hint = match (key, kind) {
        ("day_of_week", CadenceKind::Monthly) => "write `on` or `day_of_month`".to_owned(),
        ("day_of_month", CadenceKind::Weekly) => "write `on` or `day_of_week`".to_owned(),
        _ => {
            let wanted: Vec<String> = kinds.iter().map(|kind| format!("schedule: {kind}")).collect();
            format!(
                "remove it, or write {}",
                choices(wanted.iter().map(String::as_str))
            )
        }
    };
    let message = format!("`{key}` does not apply to `schedule: {kind}`");
    report.add(Problem::new(Code::DoesNotApply, entry.key_at, message).hint(hint));
}
