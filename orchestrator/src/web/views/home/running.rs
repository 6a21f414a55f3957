//! What runs now: for how long, against how long it usually takes.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::RunId;
use crate::store::RunningTask;
use crate::text::human_duration;
use crate::web::live::feed::Doing;
use crate::web::views::doing::{doing_words, share};
use crate::web::views::links;
use crate::web::views::moment::about;

/// What those of this process do, by run and position.
pub(crate) type Doings = HashMap<(RunId, u64), Doing>;

/// A collector that runs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Going {
    /// By which a live page finds its row.
    pub(crate) key: String,
    pub(crate) who: String,
    pub(crate) href: Option<String>,
    /// Where its run is cancelled.
    pub(crate) cancel: Option<String>,
    pub(crate) elapsed: String,
    pub(crate) usual: String,
    pub(crate) left: String,
    /// How much is done, of how much: as the collector says; else the seconds that passed, of those
    /// that it usually takes.
    pub(crate) progress: Option<(u64, u64)>,
    /// How far it says it is, else its last line.
    pub(crate) said: String,
}

/// Those that run, with their usual time.
pub(crate) fn going(
    running: &[(RunningTask, Option<Duration>)],
    doings: &Doings,
    now: Timestamp,
) -> Vec<Going> {
    running
        .iter()
        .map(|(task, usual)| {
            let doing = doings.get(&(task.run.clone(), task.position));
            one(task, *usual, doing, now)
        })
        .collect()
}

fn one(task: &RunningTask, usual: Option<Duration>, doing: Option<&Doing>, now: Timestamp) -> Going {
    let elapsed = Duration::try_from(now.duration_since(task.started_at)).unwrap_or_default();
    let told = doing.and_then(|doing| doing.progress.as_deref());
    let told = told
        .and_then(|progress| progress.eta_ms)
        .map(Duration::from_millis);
    let left = told
        .map(Some)
        .or_else(|| usual.map(|usual| usual.checked_sub(elapsed)));
    Going {
        key: format!("{}.{}", task.run, task.position),
        who: format!("{}/{}", task.group, task.name),
        href: links::run(&task.run),
        cancel: links::run_action(&task.run, "cancel"),
        elapsed: format!("{} so far", human_duration(whole(elapsed))),
        usual: match (usual, task.attempts) {
            (Some(usual), 0..=1) => format!("usually {}", human_duration(usual)),
            (Some(usual), attempt) => format!("attempt {attempt}, usually {}", human_duration(usual)),
            (None, attempt) if attempt > 1 => format!("attempt {attempt}"),
            (None, _) => "for the first time".to_owned(),
        },
        left: match left {
            Some(Some(left)) if left.as_secs() > 2 => format!("about {} left", about(left)),
            Some(Some(_)) => "any moment".to_owned(),
            Some(None) => "longer than usual".to_owned(),
            None => String::new(),
        },
        progress: doing.and_then(share).or_else(|| {
            let all = usual?.as_secs().max(1);
            Some((elapsed.as_secs().min(all), all))
        }),
        said: doing.map(doing_words).unwrap_or_default(),
    }
}

fn whole(duration: Duration) -> Duration {
    Duration::from_secs(duration.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elapsed_is_measured_against_the_usual() {
        let task = RunningTask {
            run: RunId::new("20261130-030000-d014f0"),
            position: 1,
            group: "g".to_owned(),
            name: "a".to_owned(),
            started_at: "2026-11-30T03:00:00Z".parse().unwrap(),
            attempts: 1,
        };
        let usual = Some(Duration::from_secs(660));
        let shown = |now: &str, usual| {
            let shown = one(&task, usual, None, now.parse().unwrap());
            (shown.elapsed, shown.left, shown.progress)
        };
        assert_eq!(
            shown("2026-11-30T03:04:00Z", usual),
            (
                "4m 00s so far".to_owned(),
                "about 7m left".to_owned(),
                Some((240, 660))
            )
        );
        let late = shown("2026-11-30T03:20:00Z", usual);
        assert_eq!((late.1.as_str(), late.2), ("longer than usual", Some((660, 660))));
        assert_eq!(shown("2026-11-30T03:04:00Z", None).2, None);
    }
}
