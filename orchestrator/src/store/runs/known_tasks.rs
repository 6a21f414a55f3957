//! Every task of which a run is recorded, whatever the schedule has now. An index is
//! stepped through, once for each task: the answer takes as long after a million runs.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::database::arg::Arg;
use crate::store::error::StoreError;
use crate::store::store::Store;

/// A task that a run had.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, sqlx::FromRow)]
pub struct KnownTask {
    /// As the schedule calls it: `workflow` for the fixed list.
    #[sqlx(rename = "group_name")]
    pub group: String,
    /// Its name in the group.
    pub name: String,
    /// The command that it had in its newest run.
    pub command: String,
}

/// The condition on rows of `tasks` that they are of one of these, of which there is at least
/// one; `place` takes a value and says how the statement calls it. One task is found by its
/// own index, several of one name by that of names, in the order of time.
pub(super) fn is_one_of(tasks: &[KnownTask], place: &mut impl FnMut(Arg) -> String) -> String {
    if let [only] = tasks {
        let (group, name) = (place(Arg::from(&only.group)), place(Arg::from(&only.name)));
        return format!("group_name = {group} and name = {name}");
    }
    let names: BTreeSet<&str> = tasks.iter().map(|task| task.name.as_str()).collect();
    let names: Vec<String> = names.into_iter().map(|name| place(Arg::from(name))).collect();
    let pairs: Vec<String> = tasks
        .iter()
        .map(|task| {
            format!(
                "({}, {})",
                place(Arg::from(&task.group)),
                place(Arg::from(&task.name))
            )
        })
        .collect();
    format!(
        "name in ({}) and (group_name, name) in (values {})",
        names.join(", "),
        pairs.join(", ")
    )
}

/// Neither database skips through an index by itself: each step asks for the next group,
/// and within it for the next name.
const KNOWN: &str = "with recursive
    groups (group_name) as (
        select min(group_name) from tasks
        union all
        select (select min(t.group_name) from tasks t where t.group_name > groups.group_name)
        from groups where group_name is not null),
    names (group_name, name) as (
        select group_name, (select min(t.name) from tasks t where t.group_name = groups.group_name)
        from groups where group_name is not null
        union all
        select group_name, (select min(t.name) from tasks t
            where t.group_name = names.group_name and t.name > names.name)
        from names where name is not null)
    select group_name, name,
        (select t.command from tasks t where t.group_name = names.group_name and t.name = names.name
         order by t.run_started_at desc, t.run_id desc limit 1) as command
    from names where name is not null order by group_name, name";

impl Store {
    /// All of them, by group and name.
    ///
    /// # Errors
    /// The database fails.
    pub async fn known_tasks(&self) -> Result<Vec<KnownTask>, StoreError> {
        Ok(self.database.fetch(KNOWN, &[]).await?)
    }
}
