//! What to do about a failure of the database: the one place that knows, whichever verb fails.

use std::error::Error;

use crate::database::DatabaseError;
use crate::files::NotPermitted;
use crate::records::RecordsError;
use crate::store::StoreError;

/// What helps where no more processes and threads may be started.
pub(crate) const NO_THREADS: &str = "this user has as many processes and threads as it may have (RLIMIT_NPROC): \
     see ulimit -u, and TasksMax= of a systemd unit";

/// A hint for one link of a chain of causes, where it is a failure of the database that has one.
pub(crate) fn hint_of_cause(cause: &(dyn Error + 'static)) -> Option<String> {
    if let Some(StoreError::Database(error)) = cause.downcast_ref() {
        return hint_of_database(error);
    }
    if let Some(RecordsError::Database(error)) = cause.downcast_ref() {
        return hint_of_database(error);
    }
    hint_of_database(cause.downcast_ref()?)
}

/// A hint, where there is more to say than which database it is.
pub(crate) fn hint_of_database(error: &DatabaseError) -> Option<String> {
    Some(match error {
        DatabaseError::Denied { user, right, table } => {
            format!("the owner of the tables can allow it: GRANT {right} ON {table} TO \"{user}\"")
        }
        DatabaseError::Closed { user, schema, .. } => {
            format!("its owner can allow it: GRANT USAGE ON SCHEMA {schema} TO \"{user}\"")
        }
        DatabaseError::File { source, .. } if source.kind() == std::io::ErrorKind::TimedOut => {
            "end that process, or ask whose it is".to_owned()
        }
        DatabaseError::File { source, .. } => hint_of_file(source)?,
        error if error.is_lack_of_threads() => NO_THREADS.to_owned(),
        error if error.is_lack_of_room() => {
            "df -h says what is left; who only reads needs 32 KiB, too. What happened is in the journals of the runs"
                .to_owned()
        }
        error => {
            let denied = error.denied_object()?;
            if denied.starts_with("schema ") {
                return Some(format!(
                    "its owner can allow it: GRANT USAGE, CREATE ON {denied} TO the user of the URL"
                ));
            }
            format!(
                "the owner of the tables can allow it: GRANT SELECT, INSERT, UPDATE, DELETE ON {denied} TO the user \
                 of the URL"
            )
        }
    })
}

/// What to do about a file that another user keeps to themselves.
pub(crate) fn hint_of_file(error: &std::io::Error) -> Option<String> {
    let denied = error.get_ref()?.downcast_ref::<NotPermitted>()?;
    Some(denied.hint())
}
