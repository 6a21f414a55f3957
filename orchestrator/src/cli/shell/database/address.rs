//! From the URL that names our database to its address. In `DATABASE_URL`, which other programs
//! read, too, `sqlite:///db.sqlite3` is a path from the root to some and one from here to
//! others: the file that has our tables is meant, or nobody knows.

use crate::cli::shell::database::choice::DatabaseOrigin;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::settings::CliSettings;
use crate::database::{DatabaseAddress, DatabaseError};
use crate::store::{Looked, SchemaState, Store};

/// Where our database is.
///
/// # Errors
/// What names it cannot be read, or means one thing or another.
pub(crate) async fn address(settings: &CliSettings) -> Result<DatabaseAddress, Failure> {
    let database = &settings.database;
    let Some(url) = &database.url else {
        return Ok(Store::address_in(&settings.state_dir));
    };
    if database.origin == DatabaseOrigin::ApplicationVariable
        && let Some(path) = ambiguous(url)
    {
        return the_one_of_ours(settings, path).await;
    }
    parse(settings, url)
}

fn parse(settings: &CliSettings, url: &str) -> Result<DatabaseAddress, Failure> {
    let named_by = match settings.database.origin {
        DatabaseOrigin::Flag => "--database-url",
        DatabaseOrigin::OwnVariable => "ORCHESTRATE_DATABASE_URL",
        DatabaseOrigin::Settings => "database_url: of the settings",
        DatabaseOrigin::ApplicationVariable => "DATABASE_URL",
        DatabaseOrigin::Nobody => "the state directory",
    };
    DatabaseAddress::parse(url, settings.database_schema.clone())
        .map_err(|error: DatabaseError| Failure::usage(error).hint(format!("{named_by} names it")))
}

/// What follows three slashes, and no fourth.
fn ambiguous(url: &str) -> Option<&str> {
    url.strip_prefix("sqlite:///")
        .filter(|path| !path.starts_with('/') && !path.is_empty())
}

/// The one of the two files that has our tables.
async fn the_one_of_ours(settings: &CliSettings, path: &str) -> Result<DatabaseAddress, Failure> {
    let absolute = format!("sqlite:/{path}");
    let relative = format!("sqlite:{path}");
    let (from_root, from_here) = (parse(settings, &absolute)?, parse(settings, &relative)?);
    let which = match (has_our_tables(&from_root).await, has_our_tables(&from_here).await) {
        (true, false) => return Ok(from_root),
        (false, true) => return Ok(from_here),
        (true, true) => "both have",
        (false, false) => "neither has",
    };
    Err(Failure::usage(format!(
        "DATABASE_URL=sqlite:///{path} is /{path} to some programs and {path} to others, and {which} our tables"
    ))
    .hint(format!(
        "name ours by ORCHESTRATE_DATABASE_URL={absolute} or ORCHESTRATE_DATABASE_URL={relative}"
    )))
}

/// One that cannot be looked at has none that could be used.
async fn has_our_tables(address: &DatabaseAddress) -> bool {
    let Ok(Looked::There(store)) = Store::look(address).await else {
        return false;
    };
    let state = store.schema().await;
    store.close().await;
    matches!(state, Ok(SchemaState::Current | SchemaState::Behind(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_slashes_are_ambiguous_and_two_or_four_are_not() {
        assert_eq!(ambiguous("sqlite:///db.sqlite3"), Some("db.sqlite3"));
        for url in [
            "sqlite://db",
            "sqlite:////db",
            "sqlite:/db",
            "sqlite:///",
            "postgres:///db",
        ] {
            assert_eq!(ambiguous(url), None, "{url}");
        }
    }
}
