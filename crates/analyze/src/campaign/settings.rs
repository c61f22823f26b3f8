//! The settings in which recordings differ: those of one set, and two sets.
//!
//! What is another one in each recording, however it was set, is no setting: its id, its seed, a port that was free, a folder.

use std::collections::{BTreeMap, BTreeSet};

use recording::{Endpoint, Server};
use serde::Serialize;
use serde_json::Value;

use crate::summary::{RecordingSummary, Summary};

/// What a summary says of a recording that is no setting: its name, and what came of it.
const NO_SETTINGS: [&str; 23] = [
    "run_id",
    "seed",
    "state",
    "progress",
    "start_time",
    "duration_us",
    "endpoints",
    "servers",
    "dropped_rows",
    "write_failures",
    "journal_rows",
    "unread_bytes",
    "damaged_bytes",
    "damaged_parts",
    "left_out",
    "is_partial",
    "schedule_lag",
    "not_begun",
    "clock_drift_us",
    "clock_offsets",
    "clock",
    "part.recording_start_time",
    "part.recording_duration_us",
];

/// A setting that differs between the sets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Setting {
    /// As the manifest has it, with dots: `timeouts.connect_us`.
    pub name: String,
    /// Its values in the one set; more than one where it varies within it.
    pub base: Vec<SettingValue>,
    pub new: Vec<SettingValue>,
}

/// A value of a setting.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SettingValue {
    /// Null where a recording does not have it.
    pub value: Value,
    /// How many recordings have it.
    pub recordings: usize,
}

/// A setting of several recordings that is not the same in all.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VaryingSetting {
    /// As the manifest has it, with dots.
    pub name: String,
    pub values: Vec<SettingValue>,
}

/// Settings of the recordings of one set: how often each value of each.
type Values = BTreeMap<String, BTreeMap<String, SettingValue>>;

/// Every setting that is not the same in all recordings, labels first. Their hosts are no such setting: the recordings are of a fleet.
pub(super) fn varying(summaries: &[Summary]) -> Vec<VaryingSetting> {
    let names: BTreeSet<String> = summaries
        .iter()
        .flat_map(|summary| of(summary).into_keys())
        .filter(|name| name != "host")
        .collect();
    let values = values(summaries, &names);
    let varying = values.into_iter().filter(|(_, values)| values.len() > 1);
    let setting = |(name, values): (String, BTreeMap<String, SettingValue>)| VaryingSetting {
        name,
        values: values.into_values().collect(),
    };
    let mut found: Vec<VaryingSetting> = varying.map(setting).collect();
    found.sort_by_key(|setting| !setting.name.starts_with("labels."));
    found
}

/// Every setting of which the sets do not have the same values, labels first.
pub(crate) fn differing(base: &[Summary], new: &[Summary]) -> Vec<Setting> {
    let names: BTreeSet<String> = base
        .iter()
        .chain(new)
        .flat_map(|summary| of(summary).into_keys())
        .collect();
    let (base, new) = (values(base, &names), values(new, &names));
    let setting = |name: String| {
        let (own, others) = (base.get(&name)?, new.get(&name)?);
        // As often is not asked: the sets may be of different sizes.
        if own.keys().eq(others.keys()) {
            return None;
        }
        let listed = |values: &BTreeMap<String, SettingValue>| values.values().cloned().collect();
        Some(Setting {
            base: listed(own),
            new: listed(others),
            name,
        })
    };
    let mut found: Vec<Setting> = names.into_iter().filter_map(setting).collect();
    let is_late = |setting: &Setting| {
        // What differs by chance comes last.
        (setting.name == "host", !setting.name.starts_with("labels."))
    };
    found.sort_by_key(is_late);
    found
}

fn values(summaries: &[Summary], names: &BTreeSet<String>) -> Values {
    let mut values = Values::new();
    for summary in summaries {
        let settings = of(summary);
        for name in names {
            let value = settings.get(name).cloned().unwrap_or(Value::Null);
            let of_setting = values.entry(name.clone()).or_default();
            let entry = of_setting.entry(value.to_string()).or_insert(SettingValue {
                value,
                recordings: 0,
            });
            entry.recordings += 1;
        }
    }
    values
}

