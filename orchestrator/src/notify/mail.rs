//! Mail, by SMTP (RFC 5321).

use std::time::Duration;

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{Message, SmtpTransport, Transport};

use crate::model::Secret;
use crate::notify::secret::reveal;

/// For each word with the server.
const PATIENCE: Duration = Duration::from_secs(10);

/// A mail to be sent.
pub(super) struct Mail {
    pub(super) to: Vec<String>,
    pub(super) from: String,
    pub(super) server: String,
    pub(super) login: Option<(String, Secret)>,
    pub(super) subject: String,
    pub(super) body: String,
}

/// Sends it; blocks.
pub(super) fn send(mail: &Mail) -> Result<(), String> {
    let mailbox = |address: &str| {
        address
            .parse::<Mailbox>()
            .map_err(|error| format!("the address {address:?} is not one: {error}"))
    };
    let mut message = Message::builder()
        .from(mailbox(&mail.from)?)
        .subject(&mail.subject)
        .header(ContentType::TEXT_PLAIN);
    for address in &mail.to {
        message = message.to(mailbox(address)?);
    }
    let message = message
        .body(mail.body.clone())
        .map_err(|error| error.to_string())?;
    let mut transport = SmtpTransport::from_url(&mail.server)
        .map_err(|error| format!("the mail server cannot be used: {error}"))?
        .timeout(Some(PATIENCE));
    if let Some((user, password)) = &mail.login {
        transport = transport.credentials(Credentials::new(user.clone(), reveal(password)?));
    }
    // Its errors are the server's words, which do not have the password.
    let sent = transport.build().send(&message);
    sent.map(drop)
        .map_err(|error| format!("the mail server: {error}"))
}
