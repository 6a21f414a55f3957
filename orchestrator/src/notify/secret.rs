//! The value of an address that is a secret. It goes to the server and nowhere else: no
//! message of ours has it.

use crate::model::Secret;

/// Reads it from the settings, or from the environment of this process.
pub(super) fn reveal(secret: &Secret) -> Result<String, String> {
    match secret {
        Secret::Given(value) => Ok(value.clone()),
        Secret::Variable(name) => {
            std::env::var(name).map_err(|_| format!("the environment variable {name} is not set"))
        }
    }
}
