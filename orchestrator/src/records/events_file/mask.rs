//! A line of an events file without secrets. What JSON says is masked after it was read, so
//! that no spelling of a value gets through and the line stays what it is; a line that is no
//! JSON is masked as any text. Pure.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::model::Category;
use crate::text::Secrets;

/// The keys of events, which are words of ours and never masked.
const KEYS: [&str; 10] = [
    "type",
    "collection",
    "key",
    "data",
    "current",
    "total",
    "category",
    "retry_after",
    "message",
    "releases",
];

/// The kinds of events, which are ours as well.
const KINDS: [&str; 9] = [
    "record", "progress", "failure", "note", "warning", "state", "defer", "read", "complete",
];

/// The line, without secrets; borrowed if it has none.
pub(crate) fn mask_line<'a>(line: &'a [u8], secrets: &Secrets) -> Cow<'a, [u8]> {
    let found = secrets.are_in(line);
    // Without a backslash every string of JSON stands there as it is.
    if !found && memchr::memchr(b'\\', line).is_none() {
        return Cow::Borrowed(line);
    }
    match serde_json::from_slice::<Value>(line) {
        Ok(mut value) => {
            let masked = mask_event(&mut value, secrets);
            // Written anew even if what it says has none: the last of two equal keys counts,
            // and the other one may have one.
            if masked || found {
                Cow::Owned(value.to_string().into_bytes())
            } else {
                Cow::Borrowed(line)
            }
        }
        Err(_) if found => Cow::Owned(secrets.masked_bytes(line)),
        Err(_) => Cow::Borrowed(line),
    }
}

/// Masks an event; whether there was anything to mask.
fn mask_event(event: &mut Value, secrets: &Secrets) -> bool {
    let Value::Object(fields) = event else {
        return mask(event, secrets);
    };
    let mut masked = mask_keys(fields, &KEYS, secrets);
    for (key, value) in fields {
        let ours = match key.as_str() {
            "type" => value.as_str().is_some_and(|kind| KINDS.contains(&kind)),
            "category" => Category::deserialize(&*value).is_ok(),
            _ => false,
        };
        masked |= !ours && mask(value, secrets);
    }
    masked
}

/// Masks every string, key and number of a value.
fn mask(value: &mut Value, secrets: &Secrets) -> bool {
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::Number(number) => {
            let digits = number.to_string();
            let secret = secrets.are_in(digits.as_bytes());
            if secret {
                *value = Value::String(secrets.masked(&digits));
            }
            secret
        }
        Value::String(text) => {
            let secret = secrets.are_in(text.as_bytes());
            if secret {
                *text = secrets.masked(text);
            }
            secret
        }
        Value::Array(items) => items
            .iter_mut()
            .fold(false, |masked, item| mask(item, secrets) | masked),
        Value::Object(fields) => {
            let masked = mask_keys(fields, &[], secrets);
            fields
                .values_mut()
                .fold(masked, |masked, value| mask(value, secrets) | masked)
        }
    }
}

fn mask_keys(fields: &mut Map<String, Value>, kept: &[&str], secrets: &Secrets) -> bool {
    let secret = |key: &&String| !kept.contains(&key.as_str()) && secrets.are_in(key.as_bytes());
    let keys: Vec<String> = fields.keys().filter(secret).cloned().collect();
    for key in &keys {
        if let Some(value) = fields.remove(key) {
            fields.insert(secrets.masked(key), value);
        }
    }
    !keys.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(line: &str) -> String {
        let secrets = Secrets::new(["pa\"ss\\w0rd-X", "12345678", "record", "nabcd"]).unwrap();
        String::from_utf8(mask_line(line.as_bytes(), &secrets).into_owned()).unwrap()
    }

    #[test]
    fn what_json_says_is_masked_keys_too() {
        for (line, expected) in [
            (
                r#"{"type":"failure","message":"login with pa\"ss\\w0rd-X"}"#,
                r#"{"message":"login with ***","type":"failure"}"#,
            ),
            (
                r#"{"type":"note","message":"pa\u0022ss\u005Cw0rd\u002dX"}"#,
                r#"{"message":"***","type":"note"}"#,
            ),
            (
                r#"{"type":"record","collection":"c","key":"k-pa\"ss\\w0rd-X","data":{"pa\"ss\\w0rd-X":[{"a":"pa\"ss\\w0rd-X"}]}}"#,
                r#"{"collection":"c","data":{"***":[{"a":"***"}]},"key":"k-***","type":"record"}"#,
            ),
            // JSON within JSON, and HTML.
            (
                r#"{"type":"note","message":"sent {\"pw\":\"pa\\\"ss\\\\w0rd-X\"} pa&quot;ss\\w0rd-X"}"#,
                r#"{"message":"sent {\"pw\":\"***\"} ***","type":"note"}"#,
            ),
            // A number, and the first of two equal keys.
            (
                r#"{"type":"state","data":{"pin":12345678,"at":7}}"#,
                r#"{"data":{"at":7,"pin":"***"},"type":"state"}"#,
            ),
            (
                r#"{"type":"note","message":"12345678","message":"well"}"#,
                r#"{"message":"well","type":"note"}"#,
            ),
            // No JSON.
            (r"login with pa\u0022ss\\w0rd-X", "login with ***"),
        ] {
            assert_eq!(masked(line), expected, "{line}");
        }
    }

    #[test]
    fn what_has_none_stays_as_it_was() {
        for line in [
            r#"{ "type": "note", "message": "a \n \u00e9 quote: \"" }"#,
            r#"{"type":"state","data":{"b":1,"a":1.50}}"#,
            // A line end before letters that follow an n in a secret.
            r#"{"type":"note","message":"x\ny \u006e and pa\nss"}"#,
            "[",
        ] {
            assert!(
                matches!(
                    mask_line(line.as_bytes(), &Secrets::new(["nabcd"]).unwrap()),
                    Cow::Borrowed(_)
                ),
                "{line}"
            );
        }
        assert_eq!(
            masked(r#"{"type":"note","message":"\nabcd"}"#),
            r#"{"message":"\nabcd","type":"note"}"#
        );
    }

    /// A value that is a word of ours is masked where it is somebody else's.
    #[test]
    fn words_of_ours_stay() {
        assert_eq!(
            masked(r#"{"type":"record","collection":"c","key":"record","data":{"type":"record"}}"#),
            r#"{"collection":"c","data":{"type":"***"},"key":"***","type":"record"}"#
        );
    }
}
