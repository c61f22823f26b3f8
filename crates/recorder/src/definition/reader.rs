//! A workload file that is being read, and where in it a mistake is.

use std::fmt::Display;
use std::ops::Range;

use toml::Spanned;

use crate::definition::error::{DefinitionError, line};

pub(super) struct Reader<'a> {
    /// Its name.
    pub(super) file: &'a str,
    pub(super) text: &'a str,
}

impl Reader<'_> {
    pub(super) fn error(&self, place: &Range<usize>, what: impl Into<String>) -> DefinitionError {
        DefinitionError::at(self.file, self.text, place, what.into())
    }

    /// File and line of what was written.
    pub(super) fn place<T>(&self, written: &Spanned<T>) -> String {
        format!("{}:{}", self.file, line(self.text, &written.span()))
    }

    /// An error at what was written.
    pub(super) fn refuse<T, R>(
        &self,
        written: &Spanned<T>,
        what: impl Display,
    ) -> Result<R, DefinitionError> {
        Err(self.error(&written.span(), what.to_string()))
    }
}
