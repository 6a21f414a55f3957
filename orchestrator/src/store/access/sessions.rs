//! Sessions: a browser that has shown a token once is known by its cookie from then on.

use jiff::{SignedDuration, Timestamp};

use crate::database::arg::args;
use crate::store::access::secret_value::SecretHash;
use crate::store::access::tokens::Visitor;
use crate::store::error::StoreError;
use crate::store::store::Store;

/// How long a browser is known without a token: one working day.
pub const SESSION: SignedDuration = SignedDuration::from_hours(12);

/// So many browsers of one token are known; the one that signed in first gives way.
const MOST: i64 = 50;

impl Store {
    /// Begins a session for whom a token lets in. Sessions that are over are forgotten.
    ///
    /// # Errors
    /// The database fails, or the token was taken back meanwhile.
    pub async fn begin_session(
        &self,
        cookie: &SecretHash,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut sql = self.database.begin().await?;
        sql.execute("delete from sessions where expires_at <= $1", &args![now])
            .await?;
        let begun = sql
            .execute(
                "insert into sessions (hash, token, created_at, expires_at)
                 select $1, name, $3, $4 from tokens where name = $2 and revoked_at is null",
                &args![cookie.as_str(), visitor.name.as_str(), now, now + SESSION],
            )
            .await?;
        sql.execute(
            "delete from sessions where token = $1 and hash not in
                 (select hash from sessions where token = $1 order by created_at desc, hash limit $2)",
            &args![visitor.name.as_str(), MOST],
        )
        .await?;
        sql.commit().await?;
        match begun {
            1 => Ok(()),
            _ => Err(StoreError::Refused(format!(
                "the token {} was revoked",
                visitor.name
            ))),
        }
    }

    /// Whom a session lets in now: whom its token would.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn visitor_of_session(
        &self,
        cookie: &SecretHash,
        now: Timestamp,
    ) -> Result<Option<Visitor>, StoreError> {
        let tokens: Vec<(String,)> = self
            .database
            .fetch(
                "select tokens.hash from sessions join tokens on tokens.name = sessions.token
                 where sessions.hash = $1 and sessions.expires_at > $2",
                &args![cookie.as_str(), now],
            )
            .await?;
        match tokens.into_iter().next() {
            Some((hash,)) => self.visitor_with_token(&SecretHash::kept(hash), now).await,
            None => Ok(None),
        }
    }

    /// Ends a session; one that is over already is no error.
    ///
    /// # Errors
    /// The database fails.
    pub async fn end_session(&self, cookie: &SecretHash) -> Result<(), StoreError> {
        let mut sql = self.database.begin().await?;
        sql.execute("delete from sessions where hash = $1", &args![cookie.as_str()])
            .await?;
        Ok(sql.commit().await?)
    }
}
