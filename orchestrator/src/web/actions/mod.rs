//! What operators do: a wish, the port that fulfils it, and the one way there, which writes it
//! down before and after. Called by the pages that ask and by the API; it decides nothing itself.

pub(crate) mod acting;
pub(crate) mod desk;
pub(crate) mod form_key;
pub(crate) mod perform;
pub(crate) mod refusal;
pub(crate) mod wish;

pub(crate) use acting::Acting;
pub(crate) use desk::{ActionDesk, ActionPreview, PreviewedTask};

pub(crate) use refusal::{ActionRefusal, RefusalKind};
pub(crate) use wish::Wish;
