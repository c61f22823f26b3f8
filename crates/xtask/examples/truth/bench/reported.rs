//! What `analyze` reports of a recording.

use std::path::Path as FilePath;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use recording::Timestamp;
use serde_json::Value;

use super::lanes::Lane;
use super::samples::{Outage, Span};

/// The report's figures.
pub(crate) struct Report(Value);

impl Report {
    /// Runs `analyze report --json`.
    pub(crate) fn of(recording: &FilePath, programs: &FilePath) -> Result<Self> {
        let output = Command::new(programs.join("analyze"))
            .arg("report")
            .arg(recording)
            .arg("--json")
            .stdin(Stdio::null())
            .output()
            .context("analyze")?;
        if !output.status.success() {
            let stderr = String::from_utf8_lossy(&output.stderr);
            bail!("analyze report {}: {stderr}", recording.display());
        }
        let figures = serde_json::from_slice(&output.stdout).context("analyze report --json")?;
        Ok(Self(figures))
    }

    /// From the recording's start to its end.
    pub(crate) fn span(&self) -> Result<Span> {
        let recording = &self.0["recording"];
        let start_us = time(&recording["start_time"])?;
        Ok(Span {
            start_us,
            end_us: start_us + whole(&recording["duration_us"])?,
        })
    }

    /// The outages of a group; empty where it had none.
    pub(crate) fn outages(&self, lane: Lane) -> Result<Vec<Outage>> {
        let group = self.group(lane)?;
        let outages = group["outages"].as_array().context("outages")?;
        outages.iter().map(reported).collect()
    }

    /// The outages of the service itself, of the group's kind; an error where the recording has no availability probes.
    pub(crate) fn service_outages(&self, lane: Lane) -> Result<Vec<ServiceOutage>> {
        let outages = self.group(lane)?["service"]["outages"].as_array();
        let outages = outages.with_context(|| format!("{lane}: no service downtime"))?;
        let outage = |outage: &Value| {
            Ok(ServiceOutage {
                outage: reported(outage)?,
                paused_us: whole(&outage["paused_us"])?,
            })
        };
        outages.iter().map(outage).collect()
    }

    /// Where the report has no data of a group.
    pub(crate) fn unobserved(&self, lane: Lane) -> Result<Vec<Span>> {
        let spans = self.group(lane)?["unobserved_spans"].as_array();
        let spans = spans.context("unobserved spans")?;
        spans.iter().map(span).collect()
    }

    /// When the recorder was stopped, or had no processor.
    pub(crate) fn pauses(&self) -> Result<Vec<Span>> {
        let pauses = self.0["pauses"].as_array().context("pauses")?;
        pauses.iter().map(span).collect()
    }

    fn group(&self, lane: Lane) -> Result<&Value> {
        self.named(lane.path.as_str(), lane.group.as_str())
    }

    fn named(&self, path: &str, group: &str) -> Result<&Value> {
        let of = |list: &'_ Value, key: &str, name: &str| {
            let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
            list.iter().position(|value| value[key] == name)
        };
        let paths = &self.0["paths"];
        let path_at = of(paths, "path", path).with_context(|| format!("no path {path}"))?;
        let groups = &paths[path_at]["groups"];
        let group_at = of(groups, "group", group).with_context(|| format!("no group {group}"))?;
        Ok(&groups[group_at])
    }
}

/// A reported outage of the service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ServiceOutage {
    pub(crate) outage: Outage,
    /// Pauses of the recorder in it: they are in its resolution.
    pub(crate) paused_us: i64,
}

fn reported(outage: &Value) -> Result<Outage> {
    Ok(Outage {
        span: span(outage)?,
        resolution_us: whole(&outage["resolution_us"])?,
        evidence: whole(&outage["evidence"])?.try_into().unwrap_or(0),
    })
}

fn span(value: &Value) -> Result<Span> {
    Ok(Span {
        start_us: time(&value["start"])?,
        end_us: time(&value["end"])?,
    })
}

fn time(value: &Value) -> Result<i64> {
    let text = value.as_str().context("the report's time is not text")?;
    let time: Timestamp = text
        .parse()
        .map_err(|_| anyhow::anyhow!("{text} is not a time"))?;
    Ok(time.micros())
}

fn whole(value: &Value) -> Result<i64> {
    value
        .as_i64()
        .with_context(|| format!("{value} is not a whole number"))
}
