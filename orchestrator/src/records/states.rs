//! What is remembered of collectors that are about to start: what each left for
//! itself, and how long it usually takes.

use std::time::Duration;

use crate::database::AssertSqlSafe;
use crate::database::arg::args;
use crate::database::connection::EitherRow;
use crate::records::error::RecordsError;
use crate::records::records::Records;

/// How long a collector usually takes is nice to know, and worth no wait.
const PATIENCE: Duration = Duration::from_secs(2);

/// The duration of a success, counted back from the newest.
macro_rules! success {
    ($back:literal) => {
        concat!(
            "(select t.duration_ms from tasks t
              where t.command = asked.command and t.group_name = asked.group_name and t.outcome = 'succeeded'
              order by t.run_started_at desc, t.run_id desc limit 1 offset ",
            $back,
            ")"
        )
    };
}

/// For each row of `asked (place, group_name, command)`, by primary key.
const STATES: &str = " select place, (select cast(data as text) from states s
     where s.group_name = asked.group_name and s.command = asked.command)
 from asked";

/// For each row of `asked (place, group_name, command)`.
const DURATIONS: &str = concat!(
    " select place, ",
    success!(0),
    ", ",
    success!(1),
    ", ",
    success!(2),
    ", ",
    success!(3),
    ", ",
    success!(4),
    " from asked"
);

/// Place and up to five durations.
type Durations = (
    i64,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
);

impl Records {
    /// What each of these collectors (group and command) left for itself the last time, as
    /// JSON. The answers are in the order of the questions, which come in one statement.
    ///
    /// # Errors
    /// The database fails, or takes longer than `patience`.
    pub async fn states(
        &self,
        collectors: &[(&str, &str)],
        patience: Duration,
    ) -> Result<Vec<Option<String>>, RecordsError> {
        let rows: Vec<(i64, Option<String>)> = self.ask(collectors, STATES, patience).await?;
        let mut states = vec![None; collectors.len()];
        for (place, state) in rows {
            put(&mut states, place, state);
        }
        Ok(states)
    }

    /// How long each of these collectors (group and command) usually takes: the median of
    /// its last successes. The answers are in the order of the questions.
    ///
    /// # Errors
    /// The database fails, or takes longer than two seconds.
    pub async fn usual_durations(
        &self,
        collectors: &[(&str, &str)],
    ) -> Result<Vec<Option<Duration>>, RecordsError> {
        let rows: Vec<Durations> = self.ask(collectors, DURATIONS, PATIENCE).await?;
        let mut usual = vec![None; collectors.len()];
        for (place, a, b, c, d, e) in rows {
            put(&mut usual, place, median([a, b, c, d, e]));
        }
        Ok(usual)
    }

    async fn ask<T: EitherRow>(
        &self,
        collectors: &[(&str, &str)],
        answers: &str,
        patience: Duration,
    ) -> Result<Vec<T>, RecordsError> {
        if collectors.is_empty() {
            return Ok(Vec::new());
        }
        let asked = collectors
            .iter()
            .flat_map(|(group, command)| args![*group, *command]);
        let question = AssertSqlSafe(format!("{}{answers}", asked_rows(collectors.len())));
        Ok(self
            .database
            .fetch_within(patience, question, &asked.collect::<Vec<_>>())
            .await?)
    }
}

fn put<T>(answers: &mut [Option<T>], place: i64, answer: Option<T>) {
    let place = usize::try_from(place).ok();
    if let Some(slot) = place.and_then(|place| answers.get_mut(place)) {
        *slot = answer;
    }
}

/// Only the number of rows differs.
fn asked_rows(collectors: usize) -> String {
    let rows: Vec<String> = (0..collectors)
        .map(|place| {
            format!(
                "(cast({place} as bigint), ${}, ${})",
                2 * place + 1,
                2 * place + 2
            )
        })
        .collect();
    format!(
        "with asked (place, group_name, command) as (values {})",
        rows.join(", ")
    )
}

/// The median of five outlives one strange night.
fn median(milliseconds: [Option<i64>; 5]) -> Option<Duration> {
    let mut known: Vec<u64> = milliseconds
        .into_iter()
        .flatten()
        .filter_map(|milliseconds| u64::try_from(milliseconds).ok())
        .collect();
    known.sort_unstable();
    known.get(known.len() / 2).copied().map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_of_what_is_known() {
        let of = |known: &[i64]| {
            let mut all = [None; 5];
            for (place, value) in all.iter_mut().zip(known) {
                *place = Some(*value);
            }
            median(all).map(|median| median.as_millis())
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[7]), Some(7));
        assert_eq!(of(&[10, 30, 20, 1000]), Some(30));
        assert_eq!(of(&[5, 1, 9000, 2, 3]), Some(3));
        assert_eq!(of(&[-1, 4]), Some(4), "a clock that went back");
    }
}
