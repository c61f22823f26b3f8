//! One page for a slide: how long each path was down, with the headline as its title.

use crate::charts::drawing::scene::{Align, Area, Scene};
use crate::charts::drawing::style::WIDTH;
use crate::charts::frame;
use crate::charts::headline;
use crate::charts::parts::whisker;
use crate::charts::seconds::SecondsAxis;
use crate::charts::words::ChartWords;
use crate::summary::{DowntimeDistribution, Group, GroupSummary, PathSummary, Summary};
use crate::text::figures::{Downtime, in_chart};

/// 16:9.
const HEIGHT: f64 = WIDTH * 9.0 / 16.0;
const LEFT: f64 = 48.0;
const RIGHT: f64 = WIDTH - 48.0;
/// Left edge of the bars.
const BARS: f64 = 240.0;

/// Sizes of the title: the largest in which it is one line.
const TITLES: [f64; 3] = [31.0, 29.0, 27.0];
/// From one line of the title to the next, in its size.
const TITLE_LINE: f64 = 1.3;
const NAME: f64 = 21.0;
const FIGURE: f64 = 18.0;
const NOTE: f64 = 13.5;

/// From one path to the next, at least and at most; from one group to the next in addition.
const PATHS: (f64, f64) = (62.0, 110.0);
const GROUP: f64 = 36.0;
/// Where the bars end.
const BARS_END: f64 = HEIGHT - 78.0;
/// Between the bar of the application and that of the service.
const BETWEEN: f64 = 3.0;

/// A row of the chart: a group on a path.
struct Row<'s> {
    path: &'s str,
    group: &'s GroupSummary,
}

impl Row<'_> {
    fn application(&self) -> Option<Downtime> {
        Downtime::of_group(self.group)
    }

    fn service(&self) -> Option<Option<Downtime>> {
        self.group.service.as_ref().map(Downtime::of_service)
    }
}

/// The rows of a group, path by path.
fn rows(summary: &Summary, group: Group) -> Vec<Row<'_>> {
    let row = |path: &'_ PathSummary| -> Option<(usize, usize)> {
        let of_path = summary
            .paths
            .iter()
            .position(|found| found.path == path.path)?;
        let of_group = path.groups.iter().position(|found| found.group == group)?;
        Some((of_path, of_group))
    };
    let found = summary.paths.iter().filter_map(row);
    found
        .map(|(path, group)| Row {
            path: &summary.paths[path].path,
            group: &summary.paths[path].groups[group],
        })
        .collect()
}

const GROUPS: [Group; 2] = [Group::Writer, Group::Read];

pub(super) fn is_empty(summary: &Summary) -> bool {
    GROUPS.iter().all(|group| rows(summary, *group).is_empty())
}

