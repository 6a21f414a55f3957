//! What the database is to us before we use it: ours and whole, behind, new, somebody else's,
//! or not to be used. Asked by every verb; only those that write may change it.

use crate::database::migrate::StepsVerdict;
use crate::database::{DatabaseError, MigrationState};
use crate::store::error::StoreError;
use crate::store::relations::RELATIONS;
use crate::store::store::Store;
use crate::store::{public_views, relocation};

/// What a database is to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemaState {
    /// Nothing lies where our tables belong.
    Absent,
    /// On PostgreSQL: our tables are where older builds had them.
    InPublic,
    /// Tables of another program lie there, this one among them.
    Foreign(String),
    /// It lacks these steps.
    Behind(Vec<i64>),
    /// It is up to date and whole.
    Current,
    /// A newer version made it, in words.
    Newer(String),
    /// It is ours and cannot be used, in words.
    Unusable(String),
}

fn newer(version: i64) -> String {
    format!("it has migration {version}, which this version of orchestrate does not know; use a newer one")
}

impl Store {
    /// Looks at what the database is to us; changes nothing.
    ///
    /// # Errors
    /// The database fails.
    pub async fn schema(&self) -> Result<SchemaState, StoreError> {
        match self.look_at_schema().await {
            // Somebody else moves our tables at this moment, between two statements: now they are there.
            Err(StoreError::Database(error)) if error.is_undefined_table() => self.look_at_schema().await,
            Ok(SchemaState::Unusable(_)) => self.look_at_schema().await,
            state => state,
        }
    }

    async fn look_at_schema(&self) -> Result<SchemaState, StoreError> {
        let there = self.database.inventory().await?;
        Ok(match self.database.judge(&there.steps) {
            StepsVerdict::Unusable(reason) => SchemaState::Unusable(reason),
            StepsVerdict::Newer(version) => SchemaState::Newer(newer(version)),
            StepsVerdict::Foreign => SchemaState::Foreign("_sqlx_migrations".to_owned()),
            StepsVerdict::Ours(missing) => {
                let has = |version: i64| !missing.contains(&version);
                let gone = RELATIONS.iter().find(|(name, version)| {
                    has(*version) && !there.relations.iter().any(|other| other == name)
                });
                match gone {
                    Some((name, _)) => SchemaState::Unusable(format!("its table {name} is gone")),
                    None if missing.is_empty() => SchemaState::Current,
                    None => SchemaState::Behind(missing),
                }
            }
            StepsVerdict::None => match there.relations.into_iter().next() {
                Some(table) => SchemaState::Foreign(table),
                None => self.schema_in_public().await?,
            },
        })
    }

    /// Our schema is empty: the tables may be where older builds had them.
    async fn schema_in_public(&self) -> Result<SchemaState, StoreError> {
        let steps = self.database.steps_in_public().await?;
        Ok(match self.database.judge(&steps) {
            StepsVerdict::Ours(_) => SchemaState::InPublic,
            StepsVerdict::None | StepsVerdict::Foreign => SchemaState::Absent,
            StepsVerdict::Newer(version) => SchemaState::Unusable(format!(
                "our tables are in `public`, and its table of steps has another program's, too ({version})"
            )),
            StepsVerdict::Unusable(reason) => {
                SchemaState::Unusable(format!("our tables are in `public`, and {reason}"))
            }
        })
    }

    /// Applies what the schema lacks. Of several processes that start at once, one
    /// does it and the others wait.
    ///
    /// # Errors
    /// The database fails, is not ours, or was made by a newer version.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.migrate_if(false).await
    }

    /// The same, also into a database that has tables of another program.
    ///
    /// # Errors
    /// The database fails, was made by a newer version, or has a table with a name of ours.
    pub async fn migrate_here(&self) -> Result<(), StoreError> {
        self.migrate_if(true).await
    }

    async fn migrate_if(&self, here: bool) -> Result<(), StoreError> {
        let state = self.schema().await?;
        let moves = state == SchemaState::InPublic;
        match state {
            SchemaState::Unusable(reason) | SchemaState::Newer(reason) => return Err(self.refused(reason)),
            SchemaState::Foreign(_) if here => self.check_names().await?,
            SchemaState::Foreign(table) => return Err(self.foreign(&table)),
            SchemaState::Current => {
                self.database.make_ready().await?;
                public_views::restore(&self.database).await?;
                return Ok(());
            }
            SchemaState::Absent | SchemaState::InPublic | SchemaState::Behind(_) => {}
        }
        self.database.make_ready().await?;
        let mut lock = self.database.lock_schema().await?;
        if moves {
            relocation::move_out_of_public(&self.database, &mut lock).await?;
        }
        public_views::remove(&self.database, lock.connection()).await?;
        lock.apply().await?;
        // Its connection may be the only one that the server has for us.
        drop(lock);
        public_views::restore(&self.database).await?;
        Ok(())
    }

    /// Nothing of ours may take the place of something else, or half of it would be made.
    async fn check_names(&self) -> Result<(), StoreError> {
        let there = self.database.inventory().await?;
        if !there.steps.is_empty() || there.relations.iter().any(|name| name == "_sqlx_migrations") {
            let reason = "another program keeps its migrations in it (_sqlx_migrations), as we would";
            return Err(self.refused(reason.to_owned()));
        }
        let is_taken = |name: &str| there.relations.iter().any(|other| other == name);
        match RELATIONS.iter().find(|(name, _)| is_taken(name)) {
            None => Ok(()),
            Some((name, _)) => Err(self.refused(format!(
                "it has a table {name} of another program, and ours would have that name"
            ))),
        }
    }

    fn foreign(&self, table: &str) -> StoreError {
        StoreError::Foreign {
            database: self.name(),
            table: table.to_owned(),
        }
    }

    fn refused(&self, reason: String) -> StoreError {
        DatabaseError::Open {
            database: self.name(),
            reason,
        }
        .into()
    }

    /// Every step of the schema, and whether the database has it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn migrations(&self) -> Result<Vec<MigrationState>, StoreError> {
        Ok(self.database.migrations().await?)
    }
}
