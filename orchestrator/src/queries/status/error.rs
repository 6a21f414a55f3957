//! Why there is no answer about the night.

use crate::records::RecordsError;
use crate::store::StoreError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum StatusError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Records(#[from] RecordsError),
}