pub(super) fn draw(scene: &mut Scene<'_>, summary: &Summary) {
    let (theme, words) = (scene.theme(), scene.words());
    let title = title(words, summary);
    let mut y = draw_title(scene, &title);
    scene.set_label(title);
    let groups: Vec<(Group, Vec<Row<'_>>)> = GROUPS
        .into_iter()
        .map(|group| (group, rows(summary, group)))
        .filter(|(_, rows)| !rows.is_empty())
        .collect();
    let all: Vec<&Row<'_>> = groups.iter().flat_map(|(_, rows)| rows).collect();
    let axis = axis(scene, &all);
    y = draw_medians(scene, summary, y);
    let is_probed = all.iter().any(|row| row.service().is_some());
    if is_probed {
        key(scene, y, summary);
        y += 24.0;
    }
    let room = BARS_END - y - groups.len() as f64 * GROUP;
    let pitch = (room / all.len().max(1) as f64).clamp(PATHS.0, PATHS.1);
    // Few bars stand in the middle.
    y += ((room - pitch * all.len() as f64) / 3.0).max(0.0);
    for (group, rows) in &groups {
        let (at, name) = ((LEFT, y + 18.0), (words.subject)(*group));
        scene.text(at, name, NAME, Align::Left, theme.ink);
        y += GROUP - 6.0;
        for row in rows {
            draw_row(scene, row, &axis, (y, pitch, is_probed));
            y += pitch;
        }
        y += 6.0;
    }
    let caption = frame::caption(scene, &summary.recording.run_id, summary);
    let number = summary.failovers.failovers.len();
    let caption = match number {
        0 | 1 => caption,
        number => format!(
            "{} · {caption}",
            (words.several_failovers)(&number.to_string())
        ),
    };
    let note = match is_probed {
        true => format!("{} {}", words.overview_note, words.overview_service),
        false => words.overview_note.to_owned(),
    };
    for (text, y) in [(note, HEIGHT - 44.0), (caption, HEIGHT - 22.0)] {
        let text = scene.face().fit(&text, NOTE, RIGHT - LEFT);
        scene.text((LEFT, y), text, NOTE, Align::Left, theme.grey);
    }
    scene.set_height(HEIGHT);
}

/// Draws the title, and returns where it ends.
fn draw_title(scene: &mut Scene<'_>, title: &str) -> f64 {
    let room = RIGHT - LEFT;
    let fits = |size: &f64| scene.face().width(title, *size) <= room;
    let size = TITLES.into_iter().find(fits).unwrap_or(TITLES[1]);
    let mut y = 62.0;
    for line in title_lines(scene, title, size) {
        scene.text((LEFT, y), line, size, Align::Left, scene.theme().ink);
        y += size * TITLE_LINE;
    }
    y - 2.0
}

/// One line where there is room, else one per path, else as many as it takes.
fn title_lines(scene: &Scene<'_>, title: &str, size: f64) -> Vec<String> {
    let (face, room) = (scene.face(), RIGHT - LEFT);
    let by_path: Vec<String> = title.split_inclusive("; ").map(str::to_owned).collect();
    let fits = |line: &String| face.width(line, size) <= room;
    match face.width(title, size) > room && by_path.iter().all(fits) {
        true => by_path,
        false => face.wrap(title, size, room),
    }
}

/// Writes the medians of several failovers under the title, and returns where they end.
fn draw_medians(scene: &mut Scene<'_>, summary: &Summary, top: f64) -> f64 {
    let (theme, words) = (scene.theme(), scene.words());
    let medians = summary.failovers.downtime.iter().filter(|of| of.n > 1);
    let text = |of: &DowntimeDistribution| {
        let (name, n) = (
            (words.path_name)(&of.path),
            (words.median_of)(&of.n.to_string()),
        );
        let interval = of.interval.map_or_else(String::new, |interval| {
            let [low, high] = [interval.low_us, interval.high_us].map(|us| words.seconds(us));
            format!(", {}", (words.interval)(&low, &high))
        });
        let median = words.seconds(of.median_us);
        let median = match of.at_least {
            true => (words.at_least)(&median),
            false => median,
        };
        format!(
            "{name} {}, {n}: {median}{interval}",
            (words.subject)(of.group)
        )
    };
    let lines: Vec<(String, String)> = medians.map(|of| (of.path.clone(), text(of))).collect();
    let mut y = top;
    for (path, line) in lines {
        let line = scene.face().fit(&line, FIGURE, RIGHT - LEFT);
        scene.text(
            (LEFT, y - 6.0),
            line,
            FIGURE,
            Align::Left,
            theme.path_text(&path),
        );
        y += FIGURE * TITLE_LINE;
    }
    y
}

/// The headline as a sentence.
fn title(words: &ChartWords, summary: &Summary) -> String {
    if let [direct, proxy] = &summary.paths[..]
        && let (Some(of_direct), Some(of_proxy)) = (&direct.headline, &proxy.headline)
        && of_direct.group == of_proxy.group
        && [of_direct, of_proxy].iter().all(|headline| {
            headline.downtime_us.is_some_and(|us| us > 0) && headline.other_unobserved.is_none()
        })
        && [direct, proxy]
            .iter()
            .all(|path| headline::lost(words, path).is_empty())
    {
        let [direct, proxy] = [of_direct, of_proxy].map(|of| headline::downtime(words, of));
        let subject = (words.subject)(of_direct.group);
        return capitalized(&(words.overview_both)(subject, &direct, &proxy));
    }
    let alone = |path: &PathSummary| headline::alone(words, path);
    if summary
        .paths
        .iter()
        .all(|path| alone(path) == words.no_outage)
    {
        return capitalized(words.no_outage);
    }
    let of_path = |path: &PathSummary| {
        let name = (words.path_name)(&path.path);
        (words.overview_alone)(&name, &alone(path))
    };
    let paths: Vec<String> = summary.paths.iter().map(of_path).collect();
    capitalized(&paths.join("; "))
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|first| first.to_uppercase().chain(letters));
    first.map_or_else(String::new, Iterator::collect)
}

