//! Mail, by SMTP (RFC 5321).

use std::time::Duration;

use lettre::message::Mailbox;
use lettre::message::header::{ContentType, MIME_VERSION_1_0};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::extension::ClientId;
use lettre::{Message, SmtpTransport, Transport};

use crate::notify::transport::message_header::{AutoSubmitted, message_id, whole_name};
use crate::notify::transport::request::Mail;

/// For each word with the server.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends it; blocks.
pub(super) fn send(mail: &Mail) -> Result<(), String> {
    let mailbox = |address: &str| {
        address
            .parse::<Mailbox>()
            .map_err(|error| format!("the address {address:?} is not one: {error}"))
    };
    let from = mailbox(&mail.from)?;
    let mut message = Message::builder()
        .message_id(Some(message_id(from.email.as_ref())))
        .date_now()
        .header(AutoSubmitted)
        .from(from)
        .subject(&mail.subject)
        .header(MIME_VERSION_1_0)
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
    if let Some(name) = whole_name(&mail.host) {
        transport = transport.hello_name(ClientId::Domain(name.to_owned()));
    }
    if let Some((user, password)) = &mail.login {
        transport = transport.credentials(Credentials::new(user.clone(), password.clone()));
    }
    let sent = transport.build().send(&message);
    sent.map(drop).map_err(|error| {
        if error.is_timeout() {
            format!("the mail server: no answer within {} s", PATIENCE.as_secs())
        } else {
            format!("the mail server: {error}")
        }
    })
}
