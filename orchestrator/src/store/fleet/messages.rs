//! The messages of the queue: sent, shown, hidden, deleted, always within a transaction that
//! somebody else began. PGMQ does it on PostgreSQL; on SQLite two columns of the run's row are
//! enough, since only one transaction writes at a time.

use crate::database::arg::args;
use crate::database::transaction::Transaction;
use crate::database::{AssertSqlSafe, Database};
use crate::model::RunId;
use crate::store::error::StoreError;
use crate::store::fleet::queue::{FleetQueue, now};

impl FleetQueue {
    fn is_pgmq(&self) -> bool {
        matches!(self.database, Database::Postgres(_))
    }

    /// Sends the message of a run that is about to have its row. Returns its number.
    pub(super) async fn send(
        &self,
        sql: &mut Transaction,
        run: &RunId,
        entry: &str,
    ) -> Result<i64, StoreError> {
        let sent: Vec<(i64,)> = if self.is_pgmq() {
            let headers = serde_json::json!({ "x-pgmq-group": entry }).to_string();
            sql.fetch(
                "select send from pgmq.send($1, cast($2 as jsonb), cast($3 as jsonb))",
                &args![&self.name, &body(run), headers],
            )
            .await?
        } else {
            sql.fetch("select coalesce(max(message), 0) + 1 from queued_runs", &[])
                .await?
        };
        let message = sent.into_iter().next().map(|(message,)| message);
        message.ok_or_else(|| StoreError::Refused("the queue gave a message no number".to_owned()))
    }

    /// Shows the message of a run, unless it is hidden, and hides it for so many seconds.
    /// Returns how often it was shown by now. The disk is not waited for: the claim that follows
    /// does, and with it is written what came before; a number that is lost was never claimed.
    pub(super) async fn read(
        &self,
        sql: &mut Transaction,
        run: &RunId,
        seconds: i64,
    ) -> Result<Option<i64>, StoreError> {
        let shown: Vec<(i64,)> = if self.is_pgmq() {
            sql.fetch(
                "select cast(read_ct as bigint) from pgmq.read($1, cast($2 as integer), 1, cast($3 as jsonb))
                 where set_config('synchronous_commit', 'off', true) is not null",
                &args![&self.name, seconds, &body(run)],
            )
            .await?
        } else {
            let now = now(&self.database);
            let text = format!(
                "update queued_runs set shown = shown + 1, hidden = {now} + $2 * 1000000
                 where run_id = $1 and hidden <= {now} returning shown"
            );
            sql.fetch(AssertSqlSafe(text), &args![run, seconds]).await?
        };
        Ok(shown.into_iter().next().map(|(count,)| count))
    }

    /// Hides a message for so many seconds from now; 0 shows it.
    pub(super) async fn hide(
        &self,
        sql: &mut Transaction,
        message: i64,
        seconds: i64,
    ) -> Result<(), StoreError> {
        if self.is_pgmq() {
            sql.execute(
                "select msg_id from pgmq.set_vt($1, $2, cast($3 as integer))",
                &args![&self.name, message, seconds],
            )
            .await?;
        } else {
            let now = now(&self.database);
            let text = format!("update queued_runs set hidden = {now} + $2 * 1000000 where message = $1");
            sql.execute(AssertSqlSafe(text), &args![message, seconds]).await?;
        }
        Ok(())
    }

    /// Deletes the message of a run that has ended.
    pub(super) async fn delete(&self, sql: &mut Transaction, message: i64) -> Result<(), StoreError> {
        delete(sql, &self.name, message).await
    }

    /// Tells whoever listens, once the transaction is committed. SQLite has no listeners.
    pub(super) async fn notify(&self, sql: &mut Transaction, what: &str) -> Result<(), StoreError> {
        notify(sql, &self.name, what).await
    }
}

pub(super) async fn notify(sql: &mut Transaction, queue: &str, what: &str) -> Result<(), StoreError> {
    if sql.is_postgres() {
        sql.execute("select pg_notify($1, $2)", &args![queue, what])
            .await?;
    }
    Ok(())
}

/// Deletes a message of a queue.
pub(super) async fn delete(sql: &mut Transaction, queue: &str, message: i64) -> Result<(), StoreError> {
    if sql.is_postgres() {
        sql.execute("select pgmq.delete($1, $2)", &args![queue, message])
            .await?;
    }
    Ok(())
}

fn body(run: &RunId) -> String {
    serde_json::json!({ "run": run.as_str() }).to_string()
}
