//! The recordings of a folder, a line each: what they are, and their headline figures.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use recording::{Manifest, Mode, Timestamp};
use serde::Serialize;

use crate::summary::{
    AuditSummary, DEFINITIONS, Durability, Headline, PathSummary, RecordingProgress, Summary,
    Thresholds,
};

/// The recordings that were found.
#[derive(Debug, Clone, Serialize)]
pub struct Listing {
    /// The version of the definitions that the figures follow: [`DEFINITIONS`].
    pub definitions: u32,
    pub thresholds: Thresholds,
    pub recordings: Vec<Listed>,
}

/// A recording, or a folder that looks like one and can't be read.
#[derive(Debug, Clone, Serialize)]
pub struct Listed {
    /// Below the folder that was searched.
    pub folder: String,
    /// What its manifest says; absent where it can't be read.
    #[serde(flatten)]
    pub recorded: Option<Recorded>,
    /// What was found in it; absent where it can't be analyzed.
    #[serde(flatten)]
    pub found: Option<Found>,
    /// Why it can't be read or analyzed, in one line.
    pub error: Option<String>,
}

/// What a manifest says.
#[derive(Debug, Clone, Serialize)]
pub struct Recorded {
    /// Name of the recording.
    pub run_id: String,
    /// Label of the host that recorded.
    pub host: String,
    pub start_time: Timestamp,
    pub labels: BTreeMap<String, String>,
    pub mode: Mode,
}

/// What a recording shows.
#[derive(Debug, Clone, Serialize)]
pub struct Found {
    pub progress: RecordingProgress,
    /// How long it is, microseconds.
    pub duration_us: i64,
    pub failovers: usize,
    /// The headline of each path.
    pub paths: Vec<ListedPath>,
    pub audit: ListedAudit,
}

#[derive(Debug, Clone, Serialize)]
pub struct ListedPath {
    /// `direct` or `proxy`.
    pub path: String,
    /// The worse of `read` and `writer`; `None` where neither had an operation.
    pub headline: Option<Headline>,
}

/// What is known of the writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum ListedAudit {
    NotAudited,
    /// There is one, and it can't be used.
    Unusable,
    /// Acknowledged writes that are lost, and acknowledged purchases of which a part is.
    Audited {
        lost: u64,
    },
}

/// By what a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortBy {
    Date,
    Duration,
    Failovers,
    /// The longest headline of its paths.
    Downtime,
    /// Writes that are lost.
    Lost,
    Folder,
}

impl Recorded {
    #[must_use]
    pub fn new(manifest: &Manifest) -> Self {
        Self {
            run_id: manifest.run_id.clone(),
            host: manifest.host.clone(),
            start_time: manifest.start_time,
            labels: manifest.labels.clone(),
            mode: manifest.mode,
        }
    }
}

impl Found {
    #[must_use]
    pub fn new(summary: &Summary) -> Self {
        let path = |path: &PathSummary| ListedPath {
            path: path.path.clone(),
            headline: path.headline.clone(),
        };
        let durability = summary
            .paths
            .iter()
            .filter_map(|path| path.durability.as_ref());
        Self {
            progress: summary.recording.progress,
            duration_us: summary.recording.duration_us,
            failovers: summary.failovers.failovers.len(),
            paths: summary.paths.iter().map(path).collect(),
            audit: match summary.audit {
                AuditSummary::NotAudited => ListedAudit::NotAudited,
                AuditSummary::Unusable { .. } => ListedAudit::Unusable,
                AuditSummary::Audited(_) => ListedAudit::Audited {
                    lost: durability.map(Durability::not_durable).sum(),
                },
            },
        }
    }

    fn longest_us(&self) -> Option<i64> {
        let headlines = self.paths.iter().filter_map(|path| path.headline.as_ref());
        headlines.filter_map(|headline| headline.downtime_us).max()
    }
}

impl Listing {
    #[must_use]
    pub const fn new(recordings: Vec<Listed>, thresholds: Thresholds) -> Self {
        Self {
            definitions: DEFINITIONS,
            thresholds,
            recordings,
        }
    }

    /// Ascending, or the other way round. Recordings without what they are sorted by come last either way, by their folders.
    pub fn sort(&mut self, by: SortBy, is_reverse: bool) {
        self.recordings.sort_by(|a, b| {
            let order = match (a.key(by), b.key(by)) {
                (Some(a), Some(b)) if is_reverse => b.cmp(&a),
                (Some(a), Some(b)) => a.cmp(&b),
                (a, b) => a.is_none().cmp(&b.is_none()),
            };
            match (order, by, is_reverse) {
                (Ordering::Equal, SortBy::Folder, true) => b.folder.cmp(&a.folder),
                (Ordering::Equal, ..) => a.folder.cmp(&b.folder),
                (order, ..) => order,
            }
        });
    }
}

impl Listed {
    fn key(&self, by: SortBy) -> Option<i64> {
        let found = self.found.as_ref();
        match by {
            SortBy::Date => self
                .recorded
                .as_ref()
                .map(|recorded| recorded.start_time.micros()),
            SortBy::Duration => found.map(|found| found.duration_us),
            SortBy::Failovers => found.map(|found| found.failovers as i64),
            SortBy::Downtime => found?.longest_us(),
            SortBy::Lost => match found?.audit {
                ListedAudit::Audited { lost } => i64::try_from(lost).ok(),
                ListedAudit::NotAudited | ListedAudit::Unusable => None,
            },
            SortBy::Folder => Some(0),
        }
    }
}
