//! The log that an address names: of which run, task and attempt. For its page, its download, and
//! the API.

use axum::http::StatusCode;

use crate::model::RunId;
use crate::queries::find_run::find_run;
use crate::queries::logs::attempt_file::LogPlace;
use crate::store::{RecordedAttempt, RunRecord, TaskState};
use crate::web::fault::Fault;
use crate::web::site::Site;
use crate::web::views::links::is_run_id;

/// The log that is asked for.
pub(crate) struct Asked {
    pub(crate) record: RunRecord,
    pub(crate) place: LogPlace,
}

impl Asked {
    pub(crate) async fn read(site: &Site, run: &str, place: &str) -> Result<Self, Fault> {
        let nothing =
            || Fault::not_found("there is no such log").hint("the page of the run leads to its logs");
        let place = LogPlace::parse(place).ok_or_else(nothing)?;
        if !is_run_id(run) {
            return Err(nothing());
        }
        let record = find_run(&site.store, run).await?;
        place.find(&record).ok_or_else(nothing)?;
        Ok(Self { record, place })
    }

    /// The task, and the attempt if there was one.
    pub(crate) fn found(&self) -> Result<(&TaskState, Option<&RecordedAttempt>), Fault> {
        self.place
            .find(&self.record)
            .ok_or_else(|| Fault::not_found("there is no such log"))
    }

    pub(crate) fn run(&self) -> &RunId {
        &self.record.header.run
    }
}

/// A file that cannot be read as it should; a link in its place is refused like that, too.
pub(crate) fn unreadable<T>(read: Result<std::io::Result<T>, tokio::task::JoinError>) -> Result<T, Fault> {
    let fault = |words: String| {
        tracing::warn!("a log is not shown: {words}");
        Fault::new(
            StatusCode::CONFLICT,
            "log_unreadable",
            format!("its log cannot be read: {words}"),
        )
    };
    match read {
        Ok(read) => read.map_err(|error| fault(error.to_string())),
        Err(error) => Err(fault(error.to_string())),
    }
}
