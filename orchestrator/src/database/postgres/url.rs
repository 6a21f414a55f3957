//! How PostgreSQL's own library names a server: `postgres://user@host:5432/db?sslmode=require`,
//! a socket's directory as percent-encoded host or as `?host=/run/postgresql`, or words
//! (`host=/run/postgresql dbname=app`). What is wrong is said without a value: any of them may
//! be a password.

use std::str::FromStr;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sqlx::postgres::PgConnectOptions;

/// Parameters that mean something here: those of the library below.
const KNOWN: [&str; 18] = [
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "application_name",
    "options",
    "statement-cache-capacity",
];

/// Name and value of each parameter, decoded.
type Parameters = Vec<(String, String)>;

/// Reads either form.
///
/// # Errors
/// What is wrong, without a value.
pub(crate) fn options(url: &str) -> Result<PgConnectOptions, String> {
    let parameters = match url.split_once("://") {
        Some(("postgres" | "postgresql", rest)) => from_url(rest)?,
        _ if is_words(url) => from_words(url)?,
        _ => return Err("it must begin with postgres://".to_owned()),
    };
    if let Some((name, _)) = parameters.iter().find(|(name, _)| !is_known(name)) {
        return Err(unknown(name));
    }
    if parameters
        .iter()
        .any(|(name, value)| name == "host" && value.contains(','))
    {
        return Err("it names several hosts; name one".to_owned());
    }
    if parameters
        .iter()
        .any(|(name, value)| name == "port" && value.parse::<u16>().is_err())
    {
        return Err("invalid port number".to_owned());
    }
    let encoded: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
        .collect();
    PgConnectOptions::from_str(&format!("postgres:///?{}", encoded.join("&"))).map_err(|error| match error {
        sqlx::Error::Configuration(cause) => cause.to_string(),
        _ => "it is malformed".to_owned(),
    })
}

/// `key=value` words instead of a URL.
pub(crate) fn is_words(text: &str) -> bool {
    let name = text.split('=').next().unwrap_or_default().trim();
    text.contains('=') && KNOWN.contains(&name)
}

/// `options[name]` is one of the server's own settings.
fn is_known(name: &str) -> bool {
    KNOWN.contains(&name) || name.starts_with("options[") && name.ends_with(']')
}

/// A name is shown only if it looks like one.
fn unknown(name: &str) -> String {
    let is_name = name.len() <= 40
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || b"_-".contains(&byte));
    if is_name {
        format!("the parameter {name} is not known here")
    } else {
        "it has a parameter that is not known here".to_owned()
    }
}

fn from_url(rest: &str) -> Result<Parameters, String> {
    let mut parameters = Parameters::new();
    let (place, query) = match rest.split_once('?') {
        Some((place, query)) => (place, Some(query)),
        None => (rest, None),
    };
    let (authority, database) = place.split_once('/').unwrap_or((place, ""));
    let (user, server) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = match user.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (user, None),
    };
    let (host, port) = host_and_port(server)?;
    let mut add = |name: &str, value: &str| -> Result<(), String> {
        if !value.is_empty() {
            parameters.push((name.to_owned(), decoded(value)?));
        }
        Ok(())
    };
    add("user", user)?;
    add("password", password.unwrap_or_default())?;
    add("host", host)?;
    add("port", port)?;
    add("dbname", database)?;
    for pair in query
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty())
    {
        let (name, value) = pair.split_once('=').ok_or("a parameter has no value")?;
        parameters.push((decoded(name)?, decoded(value)?));
    }
    Ok(parameters)
}

/// An address of IPv6 stands in brackets.
fn host_and_port(server: &str) -> Result<(&str, &str), String> {
    if let Some(rest) = server.strip_prefix('[') {
        let (host, port) = rest.split_once(']').ok_or("an address lacks its `]`")?;
        return match port.strip_prefix(':') {
            Some(port) => Ok((host, port)),
            None if port.is_empty() => Ok((host, "")),
            None => Err("something stands between an address and its port".to_owned()),
        };
    }
    if server.contains(',') {
        return Err("it names several hosts; name one".to_owned());
    }
    Ok(server.rsplit_once(':').unwrap_or((server, "")))
}

