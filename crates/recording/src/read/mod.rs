//! Finding and opening recordings.

pub(crate) mod in_flight;
pub(crate) mod integrity;
pub(crate) mod journal;
pub(crate) mod rows;

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path as FilePath, PathBuf};

use crate::encoding::catch_panic::guarded;
use crate::format::error::OpenError;
use crate::format::layout::{
    JOURNAL_FOLDER, LOCK_FILE, MANIFEST_FILE, Table, is_earlier_open_name, is_open_name,
    is_part_name, part_of_journal, place_of,
};
use crate::format::manifest::{Manifest, PartRecord, State};
use crate::read::integrity::DamagedPart;
use crate::read::journal::Unsealed;

/// A recording on disk, opened for reading. Nothing in it is ever changed by this type.
#[derive(Debug, Clone)]
pub struct Recording {
    folder: PathBuf,
    manifest: Manifest,
}

impl Recording {
    /// Opens the recording in `folder`.
    ///
    /// # Errors
    /// [`OpenError`]: no such folder, an empty one, one without a manifest, or a manifest that can't be read or that names files
    /// outside of the recording.
    pub fn open(folder: &FilePath) -> Result<Self, OpenError> {
        if !folder.is_dir() {
            return Err(OpenError::NoFolder(folder.to_path_buf()));
        }
        if folder.join(MANIFEST_FILE).symlink_metadata().is_err() {
            let mut entries = fs::read_dir(folder).map_err(OpenError::io(folder))?;
            return Err(match entries.next() {
                None => OpenError::Empty(folder.to_path_buf()),
                Some(_) => OpenError::NoManifest(folder.to_path_buf()),
            });
        }
        let path = integrity::manifest(folder, folder.join(MANIFEST_FILE))?;
        let manifest = Manifest::read(folder)?;
        let mut files = manifest.parts.iter().map(|part| &part.file);
        if let Some(file) = files.find(|file| !integrity::is_file_of_a_table(file)) {
            let reason =
                format!("it names the part {file:?}, which is no file of a table's folder");
            return Err(OpenError::BadManifest { path, reason });
        }
        Ok(Self {
            folder: folder.to_path_buf(),
            manifest,
        })
    }

    /// The recording's folder.
    #[must_use]
    pub fn folder(&self) -> &FilePath {
        &self.folder
    }

