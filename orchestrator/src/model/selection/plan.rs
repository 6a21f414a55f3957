//! What one run will do, in order: the selected tasks, once it is known whether
//! there is a new release. Made by the shells and by schedulers, shown by `plan`,
//! executed by a run. A plan is a promise: the run does exactly this.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::model::ids::RunId;
use crate::model::release::{Handled, Releases};
use crate::model::run::outcome::Because;
use crate::model::schedule::{Cadence, Overlap, Schedule, Task};
use crate::model::selection::arguments::ArgumentValues;
use crate::model::selection::content_hash::ContentHash;
use crate::model::selection::criteria::{Day, Query, Selection};
use crate::model::selection::fleet_terms::FleetTerms;
use crate::model::selection::overlap::{HoldKey, OverlapRule, rule_by_hand};
use crate::model::selection::select::{SelectError, groups_of, select, workflow};
use crate::model::timetable::slots::{Entry, EntryKey};

/// Whether there is a release that on_release tasks have not yet seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Release {
    /// There is one, for every task: somebody said so.
    New,
    /// These are the releases; each task has its own to deal with, or none.
    #[serde(skip)]
    Known(Releases),
    /// There is none.
    None,
    /// Nobody could tell, for this reason.
    Unknown(String),
    /// Nobody asked, because no selected task waits for one.
    NotChecked,
}

impl Release {
    /// The word for it in JSON.
    pub fn keyword(&self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Known(_) => "known",
            Self::None => "none",
            Self::Unknown(_) => "unknown",
            Self::NotChecked => "not_checked",
        }
    }
}

/// What one run will do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The keyword of the selection; `workflow` for the fixed list.
    pub selection: String,
    /// The date it is for. Where the groups stand in zones that disagree, UTC's.
    pub date: Date,
    /// What was known about releases; never [`Release::Known`], which it makes new or none.
    pub release: Release,
    /// The tasks in order.
    pub tasks: Vec<PlannedTask>,
}

/// A task of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedTask {
    /// The task, with all that its group decides for it.
    #[serde(flatten)]
    pub task: Task,
    /// The instant that it stands for; that of its start if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<Timestamp>,
    /// The entry of the timetable whose slot that is, where the task settles it by itself and the
    /// run has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// The date of that, as its group has it; that of the plan if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot_date: Option<Date>,
    /// Whether its failure ends its group's part of the run.
    #[serde(default)]
    pub stops_group: bool,
    /// What it must not overlap with; `None` if it may go on beside everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap: Option<OverlapRule>,
    /// Set if it is due and yet known not to run: it is reported as skipped, with this reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip: Option<Because>,
    /// The releases that it is run for, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub releases: Vec<String>,
    /// The key of their source ([`ReleaseSource::key`](crate::model::ReleaseSource::key)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_source: Option<String>,
    /// What its group says of the worker of its run, where a queue has it.
    #[serde(default, skip_serializing_if = "FleetTerms::is_default")]
    pub fleet: FleetTerms,
    /// What was to be executed, where the plan was made for other machines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executable: Option<ContentHash>,
}

/// The keyword of a plan of the fixed list; the others are those of a [`Selection`].
pub const WORKFLOW_SELECTION: &str = "workflow";

/// Whether a release has to be looked for before these tasks can be planned.
pub fn awaits_release(tasks: &[&Task]) -> bool {
    tasks.iter().any(|task| task.cadence == Cadence::OnRelease)
}

impl Plan {
    /// Takes from the schedule what groups say of their runs: which end with their first failure,
    /// and which workers may have them.
    pub fn follow_groups(&mut self, schedule: &Schedule) {
        for planned in &mut self.tasks {
            let group = schedule.group(&planned.task.group);
            planned.stops_group = group.is_some_and(|group| group.stop_on_failure);
        }
        self.set_fleet_terms(schedule);
    }

    /// Takes from the schedule which workers may have its run.
    pub fn set_fleet_terms(&mut self, schedule: &Schedule) {
        for planned in &mut self.tasks {
            let group = schedule.group(&planned.task.group);
            planned.fleet = group.map(|group| group.fleet.clone()).unwrap_or_default();
        }
    }

    /// Says for each task what its run must not overlap with, as somebody selected it by hand;
    /// `asked_for` goes before what the schedule says.
    pub fn set_overlap_by_hand(&mut self, schedule: Option<&Schedule>, asked_for: Option<Overlap>) {
        for planned in &mut self.tasks {
            planned.overlap = Some(rule_by_hand(&planned.task, schedule, asked_for));
        }
    }

