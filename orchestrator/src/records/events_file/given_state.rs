//! A state that a person gives instead of the collector. It is judged and masked by the code
//! that takes one from an events file, so that what is kept is what a delivery would have
//! left. Pure.

use serde_json::{Value, json};

use crate::records::events_file::examination::{Examination, LARGEST_STATE};
use crate::records::events_file::lines::FileLine;
use crate::text::Secrets;

/// JSON that is to be a state.
#[derive(Debug, Clone, PartialEq)]
pub struct GivenState(Value);

/// As it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedState {
    /// JSON without secrets.
    pub text: String,
    /// What a person should see of it.
    pub warnings: Vec<String>,
}

impl GivenState {
    /// Reads it.
    ///
    /// # Errors
    /// It is no JSON, or says nothing; in words.
    pub fn parse(json: &[u8]) -> Result<Self, String> {
        if json.trim_ascii().is_empty() {
            return Err("the state is empty".to_owned());
        }
        match serde_json::from_slice(json) {
            // An events file cannot bring it either.
            Ok(Value::Null) => Err("null is no state".to_owned()),
            Ok(value) => Ok(Self(value)),
            Err(error) => Err(format!("the state is not JSON: {error}")),
        }
    }

    /// What would be kept of it had its collector left it.
    ///
    /// # Errors
    /// It is too large, or cannot be kept; in words.
    pub(crate) fn judge(self, secrets: Option<&Secrets>) -> Result<JudgedState, String> {
        let event = json!({"type": "state", "data": self.0}).to_string();
        let mut said = Examination::default();
        said.line(&FileLine::Whole(1, event.as_bytes()), secrets);
        let warnings = said.complaints();
        let Some(text) = said.state else {
            return Err(warnings.into_iter().next().unwrap_or_default());
        };
        if text.len() > LARGEST_STATE {
            let bytes = text.len();
            return Err(format!(
                "the state has {bytes} bytes, and {LARGEST_STATE} is the limit"
            ));
        }
        Ok(JudgedState { text, warnings })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(json: &str) -> Result<JudgedState, String> {
        GivenState::parse(json.as_bytes())?.judge(Secrets::new(["hush-hush"]).as_ref())
    }

    #[test]
    fn it_is_kept_as_a_delivery_would_keep_it() {
        let text = |json: &str| judged(json).unwrap().text;
        assert_eq!(
            text(" {\"b\": [1, 2.50],\n \"a\": \"x\"} "),
            r#"{"a":"x","b":[1,2.5]}"#
        );
        assert_eq!(text("7"), "7");
        assert_eq!(text(r#""a\u0000b""#), "\"a\u{2400}b\"");
        // What looks like the end of an event is a text.
        assert_eq!(
            text(r#"{"type":"record","x":"\"},{"}"#),
            r#"{"type":"record","x":"\"},{"}"#
        );
    }

    #[test]
    fn secrets_are_masked_and_that_is_said() {
        let state = judged(r#"{"token":"hush\u002dhush","at":7}"#).unwrap();
        assert_eq!(state.text, r#"{"at":7,"token":"***"}"#);
        assert_eq!(state.warnings.len(), 1);
        assert!(state.warnings[0].contains("it is kept as ***"), "{state:?}");
        assert_eq!(judged(r#"{"at":"***"}"#).unwrap().warnings, [""; 0]);
    }

    #[test]
    fn what_cannot_be_one_is_refused_in_words() {
        let refused = |json: &str| judged(json).unwrap_err();
        assert_eq!(refused(" \n"), "the state is empty");
        assert_eq!(refused("null"), "null is no state");
        assert!(refused("{\"a\":").starts_with("the state is not JSON: "));
        assert!(refused("1 2").starts_with("the state is not JSON: "));
        let deep = "[".repeat(127) + &"]".repeat(127);
        assert!(refused(&deep).contains("recursion limit"), "{}", refused(&deep));
        let fits = format!("\"{}\"", "x".repeat(LARGEST_STATE - 2));
        assert_eq!(judged(&fits).unwrap().text.len(), LARGEST_STATE);
        assert_eq!(
            refused(&fits.replacen('x', "xx", 1)),
            "the state has 65537 bytes, and 65536 is the limit"
        );
    }
}
