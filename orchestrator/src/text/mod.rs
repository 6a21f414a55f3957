//! Words and bytes: what makes a stranger's text harmless, masks secrets, writes
//! durations, reads a line of /proc. Pure; used by every room above.

pub(crate) mod counted;
pub(crate) mod csv;
pub(crate) mod duration;
pub(crate) mod http_url;
pub(crate) mod line;
pub(crate) mod placeholder;
pub(crate) mod proc_stat;
pub(crate) mod redact;
pub(crate) mod safe;
pub(crate) mod secret_folds;
pub(crate) mod secret_forms;
pub(crate) mod secrets;
pub(crate) mod shell_word;
pub(crate) mod spelling;
pub(crate) mod wrap;

pub(crate) use counted::counted;
pub(crate) use csv::push_csv_row;
pub(crate) use duration::{human_duration, milliseconds};
pub(crate) use http_url::read_http_url;
pub(crate) use line::{after_last_return, push_line};
pub use placeholder::NamedSecrets;
pub(crate) use placeholder::{MissingSecret, has_placeholder, placeholder, secrets_in};
pub(crate) use redact::{MASK, Redactor};
pub(crate) use safe::{first_unseen, make_safe, push_safe};
pub(crate) use secret_forms::{LONGEST, SHORTEST};
pub(crate) use secrets::Secrets;
pub(crate) use shell_word::shell_word;
pub(crate) use wrap::{cut_line, pad_left, pad_right, wrap_words};
