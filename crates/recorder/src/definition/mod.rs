//! What a workload is: its operations, their weights, statements and values. The built-in one is `sql/shop.toml`; `--workload` reads another.

mod checks;
mod error;
mod generators;
pub(crate) mod keys;
pub(crate) mod model;
mod reader;
pub(crate) mod values;
mod written;

use std::path::Path as FilePath;
use std::sync::LazyLock;

use sha2::{Digest, Sha256};

pub use crate::definition::error::DefinitionError;
pub use crate::definition::model::Definition;

/// The built-in workload, as `recorder workload` prints it.
pub(crate) const SHOP: &str = include_str!("../../../../sql/shop.toml");

static BUILT_IN: LazyLock<Definition> = LazyLock::new(|| {
    // A test reads the file; a program without its workload would have no operations.
    checks::read("sql/shop.toml", SHOP).unwrap_or_else(|error| Definition {
        name: error.to_string(),
        file: String::new(),
        setup: Vec::new(),
        keys: Vec::new(),
        operations: Vec::new(),
        sha256: None,
    })
});

impl Definition {
    /// The built-in workload.
    #[must_use]
    pub fn shop() -> &'static Self {
        &BUILT_IN
    }

    /// The workload of a file.
    ///
    /// # Errors
    /// One line, where the file can't be read, or what it says is wrong.
    pub fn of_file(file: &FilePath) -> Result<&'static Self, String> {
        let shown = file.display().to_string();
        let text = std::fs::read_to_string(file).map_err(|error| {
            format!("--workload {shown}: {error}; give a file as `recorder workload` prints one")
        })?;
        let definition = checks::read(&shown, &text).map_err(|error| error.to_string())?;
        let digest = Sha256::digest(&text);
        let sha256 = digest.iter().map(|byte| format!("{byte:02x}"));
        Ok(Box::leak(Box::new(Self {
            sha256: Some(sha256.collect()),
            ..definition
        })))
    }
}

#[cfg(test)]
mod tests;