/// Each setting of a recording by its name.
fn of(summary: &Summary) -> BTreeMap<String, Value> {
    let recording = &summary.recording;
    let mut settings = BTreeMap::new();
    // What can't be written as JSON is no setting: every field of it can.
    if let Ok(Value::Object(fields)) = serde_json::to_value(recording) {
        let fields = fields
            .into_iter()
            .filter(|(name, _)| !NO_SETTINGS.contains(&name.as_str()));
        fields.for_each(|(name, value)| flatten(name, value, &mut settings));
    }
    settings.retain(|name, _| !NO_SETTINGS.contains(&name.as_str()));
    for name in ["failover.command", "failover.heal_command"] {
        if let Some(Value::String(command)) = settings.get_mut(name) {
            *command = without_folders(command);
        }
    }
    add_endpoints(recording, &mut settings);
    add_servers(recording, &mut settings);
    settings
}

fn flatten(name: String, value: Value, settings: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                flatten(format!("{name}.{field}"), value, settings);
            }
        }
        value => drop(settings.insert(name, value)),
    }
}

/// A command with its paths cut to what they lead to; a folder, which has no ending, is only that. The program keeps its name.
fn without_folders(command: &str) -> String {
    let short = |(index, word): (usize, &str)| {
        let (option, path) = match word.split_once('=') {
            Some((option, path)) if path.starts_with('/') => (format!("{option}="), path),
            _ => (String::new(), word),
        };
        let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or("");
        match path.starts_with('/') {
            true if index == 0 || name.contains('.') => format!("{option}{name}"),
            true => format!("{option}\u{2026}"),
            false => word.to_owned(),
        }
    };
    let words: Vec<String> = command.split(' ').enumerate().map(short).collect();
    words.join(" ")
}

/// True of a host on which a port is whichever was free: loopback, and names that are kept for tests.
fn has_random_port(host: &str) -> bool {
    let is_loopback = host
        .parse::<std::net::IpAddr>()
        .is_ok_and(|address| address.is_loopback());
    is_loopback || host == "localhost" || host.ends_with(".test")
}

/// By path, and apart for the endpoint of its reads.
fn add_endpoints(recording: &RecordingSummary, settings: &mut BTreeMap<String, Value>) {
    for endpoint in &recording.endpoints {
        let Endpoint { path, reader, .. } = endpoint;
        let name = match reader {
            false => format!("endpoints.{path}"),
            true => format!("endpoints.{path}.reader"),
        };
        let hosts: Vec<String> = endpoint
            .hosts()
            .map(|(host, port)| match has_random_port(host) {
                true => host.to_owned(),
                false => format!("{host}:{port}"),
            })
            .collect();
        settings.insert(format!("{name}.hosts"), hosts.join(",").into());
        let target = endpoint.target_session_attrs.clone();
        for (field, value) in [
            ("database", Some(endpoint.database.clone())),
            ("user", Some(endpoint.user.clone())),
            ("sslmode", Some(endpoint.sslmode.clone())),
            ("target_session_attrs", target),
        ] {
            settings.insert(format!("{name}.{field}"), value.into());
        }
    }
}

/// The versions that answered on each path: addresses and times are what came of a run, not how it was set.
fn add_servers(recording: &RecordingSummary, settings: &mut BTreeMap<String, Value>) {
    let mut versions: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for Server { path, version, .. } in &recording.servers {
        let name = format!("servers.{path}.version");
        versions.entry(name).or_default().extend(version.as_deref());
    }
    for (name, versions) in versions {
        let versions: Vec<&str> = versions.into_iter().collect();
        settings.insert(name, versions.join(", ").into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_no_part_of_a_command() {
        for (command, short) in [
            (
                "/tmp/bin/lab failover --dir /tmp/lab-a6/ --dns-after 6s",
                "lab failover --dir \u{2026} --dns-after 6s",
            ),
            (
                "bash /opt/a/failover.sh --to=/srv/b",
                "bash failover.sh --to=\u{2026}",
            ),
            (
                "aws rds failover-db-cluster --db x",
                "aws rds failover-db-cluster --db x",
            ),
            ("", ""),
        ] {
            assert_eq!(without_folders(command), short);
        }
    }

    #[test]
    fn a_port_is_a_setting_where_it_is_not_whichever_was_free() {
        for host in ["127.0.0.3", "::1", "localhost", "writer.lab.test"] {
            assert!(has_random_port(host), "{host}");
        }
        for host in ["10.0.0.7", "shop.cluster-abc.rds.amazonaws.com", "pgtest"] {
            assert!(!has_random_port(host), "{host}");
        }
    }
}