fn decoded(text: &str) -> Result<String, String> {
    let text = percent_decode_str(text).decode_utf8();
    text.map(std::borrow::Cow::into_owned)
        .map_err(|_| "it is not UTF-8".to_owned())
}

/// `name = value` or `name = 'a value'`, with `\` before a quote or a backslash.
fn from_words(text: &str) -> Result<Parameters, String> {
    let mut parameters = Parameters::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').ok_or("a parameter has no value")?;
        let (value, after) = word(after.trim_start())?;
        parameters.push((name.trim().to_owned(), value));
        rest = after.trim_start();
    }
    Ok(parameters)
}

/// A value and what follows it.
fn word(text: &str) -> Result<(String, &str), String> {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut chars = text.char_indices().skip(usize::from(quoted));
    while let Some((at, character)) = chars.next() {
        match character {
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            '\'' if quoted => return Ok((value, &text[at + 1..])),
            space if !quoted && space.is_whitespace() => return Ok((value, &text[at..])),
            other => value.push(other),
        }
    }
    if quoted {
        return Err("a quote is not closed".to_owned());
    }
    Ok((value, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Host or socket, port, user, database.
    fn read(url: &str) -> (String, u16, String, Option<String>) {
        let options = options(url).unwrap_or_else(|error| panic!("{url}: {error}"));
        let place = options.get_socket().map_or_else(
            || options.get_host().to_owned(),
            |socket| socket.display().to_string(),
        );
        let database = options.get_database().map(str::to_owned);
        (
            place,
            options.get_port(),
            options.get_username().to_owned(),
            database,
        )
    }

    #[test]
    fn every_form_of_the_library_names_the_same_place() {
        let socket = (
            "/run/pg".to_owned(),
            5433,
            "me".to_owned(),
            Some("a b".to_owned()),
        );
        for url in [
            "postgres://me@%2Frun%2Fpg:5433/a%20b",
            "postgresql://me:s3cret@/a%20b?host=/run/pg&port=5433",
            "postgres:///a%20b?host=%2Frun%2Fpg&port=5433&user=me",
            "postgres://?host=/run/pg&port=5433&user=me&dbname=a%20b",
            "host=/run/pg port=5433 user=me dbname='a b'",
            "host = '/run/pg' port = 5433 user='me' dbname='a b' password='it\\'s \\\\ it'",
        ] {
            assert_eq!(read(url), socket, "{url}");
        }
        let (host, port, ..) = read("postgres://me:p%40ss@[::1]:6000/db?sslmode=disable");
        assert_eq!((host.as_str(), port), ("::1", 6000));
        let (host, port, _, database) = read("postgres://me@db.example/x?application_name=y");
        assert_eq!(
            (host.as_str(), port, database.as_deref()),
            ("db.example", 5432, Some("x"))
        );
    }

    #[test]
    fn what_is_not_known_is_refused_by_name_and_no_value_is_shown() {
        for (url, expected) in [
            (
                "postgres://me:s3cret@h/db?connect_timeout=s3cret",
                "the parameter connect_timeout is not known here",
            ),
            (
                "postgres://me:s3cret@h/db?s3cret=1",
                "it has a parameter that is not known here",
            ),
            ("host=h s3cret", "a parameter has no value"),
            ("host=h password='s3cret", "a quote is not closed"),
            ("postgres://me:s3cret@h:port/db", "invalid port number"),
            ("postgres://me:s3cret@h,i/db", "it names several hosts; name one"),
            ("postgres:s3cret", "it must begin with postgres://"),
        ] {
            assert_eq!(options(url).unwrap_err(), expected, "{url}");
        }
        let error = options("postgres://h/db?sslmode=s3cret").unwrap_err();
        assert!(error.contains("sslmode") || error.contains("ssl"), "{error}");
    }
}
