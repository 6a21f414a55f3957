//! What is remembered of collectors that are about to start: what each left for
//! itself, and how long it usually takes.

use std::time::Duration;

use crate::database::AssertSqlSafe;
use crate::database::arg::args;
use crate::records::error::RecordsError;
use crate::records::records::Records;

/// A database that is away holds no collector back for longer than this.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is known before an attempt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remembered {
    /// The state of the last delivery that had one: JSON.
    pub state: Option<String>,
    /// The median of its last successes.
    pub usual: Option<Duration>,
}

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

/// For each row of `asked (place, group_name, command)`.
const ANSWERS: &str = concat!(
    "select place,
     (select cast(data as text) from states s
      where s.group_name = asked.group_name and s.command = asked.command), ",
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

/// Place, state, and up to five durations.
type Row = (
    i64,
    Option<String>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
);

impl Records {
    /// Looks for all of these collectors (group and command) at once, for no longer than
    /// two seconds. The answers are in the order of the questions.
    ///
    /// # Errors
    /// The database fails or takes too long.
    pub async fn recall(&self, collectors: &[(&str, &str)]) -> Result<Vec<Remembered>, RecordsError> {
        if collectors.is_empty() {
            return Ok(Vec::new());
        }
        let asked = collectors
            .iter()
            .flat_map(|(group, command)| args![*group, *command]);
        let rows: Vec<Row> = self
            .database
            .fetch_within(
                PATIENCE,
                AssertSqlSafe(question(collectors.len())),
                &asked.collect::<Vec<_>>(),
            )
            .await?;
        let mut answers = vec![Remembered::default(); collectors.len()];
        for (place, state, a, b, c, d, e) in rows {
            let place = usize::try_from(place).ok();
            if let Some(answer) = place.and_then(|place| answers.get_mut(place)) {
                let usual = median([a, b, c, d, e]);
                *answer = Remembered { state, usual };
            }
        }
        Ok(answers)
    }
}

/// Only the number of rows differs.
fn question(collectors: usize) -> String {
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
        "with asked (place, group_name, command) as (values {}) {ANSWERS}",
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
