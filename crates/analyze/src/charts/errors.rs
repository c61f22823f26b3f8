//! Failures by error class over time.

use command_line::text::thousands;
use recording::vocabulary::ErrorClass;

use crate::charts::axis::RateAxis;
use crate::charts::drawing::scene::{Area, Scene, Sign};
use crate::charts::drawing::theme::Palette;
use crate::charts::frame::{self, TimePanel, box_sign};
use crate::charts::headline;
use crate::charts::moments;
use crate::summary::Summary;
use crate::summary::series::{PathSeries, Series};

/// So many classes have a colour of their own; the others are one.
const CLASSES: usize = 8;
/// The fewest failures must be seen, points.
const LOWEST: f64 = 1.5;
/// Bars at least this wide stand a point apart, points.
const WIDE_BAR: f64 = 6.0;
/// An axis reaches this many failures at least.
const FEWEST: u64 = 5;

pub(super) fn is_empty(series: &Series) -> bool {
    let mut paths = series.paths.iter();
    paths.all(|path| path.errors_over_time.is_empty())
}

pub(super) fn draw(scene: &mut Scene<'_>, summary: &Summary, series: &Series) {
    let words = scene.words();
    let bucket_us = series.paths.iter().map(|path| path.error_bucket_us).max();
    let bucket = words.round_duration(bucket_us.unwrap_or(1_000_000));
    let note = (words.errors_note)(&bucket);
    let mut top = frame::header(scene, words.errors, &note, summary);
    let classes = Classes::of(series);
    let most = series.paths.iter().flat_map(totals).max().unwrap_or(0);
    let height = match series.paths.len() {
        1 => 380.0,
        _ => 268.0,
    };
    for (index, path) in series.paths.iter().enumerate() {
        let from = scene.len();
        let mut panel = TimePanel::new(series, top, height);
        let axis = RateAxis::new(most.max(FEWEST) as f64, panel.plot.bottom, panel.plot.top);
        let outages = headline::outages(summary, series, path);
        panel.background(scene, (&outages, &series.pauses), &axis.ticks());
        classes.draw(scene, (path, series), &panel, &axis);
        panel.foreground(scene, series, path, &outages);
        let mut entries = classes.entries(scene, path);
        if !outages.spans.is_empty() {
            entries.push(frame::outages_entry(words, &outages));
        }
        entries.extend(moments::triggers_entry(words, series));
        entries.extend(moments::legend_entry(words, path));
        entries.extend(frame::pauses_entry(
            words,
            series,
            scene.theme().paused_band,
        ));
        let values = (words.errors_axis)(&bucket);
        panel.heading(scene, (&path.path, &values), entries, from);
        if index + 1 == series.paths.len() {
            panel.below(scene, series);
        }
        top = panel.plot.bottom + 16.0;
    }
}

/// The failures of each bucket, whatever their class.
fn totals(path: &PathSeries) -> Vec<u64> {
    let buckets = path.errors_over_time.iter().map(|class| class.counts.len());
    let total = |bucket: usize| {
        let counts = path.errors_over_time.iter();
        counts.filter_map(|class| class.counts.get(bucket)).sum()
    };
    (0..buckets.max().unwrap_or(0)).map(total).collect()
}

/// The classes that outages have most often: each has the same colour in every recording.
const USUAL: [ErrorClass; CLASSES] = [
    ErrorClass::ReadOnly,
    ErrorClass::Refused,
    ErrorClass::ConnectionLost,
    ErrorClass::StartingOrStopping,
    ErrorClass::Proxy,
    ErrorClass::OperationTimeout,
    ErrorClass::PoolTimeout,
    ErrorClass::Unreachable,
];

/// The classes of all paths, the most frequent first: a class has the same colour on each.
struct Classes(Vec<String>);

impl Classes {
    fn of(series: &Series) -> Self {
        let mut classes: Vec<(String, u64)> = Vec::new();
        for class in series.paths.iter().flat_map(|path| &path.errors_over_time) {
            let count: u64 = class.counts.iter().sum();
            match classes.iter_mut().find(|(name, _)| *name == class.class) {
                Some((_, all)) => *all += count,
                None => classes.push((class.class.clone(), count)),
            }
        }
        classes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        Self(classes.into_iter().map(|(name, _)| name).collect())
    }

    /// Which colour a class has; those without one have the last.
    fn rank(&self, class: &str) -> usize {
        let rank = self.0.iter().position(|known| known == class);
        rank.map_or(CLASSES, |rank| rank.min(CLASSES))
    }

    /// The failures of a path by rank, in each bucket.
    fn stacked(&self, path: &PathSeries) -> Vec<[u64; CLASSES + 1]> {
        let mut stacks = vec![[0; CLASSES + 1]; totals(path).len()];
        for class in &path.errors_over_time {
            let rank = self.rank(&class.class);
            for (stack, count) in stacks.iter_mut().zip(&class.counts) {
                stack[rank] += count;
            }
        }
        stacks
    }

    fn draw(
        &self,
        scene: &mut Scene<'_>,
        (path, series): (&PathSeries, &Series),
        panel: &TimePanel,
        axis: &RateAxis,
    ) {
        let theme = scene.theme();
        for (bucket, stack) in self.stacked(path).into_iter().enumerate() {
            let start_us = series.start_us + bucket as i64 * path.error_bucket_us;
            let left = panel.time.at(start_us);
            let mut right = panel.time.at(start_us + path.error_bucket_us);
            if right - left >= WIDE_BAR {
                right -= 1.0;
            }
            let (mut below, mut bottom) = (0, axis.at(0.0));
            for (rank, count) in stack
                .into_iter()
                .enumerate()
                .filter(|(_, count)| *count > 0)
            {
                below += count;
                let top = axis.at(below as f64).min(bottom - LOWEST);
                scene.rectangle(Area::new(left, top, right, bottom), self.color(theme, rank));
                bottom = top;
            }
        }
    }

    /// The classes of a path with their counts.
    fn entries(&self, scene: &Scene<'_>, path: &PathSeries) -> Vec<(Sign, String)> {
        let (theme, words) = (scene.theme(), scene.words());
        let stacks = self.stacked(path);
        let others = self.0.len().saturating_sub(CLASSES);
        let name = |rank: usize| match self.0.get(rank) {
            Some(name) if rank < CLASSES => name.clone(),
            _ => (words.other_classes)(&others.to_string()),
        };
        let entry = |rank: usize| {
            let count: u64 = stacks.iter().map(|stack| stack[rank]).sum();
            let text = format!("{} × {}", thousands(count), name(rank));
            (count > 0).then(|| (box_sign(self.color(theme, rank)), text))
        };
        (0..=CLASSES).filter_map(entry).collect()
    }
}

impl Classes {
    /// That of a usual class is its own; the others have what is left.
    fn color(&self, theme: &Palette, rank: usize) -> plotters::style::RGBAColor {
        let known = &self.0[..self.0.len().min(CLASSES)];
        let Some(class) = known.get(rank) else {
            return theme.other;
        };
        let own = |class: &String| USUAL.iter().position(|usual| usual.as_str() == class);
        let taken: Vec<usize> = known.iter().filter_map(own).collect();
        let unusual = known[..rank].iter().filter(|class| own(class).is_none());
        let mut left = (0..CLASSES).filter(|slot| !taken.contains(slot));
        let slot = own(class).or_else(|| left.nth(unusual.count()));
        slot.map_or(theme.other, |slot| theme.classes[slot])
    }
}
