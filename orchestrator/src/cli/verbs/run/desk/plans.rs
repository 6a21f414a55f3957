//! Plans for wishes: the same as those of `run`, `run-all`, `run-one` and `retry`, of the timetable
//! in force. Pure.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::verbs::run::retry::plan_again::{known_releases, plan_again};
use crate::model::{
    Day, EntryKey, GroupName, Plan, Query, Release, Schedule, Selection, Task, TaskStatus, WORKFLOW_GROUP,
    awaits_release, escape_argument, plan, plan_workflow, select,
};
use crate::store::{NotedReleases, RunRecord, TaskState};
use crate::text::NamedSecrets;
use crate::web::{ActionRefusal, RefusalKind};

/// A plan, and what it is recorded as.
#[derive(Debug)]
pub(super) struct WishedPlan {
    pub(super) plan: Plan,
    pub(super) label: String,
    pub(super) group: Option<String>,
    /// Of which entry no two run at a time in the queue; `None` if it is of several.
    pub(super) entry: Option<EntryKey>,
}

/// What plans are made from.
pub(super) struct PlanSources<'a> {
    pub(super) schedule: &'a Schedule,
    pub(super) noted: NotedReleases,
    pub(super) now: Timestamp,
}

impl PlanSources<'_> {
    fn releases(&self) -> Release {
        Release::Known(known_releases(&self.schedule.release, &self.noted))
    }

    /// What the batch of a group does today, or the fixed list.
    ///
    /// # Errors
    /// There is no such group, or nothing of it is due.
    pub(super) fn plan_group(&self, group: &str) -> Result<WishedPlan, ActionRefusal> {
        if group == WORKFLOW_GROUP {
            return self.plan_fixed_list();
        }
        let query = Query {
            selection: Selection::Default,
            groups: vec![GroupName::new(group)],
            only: None,
            day: Day::At(self.now),
        };
        let unknown =
            |error: &dyn std::fmt::Display| ActionRefusal::new(RefusalKind::Unknown, error.to_string());
        let tasks = select(self.schedule, &query).map_err(|error| unknown(&error))?;
        let release = match awaits_release(&tasks) {
            true => self.releases(),
            false => Release::NotChecked,
        };
        let mut plan = plan(self.schedule, &query, release).map_err(|error| unknown(&error))?;
        if plan.tasks.is_empty() {
            return Err(ActionRefusal::new(
                RefusalKind::Conflict,
                format!("nothing of {group} is due today, {}", plan.date),
            )
            .hint("its collectors can be run one by one, from their pages"));
        }
        plan.follow_groups(self.schedule);
        plan.set_overlap_by_hand(Some(self.schedule), None);
        plan.wait_instead_of_giving_way();
        Ok(WishedPlan {
            plan,
            label: Selection::Default.keyword().to_owned(),
            group: Some(group.to_owned()),
            entry: Some(EntryKey::Group(GroupName::new(group))),
        })
    }

    fn plan_fixed_list(&self) -> Result<WishedPlan, ActionRefusal> {
        let plan = plan_workflow(self.schedule, Day::At(self.now));
        let mut plan = plan.map_err(|error| ActionRefusal::new(RefusalKind::Unknown, error.to_string()))?;
        plan.set_overlap_by_hand(Some(self.schedule), None);
        plan.wait_instead_of_giving_way();
        Ok(WishedPlan {
            plan,
            label: "run-all".to_owned(),
            group: None,
            entry: Some(EntryKey::Workflow),
        })
    }

    /// One collector of the timetable; `args`, as they are stored, instead of its own.
    ///
    /// # Errors
    /// The timetable has no such collector, or no process can be given such an argument.
    pub(super) fn plan_collector(
        &self,
        group: &str,
        name: &str,
        args: Option<&Vec<String>>,
    ) -> Result<WishedPlan, ActionRefusal> {
        let mut task = self.task(group, name).cloned().ok_or_else(|| {
            let message = format!("the timetable has no collector {name:?} in group {group:?}");
            ActionRefusal::new(RefusalKind::Unknown, message).hint("the page Schedule lists what it has")
        })?;
        if let Some(args) = args {
            if args.iter().any(|arg| arg.contains('\0')) {
                let message = "an argument has a NUL in it, which no process can be given";
                return Err(ActionRefusal::new(RefusalKind::Unusable, message));
            }
            // What is typed is meant as it is.
            task.args = args.iter().map(|arg| escape_argument(arg)).collect();
        }
        let date = Day::At(self.now).in_zone(&TimeZone::UTC);
        // By hand means now, whatever release it waits for.
        let mut plan = Plan::new("run-one", date, Release::New, &[&task]);
        plan.set_overlap_of_tasks(Some(self.schedule), None);
        plan.wait_instead_of_giving_way();
        Ok(WishedPlan {
            plan,
            label: "run-one".to_owned(),
            group: None,
            entry: Some(EntryKey::Group(task.group)),
        })
    }

    /// Tasks of a past run, by group and name; without names those that did not succeed.
    ///
    /// # Errors
    /// It still goes on, or has no such task.
    pub(super) fn plan_retry(
        &self,
        record: &RunRecord,
        tasks: Option<&Vec<(String, String)>>,
        secrets: &NamedSecrets,
    ) -> Result<WishedPlan, ActionRefusal> {
        let run = &record.header.run;
        if record.header.finished_at.is_none() {
            let message = format!("run {run} still goes on");
            return Err(
                ActionRefusal::new(RefusalKind::Conflict, message).hint("cancel it, or wait for its end")
            );
        }
        let is_of = |task: &TaskState, (group, name): &(String, String)| {
            task.summary.group == *group && task.summary.name == *name
        };
        let had = |wanted| record.tasks.iter().any(|task| is_of(task, wanted));
        if let Some((group, name)) = tasks.into_iter().flatten().find(|wanted| !had(wanted)) {
            let message = format!("run {run} had no collector {group}/{name}");
            return Err(ActionRefusal::new(RefusalKind::Unusable, message));
        }
        let is_wanted = |task: &&TaskState| match tasks {
            Some(tasks) => tasks.iter().any(|wanted| is_of(task, wanted)),
            None => task.summary.outcome != TaskStatus::Succeeded,
        };
        let states: Vec<&TaskState> = record.tasks.iter().filter(is_wanted).collect();
        if states.is_empty() {
            let message = format!("every collector of run {run} succeeded; there is nothing to retry");
            return Err(ActionRefusal::new(RefusalKind::Conflict, message));
        }
        let mut plan = plan_again(Some(self.schedule), &states, (&self.noted, self.now), secrets);
        plan.set_overlap_by_hand(Some(self.schedule), None);
        plan.wait_instead_of_giving_way();
        Ok(WishedPlan {
            label: format!("retry {run}"),
            group: None,
            entry: one_group(&plan).map(EntryKey::Group),
            plan,
        })
    }

    /// The task of the timetable with this group and name.
    pub(super) fn task(&self, group: &str, name: &str) -> Option<&Task> {
        let mut tasks = self.schedule.tasks();
        tasks.find(|task| task.group.as_str() == group && task.name.as_str() == name)
    }
}

fn one_group(plan: &Plan) -> Option<GroupName> {
    let first = &plan.tasks.first()?.task.group;
    let is_alone = plan.tasks.iter().all(|planned| planned.task.group == *first);
    is_alone.then(|| first.clone())
}
