//! Errors of input and output that say what was being done.

use std::fmt::Display;
use std::io;

use thiserror::Error;

use crate::error::Failure;

/// An error of the operating system's, and what it befell.
#[derive(Debug, Error)]
#[error("{doing}")]
struct WhileDoing {
    doing: String,
    source: io::Error,
}

/// For `map_err`: makes an error of the operating system's a failure that names what was being done.
pub(super) fn failed(doing: impl Display) -> impl FnOnce(io::Error) -> Failure {
    move |source| WhileDoing { doing: doing.to_string(), source }.into()
}
