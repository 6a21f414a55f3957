//! What the process that speaks to a server is to do. It holds passwords and secret URLs:
//! it travels in an environment that only this user can read, never in arguments, and it
//! cannot be printed.

use serde::{Deserialize, Serialize};

/// One request to one server.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NetworkRequest {
    Post { url: String, body: String },
    Get { url: String },
    Mail(Mail),
}

/// A mail to be sent.
#[derive(Serialize, Deserialize)]
pub(crate) struct Mail {
    pub(crate) to: Vec<String>,
    pub(crate) from: String,
    pub(crate) server: String,
    /// User and password.
    pub(crate) login: Option<(String, String)>,
    pub(crate) subject: String,
    pub(crate) body: String,
    /// This machine, as it names itself.
    pub(crate) host: String,
}

impl NetworkRequest {
    /// What no message may repeat, should a server say it back.
    pub(crate) fn secrets(&self) -> Vec<&str> {
        match self {
            Self::Post { url, .. } | Self::Get { url } => vec![url],
            Self::Mail(mail) => mail.login.iter().map(|(_, password)| password.as_str()).collect(),
        }
    }
}
