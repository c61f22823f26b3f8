//! When each group of operations of each path was up: a strip each, with its downtime and availability.

use super::axis::TimeAxis;
use super::frame::{self, box_sign};
use super::headline::{figures, group_downtime, outage_length};
use super::labels::{Label, Row};
use super::scene::{Align, Area, Scene};
use super::style::{
    BROWNOUT, DOWN, FRAME, GREY, INK, LARGE, MARGIN, PLOT_RIGHT, SMALL, UNOBSERVED, UP, WHITE,
    availability, path_color, seconds,
};
use crate::series::{PathSeries, Series, Strip};
use crate::summary::{GroupSummary, Span, Summary};

/// Left edge of the strips.
const LEFT: f64 = 128.0;
/// Right edge of the strips; the figures stand behind it.
const RIGHT: f64 = 812.0;
/// Right edges of the columns of figures.
const DOWNTIME: f64 = 996.0;
const AVAILABILITY: f64 = 1088.0;
const BROWNOUTS: f64 = PLOT_RIGHT;
/// Height of a strip.
const STRIP: f64 = 26.0;
/// From one strip to the next.
const ROW: f64 = 36.0;

/// Draws the chart.
pub(super) fn draw(scene: &mut Scene<'_>, summary: &Summary, series: &Series) {
    let note =
        "downtime: last success to first success, and in brackets the part in which nobody knew";
    let top = frame::header(scene, "Availability", note, summary);
    if series.paths.iter().all(|path| path.strips.is_empty()) {
        return frame::nothing(scene, top, "no operation was recorded");
    }
    legend(scene, top + 22.0, series);
    let heads = top + 50.0;
    for (x, text) in [
        (DOWNTIME, "downtime"),
        (AVAILABILITY, "availability"),
        (BROWNOUTS, "brownout"),
    ] {
        scene.text((x, heads), text, SMALL, Align::Right, GREY);
    }

    let time = TimeAxis::new(series, LEFT, RIGHT);
    let mut rows: Vec<(&PathSeries, &Strip, f64)> = Vec::new();
    let mut y = heads + 12.0;
    for path in series.paths.iter().filter(|path| !path.strips.is_empty()) {
        scene.text(
            (MARGIN, y + 15.0),
            path.path.as_str(),
            LARGE,
            Align::Left,
            path_color(&path.path),
        );
        y += 24.0;
        for strip in &path.strips {
            scene.rectangle(Area::new(LEFT, y, time.at(series.end_us), y + STRIP), UP);
            rows.push((path, strip, y));
            y += ROW;
        }
        y += 6.0;
    }
    let bottom = y - 8.0;
    scene.horizontal((LEFT, RIGHT), bottom, 1.0, FRAME);
    frame::time_labels(scene, &time, bottom);
    // The triggers lie over what is up and under what is down: an outage as thin as their lines must be seen.
    frame::triggers(scene, series, &time, (LEFT, RIGHT), (heads - 14.0, bottom));
    for (path, strip, y) in rows {
        scene.text(
            (LEFT - 10.0, y + 18.0),
            strip.group.as_str(),
            SMALL,
            Align::Right,
            INK,
        );
        draw_strip(
            scene,
            strip,
            series,
            &time,
            Area::new(LEFT, y, RIGHT, y + STRIP),
        );
        let groups = figures(summary, path).map_or(&[][..], |path| &path.groups);
        if let Some(group) = groups.iter().find(|group| group.group == strip.group) {
            draw_figures(scene, group, y + 18.0);
        }
    }
    scene.set_height(bottom + 52.0);
}

fn legend(scene: &mut Scene<'_>, baseline: f64, series: &Series) {
    let any = |spans: fn(&Strip) -> &Vec<Span>| {
        series
            .paths
            .iter()
            .flat_map(|path| &path.strips)
            .any(|strip| !spans(strip).is_empty())
    };
    let mut entries = vec![
        (box_sign(UP), "up".to_owned()),
        (box_sign(DOWN), "down".to_owned()),
    ];
    if any(|strip| &strip.brownouts) {
        entries.push((
            box_sign(BROWNOUT),
            "brownout: waiting, yet no outage".to_owned(),
        ));
    }
    if any(|strip| &strip.unobserved) {
        let sign: frame::Sign =
            Box::new(|scene, (x, y)| hatched(scene, Area::new(x - 7.0, y - 5.0, x + 7.0, y + 5.0)));
        entries.push((
            sign,
            "not observed: nobody asked while all else was down".to_owned(),
        ));
    }
    frame::legend(scene, baseline, entries);
}

