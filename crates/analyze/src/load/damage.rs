//! Which path is hurt by what is left out as damaged.

use recording::vocabulary::Path;

use crate::error::AnalyzeError;
use crate::load::Loaded;

impl Loaded {
    /// What `figures` makes of the recording or, where its decoder fails and damage is allowed, of the files that can be decoded.
    pub(crate) fn as_far_as_it_decodes<T>(
        &self,
        figures: impl Fn(&Self) -> Result<T, AnalyzeError>,
    ) -> Result<T, AnalyzeError> {
        match figures(self) {
            // What is wrong is known best once every sum was looked at.
            Err(error)
                if self.has_unverified()
                    && (error.is_of_the_decoder() || matches!(error, AnalyzeError::OtherBytes)) =>
            {
                self.verified()?.as_far_as_it_decodes(figures)
            }
            Err(error) if error.is_of_the_decoder() => match self.without_undecodable()? {
                Some(rest) => figures(&rest),
                None => Err(error),
            },
            done => done,
        }
    }

    /// Bytes of journals of operations that had been complete batches.
    pub(crate) fn damaged_bytes(&self) -> u64 {
        let bytes = self.damaged_journals.iter().map(|(_, bytes)| *bytes);
        bytes.fold(0, u64::saturating_add)
    }

    /// True where rows are missing from journals of operations.
    pub(crate) fn has_damaged_journals(&self) -> bool {
        !self.damaged_journals.is_empty()
    }

    /// True where rows of the availability probes are missing: dropped, or damaged.
    pub(crate) fn lacks_availability(&self) -> bool {
        let table = recording::Table::Availability.as_str();
        let dropped = self.manifest().dropped_rows.get(table);
        // `availability/availability-00001.parquet`, `journal/availability.availability-00001.arrows`
        let of_table = |file: &str| {
            let name = file.strip_prefix("journal/").unwrap_or(file);
            name.starts_with(table)
        };
        self.lacks_availability
            || dropped.is_some_and(|rows| *rows > 0)
            || self.damaged.iter().any(|part| of_table(&part.file))
    }

    /// The recording as far as it concerns one path: without the damage of other paths' operations.
    pub(crate) fn without_damage_elsewhere(&self, path: Path) -> Self {
        let concerns = |file: &str| path_of_operations(file).is_none_or(|of| of == path);
        let mut rest = self.clone();
        rest.damaged.retain(|part| concerns(&part.file));
        rest.damaged_journals.retain(|(file, _)| concerns(file));
        rest
    }

    /// True where operations of the path are left out as damaged.
    pub(crate) fn is_damaged_on(&self, path: Path) -> bool {
        let parts = self.damaged.iter().map(|part| &part.file);
        let journals = self.damaged_journals.iter().map(|(file, _)| file);
        parts
            .chain(journals)
            .any(|file| path_of_operations(file) == Some(path))
    }
}

/// The path whose operations a file holds, by its name: `operations/direct-00001.parquet`,
/// `journal/operations.direct-00001.arrows`. `None` for a file of something else.
fn path_of_operations(file: &str) -> Option<Path> {
    let part = file
        .strip_prefix("operations/")
        .or_else(|| file.strip_prefix("journal/operations."))?;
    Path::parse(part.split_once('-')?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_files_say_whose_operations_they_hold() {
        for (file, path) in [
            ("operations/direct-00001.parquet", Some(Path::Direct)),
            ("operations/proxy-00002.parquet", Some(Path::Proxy)),
            ("journal/operations.proxy-00001.arrows", Some(Path::Proxy)),
            ("operations/later-00001.parquet", None),
            ("operations/direct", None),
            ("connections/connections-00001.parquet", None),
            ("journal/in_flight.arrows", None),
        ] {
            assert_eq!(path_of_operations(file), path, "{file}");
        }
    }
}