    /// The manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The sealed parts of a table, each of them whole, in the order of their names.
    ///
    /// Parts that the manifest names have the size and the SHA-256 that it states. While the recording's state is `recording`,
    /// a sealed part that the manifest does not name counts too: its recorder died between the two steps. Otherwise a file that
    /// is not named does not belong to the recording, such as a copy. A part that is named twice counts once. One that is missing or damaged,
    /// and whose journal has every row of it, is not among them: [`Self::unsealed`] has those.
    ///
    /// # Errors
    /// [`OpenError::MissingPart`] where the manifest names a part that is not there, [`OpenError::DamagedPart`] where one
    /// differs from what the manifest states, or is no whole Parquet file of the recording's own folder.
    pub fn parts(&self, table: Table) -> Result<Vec<PathBuf>, OpenError> {
        let mut parts = Vec::new();
        for (file, record) in self.listed(table)? {
            match integrity::part(&self.folder, &file, record, &mut |_| ()) {
                Ok(_) => parts.push(self.folder.join(file)),
                Err(_) if self.missing_rows(table, &file, record)? == Some(0) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(parts)
    }

    /// [`Self::parts`] for a reader that looks at each part's SHA-256 as it reads it ([`PartRecord::is_of`]): all have the size that the
    /// manifest states, and a footer. Each with what the manifest states of it.
    ///
    /// # Errors
    /// As [`Self::parts`], and also where a part that is missing or damaged could be read from its journal.
    pub fn parts_to_verify(
        &self,
        table: Table,
    ) -> Result<Vec<(PathBuf, Option<PartRecord>)>, OpenError> {
        let part = |(file, record): (String, Option<&PartRecord>)| {
            integrity::part_but_for_its_sum(&self.folder, &file, record)?;
            Ok((self.folder.join(file), record.cloned()))
        };
        self.listed(table)?.into_iter().map(part).collect()
    }

    /// [`Self::parts`] for a reader that goes on without damaged ones: the whole parts, and the damaged ones, with the rows that
    /// are not in their journals either.
    ///
    /// # Errors
    /// [`OpenError::Io`] where a folder can't be listed.
    pub fn whole_parts(&self, table: Table) -> Result<(Vec<PathBuf>, Vec<DamagedPart>), OpenError> {
        let (mut whole, mut damaged) = (Vec::new(), Vec::new());
        for (file, record) in self.listed(table)? {
            match integrity::part(&self.folder, &file, record, &mut |_| ()) {
                Ok(_) => whole.push(self.folder.join(file)),
                Err(error) => match self.missing_rows(table, &file, record)? {
                    Some(0) => {}
                    rows => damaged.push(DamagedPart::new(&file, error, rows)),
                },
            }
        }
        Ok((whole, damaged))
    }

    /// The rows of a damaged part that its journal does not have either; `None` where the manifest does not state its rows.
    pub(crate) fn missing_rows(
        &self,
        table: Table,
        file: &str,
        record: Option<&PartRecord>,
    ) -> Result<Option<u64>, OpenError> {
        let Some(record) = record else {
            return Ok(None);
        };
        let mut in_journal = 0;
        for (journal, part) in self.journals(table)? {
            if format!("{}/{part}", table.as_str()) == file {
                let unsealed = self.read_journal(table, &journal, part);
                // A journal that can't be read either has nothing.
                in_journal = unsealed.map_or(0, |unsealed| in_place_of(unsealed, record).rows);
            }
        }
        Ok(Some(record.rows.saturating_sub(in_journal)))
    }

    /// The parts of a table that count, unchecked, with their records in the manifest, in the order of their names.
    fn listed(&self, table: Table) -> Result<BTreeMap<String, Option<&PartRecord>>, OpenError> {
        let mut listed = BTreeMap::new();
        for part in &self.manifest.parts {
            if is_of(table, &part.file) {
                listed.entry(part.file.clone()).or_insert(Some(part));
            }
        }
        if self.manifest.state == State::Recording {
            let journals = self.journals(table)?;
            for path in sealed_files(&self.folder, table)? {
                let file = integrity::relative(table, &path);
                // Half a file has no rows, and its journal has them all.
                let has_journal = journals
                    .iter()
                    .any(|(_, part)| path.file_name().is_some_and(|name| *name == **part));
                if !listed.contains_key(&file) && (!has_journal || self.is_whole(&file)) {
                    listed.insert(file, None);
                }
            }
        }
        Ok(listed)
    }

    /// The rows that the journals of a table have of parts that were never sealed, in the order of their names: of a recording in
    /// progress, or of one whose recorder was killed. Those of a part that the manifest names and that is missing or damaged too.
    ///
    /// # Errors
    /// [`OpenError::Io`] where a journal can't be read, [`OpenError::DamagedPart`] where its bytes make the decoder fail. One
    /// that is cut off gives its complete batches.
    pub fn unsealed(&self, table: Table) -> Result<Vec<Unsealed>, OpenError> {
        let (unsealed, mut damaged) = self.whole_journals(table)?;
        match damaged.pop() {
            Some(damaged) => Err(damaged.into_error(&self.folder)),
            None => Ok(unsealed),
        }
    }

    /// [`Self::unsealed`] for a reader that goes on without journals that can't be read.
    ///
    /// # Errors
    /// [`OpenError::Io`] where the folder can't be listed.
    pub fn whole_journals(
        &self,
        table: Table,
    ) -> Result<(Vec<Unsealed>, Vec<DamagedPart>), OpenError> {
        let (mut whole, mut damaged) = (Vec::new(), Vec::new());
        for (journal, part) in self.journals(table)? {
            // Sealed and counted, and its recorder died before it removed the journal.
            if self.is_counted(table, &part) {
                continue;
            }
            let name = journal.file_name().unwrap_or_default().to_string_lossy();
            let file = format!("{JOURNAL_FOLDER}/{name}");
            let record = self.record_of(table, &part);
            match self.read_journal(table, &journal, part) {
                Ok(unsealed) => whole.push(match record {
                    Some(record) => in_place_of(unsealed, record),
                    None => unsealed,
                }),
                // Sealed since the folder was listed.
                Err(OpenError::MissingPart(_)) => {}
                Err(OpenError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
                Err(error) => damaged.push(DamagedPart::new(&file, error, None)),
            }
        }
        whole.sort_by(|a, b| a.part.cmp(&b.part));
        self.leave_out_refused(table, &mut whole)?;
        Ok((whole, damaged))
    }

    /// A batch without a checksum, in the journal of a part that its recorder had given up, was refused by the disk, which kept it all
    /// the same. The recorder wrote it again at the start of the next part: where a later part has rows, it is there twice.
    fn leave_out_refused(&self, table: Table, journals: &mut [Unsealed]) -> Result<(), OpenError> {
        if !journals.iter().any(Unsealed::may_be_refused) {
            return Ok(());
        }
        let parts = self.listed(table)?.into_keys();
        let mut later: Vec<String> = parts
            .filter_map(|file| Some(file.split_once('/')?.1.to_owned()))
            .collect();
        let with_rows = journals.iter().filter(|journal| journal.rows > 0);
        later.extend(with_rows.map(|journal| journal.part.clone()));
        for journal in journals {
            let is_after = |part: &String| match (place_of(&journal.part), place_of(part)) {
                (Some((stem, number)), Some((other, later))) => stem == other && number < later,
                _ => false,
            };
            if later.iter().any(is_after) {
                journal.leave_out_refused();
            }
        }
        Ok(())
    }

    pub(crate) fn read_journal(
        &self,
        table: Table,
        journal: &FilePath,
        part: String,
    ) -> Result<Unsealed, OpenError> {
        integrity::plain_file(&self.folder, journal)?;
        guarded(|| journal::read(table, journal.to_path_buf(), part)).unwrap_or_else(|panicked| {
            Err(OpenError::DamagedPart {
                path: journal.to_path_buf(),
                reason: panicked.to_string(),
            })
        })
    }

    /// True while a process on this machine records or recovers the recording: it holds the lock. Nothing is written to find that out.
    #[must_use]
    pub fn is_being_written(&self) -> bool {
        let path = self.folder.join(JOURNAL_FOLDER).join(LOCK_FILE);
        let lock = integrity::plain_file(&self.folder, &path)
            .and_then(|()| File::open(&path).map_err(OpenError::io(&path)));
        lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// True for a part that [`Self::parts`] gives.
    fn is_counted(&self, table: Table, part: &str) -> bool {
        let file = format!("{}/{part}", table.as_str());
        match self.record_of(table, part) {
            None => self.manifest.state == State::Recording && self.is_whole(&file),
            record => integrity::part(&self.folder, &file, record, &mut |_| ()).is_ok(),
        }
    }

    /// The manifest's record of a part of this name.
    fn record_of(&self, table: Table, part: &str) -> Option<&PartRecord> {
        let file = format!("{}/{part}", table.as_str());
        self.manifest.parts.iter().find(|named| named.file == file)
    }

    /// True for a whole Parquet file of the recording's folder.
    pub(crate) fn is_whole(&self, file: &str) -> bool {
        integrity::part(&self.folder, file, None, &mut |_| ()).is_ok()
    }

    /// The journals of a table, each with the name of its part.
    pub(crate) fn journals(&self, table: Table) -> Result<Vec<(PathBuf, String)>, OpenError> {
        let journals = files(&self.folder.join(JOURNAL_FOLDER))?;
        let part = |journal: PathBuf| {
            let part = part_of_journal(table, &journal.file_name()?.to_string_lossy())?;
            Some((journal, part))
        };
        Ok(journals.into_iter().filter_map(part).collect())
    }
}

/// A journal in the place of a part that the manifest names. It has no more rows than the part had: what is behind them was refused by
/// the disk, and is in a later part.
fn in_place_of(mut journal: Unsealed, record: &PartRecord) -> Unsealed {
    if journal.rows > record.rows {
        journal.leave_out_refused();
    }
    journal.in_place_of = Some(record.rows);
    journal
}

/// True for a part of this table.
fn is_of(table: Table, file: &str) -> bool {
    let name = file.strip_prefix(table.as_str());
    name.is_some_and(|name| name.starts_with('/'))
}

/// Files of a table's folder that are named as sealed parts.
pub(crate) fn sealed_files(recording: &FilePath, table: Table) -> Result<Vec<PathBuf>, OpenError> {
    let mut files = files(&recording.join(table.as_str()))?;
    files.retain(|path| {
        let name = path.file_name().unwrap_or_default();
        is_part_name(table, &name.to_string_lossy())
    });
    Ok(files)
}

/// Files with the name of an open part of the table, also where earlier versions put them.
pub(crate) fn open_files(recording: &FilePath, table: Table) -> Result<Vec<PathBuf>, OpenError> {
    let named = |path: &PathBuf, is_open: fn(Table, &str) -> bool| {
        let name = path.file_name().unwrap_or_default();
        is_open(table, &name.to_string_lossy())
    };
    let mut open = files(recording)?;
    open.retain(|path| named(path, is_open_name));
    let mut earlier = files(&recording.join(table.as_str()))?;
    earlier.retain(|path| named(path, is_earlier_open_name));
    open.append(&mut earlier);
    Ok(open)
}

/// The entries of a folder; none where there is no folder.
fn files(folder: &FilePath) -> Result<Vec<PathBuf>, OpenError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(OpenError::io(folder))?,
    };
    let mut files = Vec::new();
    for entry in entries {
        files.push(entry.map_err(OpenError::io(folder))?.path());
    }
    Ok(files)
}

/// The recordings below `root`, in the order of their paths: `RUN`, and `HOST/RUN` as a fleet's folder has them; `root` itself
/// where it is one. Other folders, and those that can't be listed, are passed over; the folder of a recording is not searched.
///
/// # Errors
/// [`OpenError::NoFolder`] or [`OpenError::Io`] where `root` can't be listed.
pub fn find(root: &FilePath) -> Result<Vec<PathBuf>, OpenError> {
    if !root.is_dir() {
        return Err(OpenError::NoFolder(root.to_path_buf()));
    }
    let is_recording = |folder: &PathBuf| folder.join(MANIFEST_FILE).is_file();
    if is_recording(&root.to_path_buf()) {
        return Ok(vec![root.to_path_buf()]);
    }
    let (mut found, others): (Vec<_>, Vec<_>) = files(root)?.into_iter().partition(is_recording);
    for host in others.iter().filter(|other| other.is_dir()) {
        found.extend(
            files(host)
                .unwrap_or_default()
                .into_iter()
                .filter(is_recording),
        );
    }
    found.sort();
    Ok(found)
}
