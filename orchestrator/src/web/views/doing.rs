//! What a running collector does, in words: how far it says it is, else the last line it wrote.

use crate::web::live::feed::Doing;
use crate::web::views::log::ansi::pieces;
use crate::web::views::numbers::grouped;

/// `40 of 120: fetching pages`; its last line where it says nothing of how far it is.
pub(crate) fn doing_words(doing: &Doing) -> String {
    let Some(progress) = &doing.progress else {
        let shown = pieces(&doing.last_line);
        return shown.into_iter().map(|piece| piece.text).collect();
    };
    let done = match progress.total {
        Some(total) => format!("{} of {}", grouped(progress.current), grouped(total)),
        None => grouped(progress.current),
    };
    match &progress.message {
        Some(message) => format!("{done}: {message}"),
        None => done,
    }
}

/// How much is done, of how much, where it says both.
pub(crate) fn share(doing: &Doing) -> Option<(u64, u64)> {
    let progress = doing.progress.as_ref()?;
    let total = progress.total.filter(|total| *total > 0)?;
    Some((progress.current.min(total), total))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::events::TaskProgress;
    use crate::web::live::feed::tests::{at, task};

    #[test]
    fn what_it_says_wins_over_what_it_wrote() {
        let mut doing = Doing {
            progress: None,
            last_line: b"\x1b[31mred\x1b[0m line".to_vec(),
        };
        assert_eq!(doing_words(&doing), "red line");
        assert_eq!(share(&doing), None);
        doing.progress = Some(Arc::new(TaskProgress {
            task: Arc::new(task(1)),
            at: at(1),
            current: 1400,
            total: Some(1200),
            message: Some("fetching".to_owned()),
            eta_ms: None,
        }));
        assert_eq!(doing_words(&doing), "1,400 of 1,200: fetching");
        assert_eq!(share(&doing), Some((1200, 1200)));
    }
}
