//! Masks secrets in what collectors write, before any sink sees it. Pure.
//!
//! A secret may be cut anywhere by chunks, may contain line ends, and may be spelled in
//! many ways. What looks like the beginning of a secret at the end of a chunk is held back
//! until the next chunk decides. Where secrets overlap, all they cover is masked.

use std::borrow::Cow;

use crate::text::secrets::Secrets;

/// What stands in the place of a secret.
pub(crate) const MASK: &str = "***";

/// Masks one stream.
#[derive(Debug, Clone)]
pub(crate) struct Redactor {
    secrets: Secrets,
    /// What may be the beginning of a secret.
    held: Vec<u8>,
    /// How many of the held bytes belong to a secret whose mask was given already: another
    /// one may begin within it.
    covered: usize,
    /// Whether a mask ends there: the next piece of a long secret needs none of its own.
    after_mask: bool,
}

impl Secrets {
    /// `text`, with every secret in it masked.
    pub(crate) fn masked(&self, text: &str) -> String {
        // Secrets are text, so what is left between them is text.
        String::from_utf8_lossy(&self.masked_bytes(text.as_bytes())).into_owned()
    }

    /// The same for bytes.
    pub(crate) fn masked_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut redactor = Redactor::new(self.clone());
        let mut masked = redactor.push(bytes).into_owned();
        masked.extend(redactor.finish());
        masked
    }
}

/// What is known of the bytes that there are.
struct Decided {
    /// Up to here.
    end: usize,
    /// Where the last mask ends, which may be after that.
    covered: usize,
    /// Whether a mask ends there.
    after_mask: bool,
    /// What is given before that mask's end; `None` if there was no secret.
    masked: Option<Vec<u8>>,
}

impl Redactor {
    /// At the beginning of a stream.
    pub(crate) fn new(secrets: Secrets) -> Self {
        Self {
            secrets,
            held: Vec::new(),
            covered: 0,
            after_mask: false,
        }
    }

    /// What of the stream, up to this chunk, is decided and not yet given.
    pub(crate) fn push<'a>(&mut self, chunk: &'a [u8]) -> Cow<'a, [u8]> {
        if self.held.is_empty() {
            return self.advance(Cow::Borrowed(chunk), false);
        }
        let mut bytes = std::mem::take(&mut self.held);
        bytes.extend_from_slice(chunk);
        Cow::Owned(self.advance(Cow::Owned(bytes), false).into_owned())
    }

    /// What was held back: the stream has ended, so it was no secret after all, or one.
    pub(crate) fn finish(&mut self) -> Vec<u8> {
        let held = std::mem::take(&mut self.held);
        self.advance(Cow::Owned(held), true).into_owned()
    }

    fn advance<'a>(&mut self, bytes: Cow<'a, [u8]>, ended: bool) -> Cow<'a, [u8]> {
        let Decided {
            end,
            covered,
            after_mask,
            masked,
        } = self.decide(&bytes, ended);
        self.held.extend_from_slice(&bytes[end..]);
        self.covered = covered.saturating_sub(end);
        self.after_mask = after_mask && covered >= end;
        match (masked, bytes) {
            (Some(mut masked), bytes) => {
                masked.extend_from_slice(bytes.get(covered..end).unwrap_or_default());
                Cow::Owned(masked)
            }
            (None, Cow::Borrowed(chunk)) => Cow::Borrowed(chunk.get(covered..end).unwrap_or_default()),
            (None, Cow::Owned(mut bytes)) => {
                bytes.truncate(end);
                bytes.drain(..covered.min(end));
                Cow::Owned(bytes)
            }
        }
    }

    fn decide(&self, bytes: &[u8], ended: bool) -> Decided {
        let mut decided = Decided {
            end: bytes.len(),
            covered: self.covered,
            after_mask: self.after_mask,
            masked: None,
        };
        let mut starts = self.secrets.starts(bytes);
        let mut from = 0;
        while let Some(start) = starts.next(from) {
            let walk = self.secrets.walk(bytes, start);
            if walk.open && !ended {
                decided.end = start;
                break;
            }
            if let Some(end) = walk.end.filter(|&end| end > decided.covered) {
                let is_continued = walk.goes_on && decided.after_mask && start == decided.covered;
                if start >= decided.covered && !is_continued {
                    let masked = decided.masked.get_or_insert_default();
                    masked.extend_from_slice(&bytes[decided.covered..start]);
                    masked.extend_from_slice(MASK.as_bytes());
                }
                decided.covered = end;
                decided.after_mask = true;
            }
            from = start + 1;
        }
        decided
    }
}

#[cfg(test)]
mod tests;