    /// Whoever gives a run away, or presses a button, wants it run: what would give way waits. What may go
    /// on beside others still may.
    pub fn wait_instead_of_giving_way(&mut self) {
        let rules = self
            .tasks
            .iter_mut()
            .filter_map(|planned| planned.overlap.as_mut());
        for rule in rules.filter(|rule| rule.mode == Overlap::Skip) {
            rule.mode = Overlap::Queue;
        }
    }

    /// What happens where something of it still goes on: all of it may go beside that, or it gives way
    /// if part of it does, or it waits.
    pub fn overlap_mode(&self) -> Overlap {
        let mut modes = self.tasks.iter().filter_map(|planned| planned.overlap.as_ref());
        let is = |mode: Overlap| move |rule: &OverlapRule| rule.mode == mode;
        if modes.clone().any(is(Overlap::Skip)) {
            return Overlap::Skip;
        }
        match modes.clone().next().is_some() && modes.all(is(Overlap::Allow)) {
            true => Overlap::Allow,
            false => Overlap::Queue,
        }
    }

    /// What all of its tasks hold, if that is the same.
    pub fn common_hold(&self) -> Option<&HoldKey> {
        let mut keys = self
            .tasks
            .iter()
            .map(|planned| planned.overlap.as_ref().map(|rule| &rule.with));
        let first = keys.next()??;
        keys.all(|key| key == Some(first)).then_some(first)
    }

    /// The same for tasks that are run by themselves: each only with itself.
    pub fn set_overlap_of_tasks(&mut self, schedule: Option<&Schedule>, asked_for: Option<Overlap>) {
        self.set_overlap_by_hand(schedule, asked_for);
        for planned in &mut self.tasks {
            if let Some(rule) = &mut planned.overlap {
                rule.with = HoldKey::task(&planned.task);
            }
        }
    }

    /// The same for a slot of an entry.
    pub fn set_overlap_of_entry(&mut self, key: &EntryKey, mode: Overlap) {
        for planned in &mut self.tasks {
            planned.overlap = Some(OverlapRule {
                with: HoldKey::entry(key),
                mode,
            });
        }
    }

    /// What other runs hold is left to them: its tasks are skipped, and say so.
    pub fn hold_back(&mut self, held: &[(HoldKey, RunId)]) {
        for planned in self.tasks.iter_mut().filter(|planned| planned.skip.is_none()) {
            let with = planned.overlap.as_ref().map(|rule| &rule.with);
            let holder = held.iter().find(|(key, _)| Some(key) == with);
            planned.skip = holder.map(|(_, run)| Because::Overlap { run: run.clone() });
        }
    }

    /// Releases of a source that were dealt with since the plan was made are left out; a task that
    /// has none left is not run.
    pub fn leave_out_handled(&mut self, source: &str, handled: &BTreeSet<Handled>) {
        for planned in &mut self.tasks {
            if planned.release_source.as_deref() != Some(source) || planned.releases.is_empty() {
                continue;
            }
            let (group, name) = (planned.task.group.clone(), planned.task.name.clone());
            planned.releases.retain(|tag| {
                !handled.contains(&Handled {
                    tag: tag.clone(),
                    group: group.clone(),
                    name: name.clone(),
                })
            });
            if planned.releases.is_empty() {
                planned.skip.get_or_insert(Because::NoNewRelease);
            }
        }
    }

    /// Each task stands for the slot of its group on `date`.
    pub fn set_slots_on(&mut self, schedule: &Schedule, date: Date) {
        for planned in &mut self.tasks {
            let group = schedule
                .groups
                .iter()
                .find(|group| group.name == planned.task.group);
            planned.slot = group.and_then(|group| group.slot_on(date));
        }
    }

    /// Each task that stands for a slot of its group's batch settles it.
    pub fn settle_slots(&mut self) {
        for planned in self.tasks.iter_mut().filter(|planned| planned.slot.is_some()) {
            planned.entry = Some(EntryKey::Group(planned.task.group.clone()).to_string());
        }
    }

    /// Every task that stands for no other instant stands for `slot`.
    pub fn set_slot(&mut self, slot: Timestamp) {
        for planned in &mut self.tasks {
            planned.slot.get_or_insert(slot);
        }
    }

