//! What is remembered of collectors that are about to start: what each left for
//! itself, and how long it usually takes.

use std::time::Duration;

use jiff::Timestamp;

use crate::database::Json;
use crate::database::arg::{Arg, args};
use crate::database::columns::Micros;
use crate::records::error::RecordsError;
use crate::records::records::Records;

/// How long a collector usually takes is nice to know, and worth no wait.
const PATIENCE: Duration = Duration::from_secs(2);

/// A question about each collector of a JSON array of `[group, name]`, in whose order the
/// places count: one statement and one parameter, however many they are.
macro_rules! of_each {
    ($question:expr) => {
        (
            concat!(
                "with asked (place, group_name, name) as (
                     select key, value ->> 0, value ->> 1 from json_each($1)) ",
                $question
            ),
            concat!(
                "with asked (place, group_name, name) as (
                     select x.place - 1, x.value ->> 0, x.value ->> 1
                     from jsonb_array_elements(cast($1 as jsonb)) with ordinality as x(value, place)) ",
                $question
            ),
        )
    };
}

/// By primary key: in SQLite a cross join begins with what stands first
/// (<https://sqlite.org/lang_select.html#crossjoin>).
const MEMORIES: (&str, &str) = of_each!(
    "select place, cast(data as text), fresh_at from asked cross join states s
     where s.group_name = asked.group_name and s.name = asked.name"
);

/// The durations of the five newest successes: one way into the index for all of them.
macro_rules! durations {
    ($aggregate:literal) => {
        concat!(
            "select place, (select ",
            $aggregate,
            "(newest.duration_ms) from (
                 select t.duration_ms from tasks t
                 where t.name = asked.name and t.group_name = asked.group_name and t.outcome = 'succeeded'
                 order by t.run_started_at desc, t.run_id desc limit 5) newest)
             from asked"
        )
    };
}

const DURATIONS: (&str, &str) = (
    of_each!(durations!("json_group_array")).0,
    of_each!(durations!("json_agg")).1,
);

/// What is remembered of a collector from run to run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CollectorMemory {
    /// What it left for itself, as JSON.
    pub state: Option<String>,
    /// When it last brought something new or changed.
    pub fresh_at: Option<Timestamp>,
}

impl Records {
    /// What is remembered of each of these collectors (group and name), in the order of
    /// the questions.
    ///
    /// # Errors
    /// The database fails, or takes longer than `patience`.
    pub async fn memories(
        &self,
        collectors: &[(&str, &str)],
        patience: Duration,
    ) -> Result<Vec<CollectorMemory>, RecordsError> {
        let sql = self.database.text(MEMORIES.0, MEMORIES.1);
        let rows: Vec<(i64, Option<String>, Option<Micros>)> = self
            .database
            .fetch_within(patience, sql, &asked(collectors))
            .await?;
        let mut memories = vec![CollectorMemory::default(); collectors.len()];
        for (place, state, fresh_at) in rows {
            let fresh_at = fresh_at.map(Timestamp::from);
            put(&mut memories, place, CollectorMemory { state, fresh_at });
        }
        Ok(memories)
    }

    /// How long each of these collectors (group and name) usually takes: the median of
    /// its last successes. The answers are in the order of the questions.
    ///
    /// # Errors
    /// The database fails, or takes longer than two seconds.
    pub async fn usual_durations(
        &self,
        collectors: &[(&str, &str)],
    ) -> Result<Vec<Option<Duration>>, RecordsError> {
        let sql = self.database.text(DURATIONS.0, DURATIONS.1);
        let rows: Vec<(i64, Option<Json<Vec<i64>>>)> = self
            .database
            .fetch_within(PATIENCE, sql, &asked(collectors))
            .await?;
        let mut usual = vec![None; collectors.len()];
        for (place, newest) in rows {
            put(&mut usual, place, newest.and_then(|Json(newest)| median(&newest)));
        }
        Ok(usual)
    }
}

fn asked(collectors: &[(&str, &str)]) -> [Arg; 1] {
    let pairs: serde_json::Value = collectors.iter().map(|&(group, name)| [group, name]).collect();
    args![&pairs.to_string()]
}

fn put<T>(answers: &mut [T], place: i64, answer: T) {
    let place = usize::try_from(place).ok();
    if let Some(slot) = place.and_then(|place| answers.get_mut(place)) {
        *slot = answer;
    }
}

/// The median of five outlives one strange night.
fn median(milliseconds: &[i64]) -> Option<Duration> {
    let mut known: Vec<u64> = milliseconds
        .iter()
        .filter_map(|&milliseconds| u64::try_from(milliseconds).ok())
        .collect();
    known.sort_unstable();
    known.get(known.len() / 2).copied().map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::{AssertSqlSafe, Database, DatabaseAddress};

    /// However many there are of it, and whoever shares its name.
    #[tokio::test]
    async fn what_is_asked_before_a_run_is_found_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let address = DatabaseAddress::file(&dir.path().join("db"));
        let database = Database::connect(&address).await.unwrap();
        database.lock_schema().await.unwrap().apply().await.unwrap();
        for (question, expected, count) in [
            (
                MEMORIES.0,
                "SEARCH s USING PRIMARY KEY (group_name=? AND name=?)",
                1,
            ),
            (
                DURATIONS.0,
                "SEARCH t USING INDEX tasks_by_end (group_name=? AND name=? AND outcome=?)",
                1,
            ),
        ] {
            let sql = AssertSqlSafe(format!("explain query plan {question}"));
            let steps: Vec<(i64, i64, i64, String)> =
                database.fetch(sql, &asked(&[("g", "c")])).await.unwrap();
            let found = steps.iter().filter(|(.., step)| step == expected).count();
            assert_eq!(found, count, "{steps:#?}");
            assert!(
                !steps.iter().any(|(.., step)| step.starts_with("SCAN s ")),
                "{steps:#?}"
            );
        }
        database.close().await;
    }

    #[test]
    fn the_median_is_of_what_is_known() {
        let of = |known: &[i64]| median(known).map(|median| median.as_millis());
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[7]), Some(7));
        assert_eq!(of(&[10, 30, 20, 1000]), Some(30));
        assert_eq!(of(&[5, 1, 9000, 2, 3]), Some(3));
        assert_eq!(of(&[-1, 4]), Some(4), "a clock that went back");
    }
}
