//! Why something cannot be executed: what it is, and what to do.

/// Why it cannot be executed, as far as the file itself shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StartProblem {
    pub message: String,
    pub hint: Option<String>,
    /// Nothing has that name.
    pub missing: bool,
}

impl StartProblem {
    pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..Self::bare(message)
        }
    }

    pub(crate) fn bare(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            missing: false,
        }
    }

    pub(crate) fn missing() -> Self {
        Self {
            missing: true,
            ..Self::bare("it does not exist")
        }
    }

    /// The same, said of the interpreter that a script names.
    pub(crate) fn of_interpreter(self, interpreter: &str) -> Self {
        let message = match self.message.strip_prefix("it ") {
            Some(rest) => format!("its interpreter {interpreter} {rest}"),
            None => format!("its interpreter {interpreter}: {}", self.message),
        };
        let hint = match self.missing {
            true => Some("install it, or correct the #! line".to_owned()),
            false => self.hint,
        };
        Self {
            message,
            hint,
            missing: false,
        }
    }
}
