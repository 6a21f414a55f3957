//! The audit: every action is written down before it is done, so that none is without a row.

use jiff::{SignedDuration, Timestamp};

use crate::database::arg::args;
use crate::database::columns::Micros;
use crate::model::RunId;
use crate::store::access::action::{ActionOutcome, ActionVerb, BegunAction, KnownAction, NewAction};
use crate::store::access::role::Role;
use crate::store::error::StoreError;
use crate::store::store::Store;

/// How long a second asking with the same key is the same as the first.
const SAME: SignedDuration = SignedDuration::from_hours(24);

/// The newest so many are kept, however young the others are.
const MOST: i64 = 100_000;

/// The most of a message that is kept, in characters.
const MESSAGE: usize = 1000;

#[derive(sqlx::FromRow)]
struct ActionRow {
    id: i64,
    at: Micros,
    actor: String,
    role: String,
    verb: String,
    target: String,
    args: Option<String>,
    note: Option<String>,
    run_id: Option<String>,
    request: Option<String>,
    outcome: String,
    message: Option<String>,
    ended_at: Option<Micros>,
}

impl Store {
    /// Writes down what is about to be done, unless it was asked for before with the same key.
    ///
    /// # Errors
    /// The database fails; then nothing may be done.
    pub async fn begin_action(&self, new: &NewAction, now: Timestamp) -> Result<BegunAction, StoreError> {
        let mut sql = self.database.begin().await?;
        let (key, request) = match &new.key {
            Some(key) => (Some(key.key.as_str()), Some(key.request.as_str())),
            None => (None, None),
        };
        // From then on a key means nothing.
        sql.execute(
            "update actions set key = null where key = $1 and at <= $2",
            &args![key, now - SAME],
        )
        .await?;
        let args = new.args.as_ref().map(serde_json::to_string).transpose();
        let args = args.map_err(|error| StoreError::Refused(error.to_string()))?;
        let begun: Vec<(i64,)> = sql
            .fetch(
                "insert into actions (at, actor, role, verb, target, args, note, run_id, key, request, outcome)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'begun')
                 on conflict do nothing returning id",
                &args![
                    now,
                    new.visitor.name.as_str(),
                    new.visitor.role.as_str(),
                    new.verb.as_str(),
                    new.target.as_str(),
                    args.as_deref(),
                    new.note.as_deref(),
                    new.run.as_ref().map(RunId::as_str),
                    key,
                    request,
                ],
            )
            .await?;
        if let Some((id,)) = begun.into_iter().next() {
            sql.commit().await?;
            return Ok(BegunAction::New(id));
        }
        let before: Vec<ActionRow> = sql
            .fetch("select * from actions where key = $1", &args![key])
            .await?;
        sql.commit().await?;
        match before.into_iter().next() {
            Some(before) if before.request.as_deref() == request => {
                Ok(BegunAction::Again(Box::new(known(before)?)))
            }
            Some(_) => Ok(BegunAction::OtherRequest),
            None => Err(StoreError::Refused(
                "an action can be neither written nor found".to_owned(),
            )),
        }
    }

    /// Says what came of it, where nobody has said so yet.
    ///
    /// # Errors
    /// The database fails.
    pub async fn end_action(
        &self,
        id: i64,
        (outcome, message): (ActionOutcome, Option<&str>),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut sql = self.database.begin().await?;
        sql.execute(
            "update actions set outcome = $2, message = $3, ended_at = $4 where id = $1 and outcome = 'begun'",
            &args![id, outcome.as_str(), message.map(shortened).as_deref(), now],
        )
        .await?;
        Ok(sql.commit().await?)
    }

    /// The run that was handed over could not be begun after all.
    ///
    /// # Errors
    /// The database fails.
    pub async fn fail_action_of_run(
        &self,
        run: &RunId,
        message: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut sql = self.database.begin().await?;
        sql.execute(
            "update actions set outcome = 'failed', message = $2, ended_at = $3 where run_id = $1",
            &args![run, shortened(message), now],
        )
        .await?;
        Ok(sql.commit().await?)
    }

    /// What was done, the newest first: the `limit` that were done before number `before`.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn actions(&self, before: Option<i64>, limit: u32) -> Result<Vec<KnownAction>, StoreError> {
        let rows: Vec<ActionRow> = self
            .database
            .fetch(
                "select * from actions where id < $1 order by id desc limit $2",
                &args![before.unwrap_or(i64::MAX), limit],
            )
            .await?;
        rows.into_iter().map(known).collect()
    }

    /// What began this run by hand.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn action_of_run(&self, run: &RunId) -> Result<Option<KnownAction>, StoreError> {
        let rows: Vec<ActionRow> = self
            .database
            .fetch(
                "select * from actions where run_id = $1 order by id desc limit 1",
                &args![run],
            )
            .await?;
        rows.into_iter().next().map(known).transpose()
    }

    /// The newest so many that were done to something, the newest first.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn actions_on(&self, target: &str, limit: u32) -> Result<Vec<KnownAction>, StoreError> {
        let rows: Vec<ActionRow> = self
            .database
            .fetch(
                "select * from actions where target = $1 order by id desc limit $2",
                &args![target, limit],
            )
            .await?;
        rows.into_iter().map(known).collect()
    }

    /// Actions before `since`, and those beyond the most that are kept.
    pub(crate) async fn forget_actions(&self, since: Option<Timestamp>) -> Result<(), StoreError> {
        let mut sql = self.database.begin().await?;
        if let Some(since) = since {
            sql.execute("delete from actions where at < $1", &args![since])
                .await?;
        }
        sql.execute(
            "delete from actions where id <= (select max(newest.id) from actions as newest) - $1",
            &args![MOST],
        )
        .await?;
        Ok(sql.commit().await?)
    }
}

fn shortened(message: &str) -> String {
    message.chars().take(MESSAGE).collect()
}

fn known(row: ActionRow) -> Result<KnownAction, StoreError> {
    let unknown = |what: &str, word: &str| StoreError::unknown_word(what, word);
    let args = row.args.as_deref().map(serde_json::from_str).transpose();
    Ok(KnownAction {
        id: row.id,
        at: row.at.0,
        actor: row.actor,
        role: Role::parse(&row.role).ok_or_else(|| unknown("the role of an action", &row.role))?,
        verb: ActionVerb::parse(&row.verb).ok_or_else(|| unknown("an action", &row.verb))?,
        target: row.target,
        args: args.map_err(|_| {
            unknown(
                "the arguments of an action",
                row.args.as_deref().unwrap_or_default(),
            )
        })?,
        note: row.note,
        run: row.run_id.map(RunId::new),
        outcome: ActionOutcome::parse(&row.outcome)
            .ok_or_else(|| unknown("what came of an action", &row.outcome))?,
        message: row.message,
        ended_at: row.ended_at.map(Timestamp::from),
    })
}