/// Draws what is not plainly up in the strip of a group: what is down over what is brown over what nobody asked.
fn draw_strip(scene: &mut Scene<'_>, strip: &Strip, series: &Series, time: &TimeAxis, area: Area) {
    let part = |span: &Span| {
        let (left, right) = time.edges(span);
        Area {
            left,
            right,
            ..area
        }
    };
    for span in &strip.unobserved {
        let area = part(span);
        hatched(scene, area);
        if area.width() > 16.0 {
            scene.text(
                (area.left.midpoint(area.right), area.top + 18.0),
                "-",
                LARGE,
                Align::Centre,
                INK,
            );
        }
    }
    for span in &strip.brownouts {
        scene.rectangle(part(span), BROWNOUT);
    }
    for span in &strip.down {
        scene.rectangle(part(span), DOWN);
    }
    write_lengths(scene, strip, series, time, area);
}

/// Writes how long each outage was: inside it where there is room, else beside it where nothing else is.
fn write_lengths(
    scene: &mut Scene<'_>,
    strip: &Strip,
    series: &Series,
    time: &TimeAxis,
    area: Area,
) {
    let spans = strip
        .down
        .iter()
        .chain(&strip.brownouts)
        .chain(&strip.unobserved)
        .map(|span| time.edges(span));
    // A label may lie in its own outage and in no other, so each is placed by itself, and is in the way of the next.
    let mut obstacles: Vec<(f64, f64)> = spans.chain(frame::trigger_lines(series, time)).collect();
    for span in &strip.down {
        let edges = time.edges(span);
        let (long, short) = outage_length(span, series);
        let label = Label {
            edges,
            long,
            short,
            weight: 0,
        };
        let others = obstacles
            .iter()
            .copied()
            .filter(|other| *other != edges)
            .collect();
        let row = Row {
            face: scene.face(),
            em: SMALL,
            ends: (area.left, area.right),
            obstacles: others,
        };
        for placed in row.place(&[label]) {
            let color = if placed.inside { WHITE } else { INK };
            let width = scene.text(
                (placed.left, area.top + 18.0),
                placed.text,
                SMALL,
                Align::Left,
                color,
            );
            obstacles.push((placed.left, placed.left + width));
        }
    }
}

/// Grey with slanted lines.
fn hatched(scene: &mut Scene<'_>, area: Area) {
    scene.rectangle(area, UNOBSERVED);
    let height = area.height();
    let mut x = area.left - height;
    while x < area.right {
        // The part of the slanted line that lies inside.
        let from = (area.left - x).max(0.0);
        let to = (area.right - x).min(height);
        if from < to {
            let ends = vec![(x + from, area.bottom - from), (x + to, area.bottom - to)];
            scene.path(ends, 0.5, FRAME);
        }
        x += 7.0;
    }
}

fn draw_figures(scene: &mut Scene<'_>, group: &GroupSummary, baseline: f64) {
    scene.text(
        (DOWNTIME, baseline),
        group_downtime(group),
        SMALL,
        Align::Right,
        INK,
    );
    let is_at_most = group.at_least || group.unobserved;
    let bound = match (is_at_most, group.availability) {
        (_, None) => "-".to_owned(),
        (true, Some(fraction)) => format!("≤ {}", availability(fraction)),
        (false, Some(fraction)) => availability(fraction),
    };
    scene.text((AVAILABILITY, baseline), bound, SMALL, Align::Right, INK);
    let brownout = if group.brownout_us > 0 {
        seconds(group.brownout_us)
    } else {
        "0".to_owned()
    };
    scene.text((BROWNOUTS, baseline), brownout, SMALL, Align::Right, INK);
}
