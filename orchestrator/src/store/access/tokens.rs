//! Tokens: who made one may let somebody in, and take that back.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::database::arg::args;
use crate::database::columns::Micros;
use crate::store::access::role::Role;
use crate::store::access::secret_value::SecretHash;
use crate::store::error::StoreError;
use crate::store::store::Store;

/// That a token was used is written down this often at most: who only looks writes nothing else.
const USED: SignedDuration = SignedDuration::from_mins(1);

/// What is known of a token; the token itself is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KnownToken {
    /// What it is called.
    pub name: String,
    /// What it allows.
    pub role: Role,
    /// Since when.
    pub created_at: Timestamp,
    /// From then on it lets nobody in; `None` for never.
    pub expires_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
    /// When it last let somebody in, to a minute.
    pub last_used_at: Option<Timestamp>,
}

/// Who is let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// The name of the token.
    pub name: String,
    /// What it allows.
    pub role: Role,
}

/// What became of a wish to take a token back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// It lets nobody in any more, nor do the sessions that began with it.
    Done,
    /// It was taken back before.
    Already,
    /// There is none of that name.
    Unknown,
}

#[derive(sqlx::FromRow)]
struct TokenRow {
    name: String,
    role: String,
    created_at: Micros,
    expires_at: Option<Micros>,
    revoked_at: Option<Micros>,
    last_used_at: Option<Micros>,
}

impl KnownToken {
    /// Whether it lets somebody in.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|expires| now < expires)
    }
}

impl Store {
    /// Keeps a new token; `false` if there is one of that name, also one that was taken back:
    /// what was done with it goes by its name.
    ///
    /// # Errors
    /// The database fails.
    pub async fn create_token(
        &self,
        name: &str,
        role: Role,
        hash: &SecretHash,
        (now, expires): (Timestamp, Option<Timestamp>),
    ) -> Result<bool, StoreError> {
        let mut sql = self.database.begin().await?;
        let created = sql
            .execute(
                "insert into tokens (name, role, hash, created_at, expires_at)
                 values ($1, $2, $3, $4, $5) on conflict do nothing",
                &args![name, role.as_str(), hash.as_str(), now, expires],
            )
            .await?;
        sql.commit().await?;
        Ok(created == 1)
    }

    /// Every token there was, in order of their names.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn tokens(&self) -> Result<Vec<KnownToken>, StoreError> {
        let rows: Vec<TokenRow> = self
            .database
            .fetch(
                "select name, role, created_at, expires_at, revoked_at, last_used_at
                 from tokens order by name",
                &[],
            )
            .await?;
        rows.into_iter().map(known).collect()
    }

    /// Takes a token back, and ends the sessions that began with it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn revoke_token(&self, name: &str, now: Timestamp) -> Result<Revocation, StoreError> {
        let mut sql = self.database.begin().await?;
        let revoked = sql
            .execute(
                "update tokens set revoked_at = $2 where name = $1 and revoked_at is null",
                &args![name, now],
            )
            .await?;
        sql.execute("delete from sessions where token = $1", &args![name])
            .await?;
        let known: Vec<(i64,)> = sql
            .fetch("select count(*) from tokens where name = $1", &args![name])
            .await?;
        sql.commit().await?;
        Ok(match (revoked, known.first()) {
            (1, _) => Revocation::Done,
            (_, Some((1,))) => Revocation::Already,
            _ => Revocation::Unknown,
        })
    }

    /// Whom a token lets in now.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn visitor_with_token(
        &self,
        hash: &SecretHash,
        now: Timestamp,
    ) -> Result<Option<Visitor>, StoreError> {
        let rows: Vec<TokenRow> = self
            .database
            .fetch(
                "select name, role, created_at, expires_at, revoked_at, last_used_at
                 from tokens where hash = $1",
                &args![hash.as_str()],
            )
            .await?;
        let Some(token) = rows.into_iter().next().map(known).transpose()? else {
            return Ok(None);
        };
        if !token.is_valid(now) {
            return Ok(None);
        }
        if token
            .last_used_at
            .is_none_or(|used| now.duration_since(used) >= USED)
        {
            self.note_use(&token.name, now).await?;
        }
        Ok(Some(Visitor {
            name: token.name,
            role: token.role,
        }))
    }

    async fn note_use(&self, name: &str, now: Timestamp) -> Result<(), StoreError> {
        let mut sql = self.database.begin().await?;
        sql.execute(
            "update tokens set last_used_at = $2 where name = $1",
            &args![name, now],
        )
        .await?;
        Ok(sql.commit().await?)
    }
}

fn known(row: TokenRow) -> Result<KnownToken, StoreError> {
    Ok(KnownToken {
        role: Role::parse(&row.role)
            .ok_or_else(|| StoreError::unknown_word("the role of a token", &row.role))?,
        name: row.name,
        created_at: row.created_at.0,
        expires_at: row.expires_at.map(Timestamp::from),
        revoked_at: row.revoked_at.map(Timestamp::from),
        last_used_at: row.last_used_at.map(Timestamp::from),
    })
}
