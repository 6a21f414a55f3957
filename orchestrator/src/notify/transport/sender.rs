//! The other side: the process that speaks to a server. It may block as long as it likes;
//! whoever started it has the clock. Entered from `main`, in this program's own binary.

use std::io::Write;
use std::process::ExitCode;

use crate::notify::transport::request::NetworkRequest;
use crate::notify::transport::{http, mail};
use crate::process::forbid_core_dumps;

/// The first argument that makes this binary one.
pub(super) const ARGUMENT: &str = "__send";

/// The variable that has the request.
pub(super) const REQUEST: &str = "ORCHESTRATE_REQUEST";

/// Makes the request if that is what this process was started for: exit code 0, or 1 with
/// the reason on stdout.
pub fn sender_entry() -> Option<ExitCode> {
    if std::env::args_os().nth(1)? != ARGUMENT {
        return None;
    }
    Some(match send() {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            // Where nobody reads it, the exit code says enough.
            let _ = writeln!(std::io::stdout(), "{reason}");
            ExitCode::FAILURE
        }
    })
}

fn send() -> Result<(), String> {
    // A core would have the password in it.
    forbid_core_dumps().map_err(|error| format!("core dumps cannot be forbidden: {error}"))?;
    let text = std::env::var(REQUEST).map_err(|_| "this is for orchestrate itself to use".to_owned())?;
    let request = serde_json::from_str(&text).map_err(|_| format!("{REQUEST} is no request"))?;
    match request {
        NetworkRequest::Post { url, body } => http::post(&url, &body),
        NetworkRequest::Get { url } => http::get(&url),
        NetworkRequest::Mail(mail) => mail::send(&mail),
    }
}