/// An axis on which the figure of the longest bar has room behind it.
fn axis(scene: &Scene<'_>, rows: &[&Row<'_>]) -> SecondsAxis {
    let words = scene.words();
    let downtimes = rows
        .iter()
        .flat_map(|row| [row.application(), row.service().flatten()]);
    let downtimes: Vec<Downtime> = downtimes.flatten().collect();
    let longest = downtimes.iter().map(|downtime| downtime.us).max();
    let widths = downtimes.iter().map(|downtime| {
        let text = in_chart(words.report, *downtime);
        scene.face().width(&text, FIGURE)
    });
    let right = RIGHT - widths.fold(0.0, f64::max) - 20.0;
    SecondsAxis::new((0, longest.unwrap_or(0).max(1_000_000)), BARS, right)
}

/// Says what the bars are.
fn key(scene: &mut Scene<'_>, baseline: f64, summary: &Summary) {
    let (theme, words) = (scene.theme(), scene.words());
    let mut x = BARS;
    for (text, share) in [(words.application, 1.0), (words.of_service, SHARE)] {
        for path in &summary.paths {
            let color = theme.tint(theme.path(&path.path), share);
            let sign = Area::new(x, baseline - 12.0, x + 13.0, baseline + 1.0);
            scene.rectangle(sign, color);
            x += 15.0;
        }
        x += 8.0;
        x += scene.text((x, baseline), text, FIGURE, Align::Left, theme.ink) + 34.0;
    }
}

/// How much of a path's colour the service's bar has.
const SHARE: f64 = 0.45;

/// Draws the bars of a path from `top` on, within `pitch`.
fn draw_row(
    scene: &mut Scene<'_>,
    row: &Row<'_>,
    axis: &SecondsAxis,
    (top, pitch, is_probed): (f64, f64, bool),
) {
    let (theme, words) = (scene.theme(), scene.words());
    let height = pitch * if is_probed { 0.46 } else { 0.6 };
    let name = (words.path_name)(row.path);
    let at = (BARS - 16.0, top + height / 2.0 + NAME * 0.36);
    scene.text(at, name, NAME, Align::Right, theme.path_text(row.path));
    let color = theme.path(row.path);
    let area = Area::new(BARS, top, BARS, top + height);
    bar(scene, row.application(), axis, area, color);
    if let Some(downtime) = row.service() {
        let top = area.bottom + BETWEEN;
        let area = Area::new(BARS, top, BARS, top + pitch * 0.32);
        bar(scene, downtime, axis, area, theme.tint(color, SHARE));
    }
}

/// Draws a downtime from the left edge of an area, its resolution at its end, and its figure behind it.
fn bar(
    scene: &mut Scene<'_>,
    downtime: Option<Downtime>,
    axis: &SecondsAxis,
    area: Area,
    color: plotters::style::RGBAColor,
) {
    let (theme, words) = (scene.theme(), scene.words());
    let middle = area.top.midpoint(area.bottom);
    scene.vertical(area.left, (area.top, area.bottom), 1.5, theme.frame);
    let mut right = area.left;
    if let Some(found) = downtime.filter(|downtime| downtime.us > 0) {
        right = axis.at(found.us);
        scene.rectangle(Area { right, ..area }, color);
        let from = axis.at((found.us - found.resolution_us).max(0));
        whisker(scene, (from, right), middle);
    }
    let text = match downtime {
        None => words.not_observed.to_owned(),
        Some(_) => in_chart(words.report, downtime),
    };
    let at = (right + 12.0, middle + FIGURE * 0.36);
    scene.text(at, text, FIGURE, Align::Left, theme.ink);
}
