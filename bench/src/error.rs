//! What can go wrong while measuring.

use std::path::{Path, PathBuf};

/// A measurement that could not be taken. Nothing is reported in its place.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    #[error("there is no {0}: give {1}")]
    Missing(&'static str, &'static str),
    #[error("could not read {0}: {1}")]
    Read(PathBuf, std::io::Error),
    #[error("the policy {0} does not compile")]
    Policy(PathBuf),
    #[error("the database refused: {0:?}")]
    Database(#[from] postgres::Error),
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("could not run {0}: {1}")]
    Program(String, String),
    /// Two that are compared do not do the same: then their times say nothing.
    #[error("not comparable: {0}")]
    Unequal(String),
    #[error("{0}")]
    Http(String),
}

pub(crate) fn read(path: &Path) -> Result<String, BenchError> {
    std::fs::read_to_string(path).map_err(|error| BenchError::Read(path.to_owned(), error))
}
