//! What the page of a collector shows: its last runs and slots as squares and as rows, how long it
//! takes, and how it does.

use jiff::Timestamp;

use crate::queries::collector::CollectorAnswer;
use crate::queries::task_history::TaskHistoryRow;
use crate::store::EndedRun;
use crate::web::views::home::attention::sentence;
use crate::web::views::links;
use crate::web::views::look::OutcomeLook;
use crate::web::views::moment::ShownMoment;
use crate::web::views::numbers::{brought, took};

/// A figure: its name, its value, and what is to be known of it.
pub(crate) type Figure = (&'static str, String, String);

/// A run, or a slot that no run reached.
#[derive(Debug)]
pub(crate) struct PastRow {
    pub(crate) look: OutcomeLook,
    pub(crate) at: ShownMoment,
    pub(crate) href: Option<String>,
    pub(crate) took: String,
    pub(crate) records: String,
    pub(crate) why: String,
    pub(crate) title: String,
}

/// Dots of durations in a box of [`WIDTH`] by [`HEIGHT`], on a logarithmic scale.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Chart {
    /// For each look the path of its dots.
    pub(crate) dots: Vec<(OutcomeLook, String)>,
    pub(crate) median: Option<u32>,
    pub(crate) p95: Option<u32>,
    pub(crate) longest: String,
    pub(crate) shortest: String,
}

/// The box of the chart.
pub(crate) const WIDTH: u32 = 600;
/// Its height.
pub(crate) const HEIGHT: u32 = 110;

/// The rows, the newest first.
pub(crate) fn rows(history: &[TaskHistoryRow], now: Timestamp) -> Vec<PastRow> {
    let row = |row: &TaskHistoryRow| {
        let look = OutcomeLook::of(row.result);
        let at = ShownMoment::new(row.at, now);
        let why = row.cause.as_deref().map(sentence).unwrap_or_default();
        PastRow {
            title: format!("{}: {} {why}", at.short, look.word),
            look,
            href: row.run.as_ref().and_then(links::run),
            took: row.duration_ms.map(took).unwrap_or_default(),
            records: row.records.map(brought).unwrap_or_default(),
            why,
            at,
        }
    };
    history.iter().map(row).collect()
}

/// How it does, in figures.
pub(crate) fn figures(answer: &CollectorAnswer, next: Option<Timestamp>, now: Timestamp) -> Vec<Figure> {
    let statistics = &answer.statistics;
    let mut figures: Vec<Figure> = Vec::new();
    if let Some(rate) = statistics.success_rate {
        figures.push((
            "Succeeds",
            format!("{:.0} %", (rate * 100.0).floor()),
            match statistics.runs {
                1 => "of its only run".to_owned(),
                runs => format!("of its last {runs} runs"),
            },
        ));
    }
    if let Some(durations) = statistics.duration {
        figures.push((
            "Usually takes",
            took(durations.median_ms),
            format!("95 % within {}", took(durations.p95_ms)),
        ));
    }
    let ended = |name, run: &EndedRun| {
        let at = ShownMoment::new(run.started_at, now);
        (name, at.short, at.relative)
    };
    figures.extend(
        statistics
            .last_success
            .as_ref()
            .map(|run| ended("Last good", run)),
    );
    figures.extend(statistics.last_failure.as_ref().map(|run| ended("Last bad", run)));
    if let Some(next) = next {
        let next = ShownMoment::new(next, now);
        figures.push(("Next", next.short, next.relative));
    }
    figures
}

/// The durations of its last runs, the oldest at the left.
pub(crate) fn chart(answer: &CollectorAnswer) -> Option<Chart> {
    let timed: Vec<(&TaskHistoryRow, u64)> = answer
        .history
        .iter()
        .rev()
        .filter_map(|row| Some((row, row.duration_ms?.max(1))))
        .collect();
    let shortest = timed.iter().map(|(_, duration)| *duration).min()?;
    let longest = timed.iter().map(|(_, duration)| *duration).max()?;
    if timed.len() < 3 {
        return None;
    }
    let place = |duration: u64| height(duration, shortest, longest);
    let mut dots: Vec<(OutcomeLook, String)> = Vec::new();
    let step = WIDTH / u32::try_from(timed.len()).ok()?;
    for ((row, duration), number) in timed.iter().zip(0..) {
        let look = OutcomeLook::of(row.result);
        let dot = format!("M{} {}h0", number * step + step / 2, place(*duration));
        match dots.iter_mut().find(|(other, _)| *other == look) {
            Some((_, path)) => path.push_str(&dot),
            None => dots.push((look, dot)),
        }
    }
    let durations = answer.statistics.duration;
    let within = |duration: u64| (shortest..=longest).contains(&duration).then(|| place(duration));
    Some(Chart {
        dots,
        median: durations.and_then(|durations| within(durations.median_ms)),
        p95: durations.and_then(|durations| within(durations.p95_ms)),
        longest: took(longest),
        shortest: took(shortest),
    })
}

/// How far below the top a duration lies.
fn height(duration: u64, shortest: u64, longest: u64) -> u32 {
    const EDGE: f64 = 6.0;
    let scale = |duration: u64| (duration.max(1) as f64).ln();
    let whole = (scale(longest) - scale(shortest)).max(f64::EPSILON);
    let part = ((scale(duration) - scale(shortest)) / whole).clamp(0.0, 1.0);
    let y = (f64::from(HEIGHT) - EDGE) - part * (f64::from(HEIGHT) - 2.0 * EDGE);
    // Between the two edges of the box by construction.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to HEIGHT"
    )]
    let y = y.round() as u32;
    y
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_lie_on_a_logarithmic_scale() {
        assert_eq!(height(1000, 1000, 100_000), HEIGHT - 6);
        assert_eq!(height(100_000, 1000, 100_000), 6);
        assert_eq!(height(10_000, 1000, 100_000), HEIGHT / 2);
        assert_eq!(height(5, 5, 5), HEIGHT - 6);
    }
}