    /// What each task is given as its arguments, in order; without a slot of its own a task
    /// stands for `now`.
    pub(crate) fn filled_arguments(&self, now: Timestamp, run: Option<&RunId>) -> Vec<Vec<String>> {
        let filled = |planned: &PlannedTask| {
            let values = ArgumentValues {
                slot: planned.slot.unwrap_or(now),
                slot_date: planned.slot_date.unwrap_or(self.date),
                run,
            };
            planned.task.args.iter().map(|arg| values.fill(arg)).collect()
        };
        self.tasks.iter().map(filled).collect()
    }

    /// The plan for `tasks`, which are due. Without a new release an on_release
    /// task is not due after all and is left out; where nobody knows, it is due
    /// and skipped, so that the record says why it did not run.
    pub fn new(selection: &str, date: Date, release: Release, tasks: &[&Task]) -> Self {
        let unknown = |reason: &str| Some((Some(Because::ReleaseUnknown(reason.to_owned())), Vec::new()));
        let verdict = |task: &Task| match &release {
            Release::New => Some((None, Vec::new())),
            Release::Known(releases) => {
                let pending = releases.pending(&task.group, &task.name);
                (!pending.is_empty()).then_some((None, pending))
            }
            Release::None => None,
            Release::Unknown(reason) => unknown(reason),
            Release::NotChecked => unknown("it was not checked"),
        };
        let planned = |task: &Task| {
            let (skip, releases) = match task.cadence {
                Cadence::OnRelease => verdict(task)?,
                _ => (None, Vec::new()),
            };
            Some(PlannedTask {
                task: task.clone(),
                slot: None,
                entry: None,
                slot_date: None,
                stops_group: false,
                overlap: None,
                skip,
                release_source: match &release {
                    Release::Known(known) if !releases.is_empty() => Some(known.source.clone()),
                    _ => None,
                },
                releases,
                fleet: FleetTerms::default(),
                executable: None,
            })
        };
        let tasks: Vec<PlannedTask> = tasks.iter().filter_map(|task| planned(task)).collect();
        let release = match release {
            Release::Known(_) if tasks.iter().any(|planned| !planned.releases.is_empty()) => Release::New,
            Release::Known(_) => Release::None,
            other => other,
        };
        Self {
            selection: selection.to_owned(),
            date,
            release,
            tasks,
        }
    }
}

/// The plan that answers `query`.
///
/// # Errors
///
/// Those of [`select`].
pub fn plan(schedule: &Schedule, query: &Query, release: Release) -> Result<Plan, SelectError> {
    let tasks = select(schedule, query)?;
    let groups = groups_of(schedule, query)?;
    let mut dates = groups.iter().map(|group| query.day.of(group));
    let date = match dates.next() {
        Some(first) if dates.all(|date| date == first) => first,
        _ => query.day.in_zone(&TimeZone::UTC),
    };
    let mut plan = Plan::new(query.selection.keyword(), date, release, &tasks);
    for planned in &mut plan.tasks {
        let mut groups = schedule.groups.iter();
        let group = groups.find(|group| group.name == planned.task.group);
        // Where it is the plan's own date, nothing has to be said.
        planned.slot_date = group.map(|group| query.day.of(group)).filter(|own| *own != date);
    }
    Ok(plan)
}

/// The plan for the fixed list, on a day in UTC.
///
/// # Errors
///
/// Those of [`workflow`].
pub fn plan_workflow(schedule: &Schedule, day: Day) -> Result<Plan, SelectError> {
    let tasks = workflow(schedule)?;
    let date = day.in_zone(&TimeZone::UTC);
    Ok(Plan::new(WORKFLOW_SELECTION, date, Release::NotChecked, &tasks))
}

/// The plan for a slot of the timetable; `None` if `slot` is not one of the entry's.
/// A scheduler plans with this rather than with a query: only the entry knows which
/// date a slot stands for when the clocks changed.
pub fn plan_slot(entry: &Entry<'_>, slot: Timestamp, release: Release) -> Option<Plan> {
    let selection = match entry.key() {
        EntryKey::Group(_) => Selection::Default.keyword(),
        EntryKey::Releases(_) => Selection::OnRelease.keyword(),
        EntryKey::Interval(minutes) => Selection::Interval(*minutes).keyword(),
        EntryKey::Cron(..) => Selection::Cron(None).keyword(),
        EntryKey::Workflow => WORKFLOW_SELECTION,
    };
    Some(Plan::new(selection, entry.date(slot)?, release, &entry.due(slot)))
}

#[cfg(test)]
mod tests;
