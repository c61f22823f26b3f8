//! When each group of operations of each path was up: a strip each, with its downtime and availability.

use crate::charts::axis::TimeAxis;
use crate::charts::drawing::labels::{self, Label};
use crate::charts::drawing::scene::{Align, Area, Scene, Sign};
use crate::charts::drawing::style::{
    BROWNOUT, DOWN, FRAME, GREY, INK, LARGE, LOST, MARGIN, PAUSED, PLOT_RIGHT, SMALL, UNOBSERVED,
    UP, WHITE, path_color, seconds,
};
use crate::charts::frame::{self, box_sign};
use crate::charts::headline::{figures, outage_length};
use crate::charts::moments::{self, Over};
use crate::summary::series::{PathSeries, Series, Strip};
use crate::summary::{GroupSummary, Service, Span, Summary};
use crate::text::figures::{
    Downtime, availability_in_chart, in_chart, service_availability_in_chart,
};

const LEFT: f64 = 128.0;
/// Right edge of the strips; the figures stand behind it, and those that are long push it to the left.
const RIGHT: f64 = 812.0;
/// Right edges of the columns of figures.
const DOWNTIME: f64 = 996.0;
const AVAILABILITY: f64 = 1088.0;
const BROWNOUTS: f64 = PLOT_RIGHT;
const STRIP: f64 = 26.0;
/// From one strip to the next.
const ROW: f64 = 36.0;
/// The service's strip under that of a group: its height, and how far it is below.
const SERVICE: f64 = 16.0;
const BELOW: f64 = 2.0;
/// How far the lines of lost writes rise above a strip.
const LOST_RISE: f64 = 7.0;
/// How much of a strip a pause of the recorder covers where the group was down: both must be seen.
const PAUSE_IN_OUTAGE: f64 = 9.0;

pub(super) fn draw(scene: &mut Scene<'_>, summary: &Summary, series: &Series) {
    let note = match series.paths.iter().any(is_probed) {
        true => {
            "downtime: last success to first success (resolution); service: of a client that connects anew"
        }
        false => "downtime: last success to first success, and in brackets its resolution",
    };
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

    let right = right_edge(scene, summary);
    let time = TimeAxis::new(series, LEFT, right);
    let (rows, bottom) = lay_out(scene, series, &time, heads + 12.0);
    scene.horizontal((LEFT, right), bottom, 1.0, FRAME);
    frame::time_labels(scene, &time, bottom);
    // Moments lie over what is up and under what is down: an outage as thin as their lines must be seen.
    let over = Over {
        time: &time,
        ends: (LEFT, right),
        rows: (heads - 14.0, bottom),
    };
    over.draw(scene, series, None);
    new_writers(scene, series, &time, &rows);
    for (path, strip, y) in rows {
        scene.text(
            (LEFT - 10.0, y + 18.0),
            strip.group.as_str(),
            SMALL,
            Align::Right,
            INK,
        );
        let area = Area::new(LEFT, y, right, y + STRIP);
        draw_strip(scene, (strip, &series.pauses), &time, area);
        draw_lost(scene, (path, strip), &time, y);
        write_lengths(scene, (path, strip), series, &time, area);
        let groups = figures(summary, path).map_or(&[][..], |path| &path.groups);
        let group = groups.iter().find(|group| group.group == strip.group);
        if let Some(group) = group {
            draw_figures(scene, group, y + 18.0);
        }
        if let Some(down) = &strip.service {
            let top = y + STRIP + BELOW;
            let area = Area::new(LEFT, top, right, top + SERVICE);
            draw_service(scene, (path, strip, down), series, &time, area);
            if let Some(service) = group.and_then(|group| group.service.as_ref()) {
                draw_service_figures(scene, service, baseline(area));
            }
        }
    }
    scene.set_height(bottom + 52.0);
}

/// Where strips end: left of the longest downtime.
fn right_edge(scene: &Scene<'_>, summary: &Summary) -> f64 {
    let groups = summary.paths.iter().flat_map(|path| &path.groups);
    let texts = groups.flat_map(|group| {
        let service = group.service.as_ref().map(service_downtime);
        service.into_iter().chain([group_downtime(group)])
    });
    let widths = texts.map(|text| scene.face().width(&text, SMALL));
    let widest = widths.fold(0.0, f64::max);
    RIGHT.min(DOWNTIME - widest - 12.0)
}

fn group_downtime(group: &GroupSummary) -> String {
    in_chart(Downtime::of_group(group))
}

fn service_downtime(service: &Service) -> String {
    in_chart(Downtime::of_service(service))
}

fn is_probed(path: &PathSeries) -> bool {
    path.strips.iter().any(|strip| strip.service.is_some())
}

/// Where text in a strip stands.
fn baseline(area: Area) -> f64 {
    area.top + (area.height() + 10.0) / 2.0
}

/// Height of a strip, and of the service's under it.
fn height(strip: &Strip) -> f64 {
    match strip.service {
        Some(_) => STRIP + BELOW + SERVICE,
        None => STRIP,
    }
}

/// A strip of a path, and its upper edge.
type Row<'s> = (&'s PathSeries, &'s Strip, f64);

/// Draws every strip as if all was up, each path's name over its own, and returns where they are and where the last one ends.
fn lay_out<'s>(
    scene: &mut Scene<'_>,
    series: &'s Series,
    time: &TimeAxis,
    top: f64,
) -> (Vec<Row<'s>>, f64) {
    let mut rows = Vec::new();
    let mut y = top;
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
            let right = time.at(series.end_us);
            scene.rectangle(Area::new(LEFT, y, right, y + STRIP), UP);
            let bottom = y + height(strip);
            if strip.service.is_some() {
                scene.rectangle(Area::new(LEFT, bottom - SERVICE, right, bottom), UP);
            }
            rows.push((path, strip, y));
            y = bottom + ROW - STRIP;
        }
        y += 6.0;
    }
    (rows, y - 8.0)
}

/// Draws where each path first saw a new writer, through its own strips only, with labels over them.
fn new_writers(scene: &mut Scene<'_>, series: &Series, time: &TimeAxis, rows: &[Row<'_>]) {
    for path in &series.paths {
        let of_path = || rows.iter().filter(|(of, _, _)| of.path == path.path);
        let first = of_path().map(|(_, _, y)| *y).next();
        let last = of_path().map(|(_, strip, y)| y + height(strip)).next_back();
        let (Some(first), Some(last)) = (first, last) else {
            continue;
        };
        let ends = (first - 6.0, last + 4.0);
        for time_us in &path.new_writers_us {
            moments::new_writer(scene, time.at(*time_us), ends, path_color(&path.path));
        }
        let over = Over {
            time,
            ends: (LEFT, time.right()),
            rows: (first - 24.0, ends.1),
        };
        over.new_writer_labels(scene, series, path);
    }
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
            "brownout: operations waited, no outage".to_owned(),
        ));
    }
    if any(|strip| &strip.unobserved) {
        let sign: Sign =
            Box::new(|scene, (x, y)| hatched(scene, Area::new(x - 7.0, y - 5.0, x + 7.0, y + 5.0)));
        entries.push((sign, "no data: the group was not asked".to_owned()));
    }
    if series
        .paths
        .iter()
        .any(|path| !path.new_writers_us.is_empty())
    {
        let sign: Sign =
            Box::new(|scene, (x, y)| moments::new_writer(scene, x, (y - 7.0, y + 7.0), INK));
        entries.push((sign, "new writer first seen on that path".to_owned()));
    }
    if series.paths.iter().any(|path| !path.lost.is_empty()) {
        let sign: Sign = Box::new(|scene, (x, y)| {
            for x in [x - 4.0, x, x + 4.0] {
                lost_line(scene, x, (y - LOST_RISE / 2.0, y + LOST_RISE / 2.0));
            }
        });
        entries.push((sign, "acknowledged, then lost or torn".to_owned()));
    }
    entries.extend(frame::pauses_entry(series, PAUSED));
    frame::legend(scene, baseline, MARGIN, entries);
}

/// Draws a line over the strip of a group for each of its writes that was acknowledged and lost.
fn draw_lost(
    scene: &mut Scene<'_>,
    (path, strip): (&PathSeries, &Strip),
    time: &TimeAxis,
    top: f64,
) {
    let of_group = path
        .lost
        .iter()
        .filter(|lost| strip.group.contains(lost.operation_type));
    let mut last = f64::NEG_INFINITY;
    for lost in of_group {
        let x = time.at(lost.end_us);
        // Many are one bar.
        if x - last >= 0.5 {
            lost_line(scene, x, (top - LOST_RISE, top));
            last = x;
        }
    }
}

fn lost_line(scene: &mut Scene<'_>, x: f64, rows: (f64, f64)) {
    scene.vertical(x, rows, 1.5, LOST);
}

/// Draws what is not plainly up in the strip of a group: outages over pauses over brownouts over unobserved time. The lower edge of
/// a pause lies over the outage that it is in.
fn draw_strip(
    scene: &mut Scene<'_>,
    (strip, pauses): (&Strip, &[Span]),
    time: &TimeAxis,
    area: Area,
) {
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
    for span in pauses {
        scene.rectangle(part(span), PAUSED);
    }
    for span in &strip.down {
        scene.rectangle(part(span), DOWN);
    }
    for span in pauses {
        let top = area.bottom - PAUSE_IN_OUTAGE;
        scene.rectangle(Area { top, ..part(span) }, PAUSED);
    }
}

/// Writes how long each outage was: inside it where there is room, else next to it where nothing else is.
fn write_lengths(
    scene: &mut Scene<'_>,
    (path, strip): (&PathSeries, &Strip),
    series: &Series,
    time: &TimeAxis,
    area: Area,
) {
    let spans = strip
        .down
        .iter()
        .chain(&strip.brownouts)
        .chain(&strip.unobserved)
        .chain(&series.pauses)
        .map(|span| time.edges(span));
    // A label may lie in its own outage and in no other, so each is placed by itself, and is in the way of the next.
    let mut obstacles: Vec<(f64, f64)> = spans
        .chain(moments::lines(series, Some(path), time))
        .collect();
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
        let row = labels::Row {
            face: scene.face(),
            em: SMALL,
            ends: (area.left, area.right),
            obstacles: others,
        };
        for placed in row.place(&[label]) {
            let color = if placed.inside { WHITE } else { INK };
            let width = scene.text(
                (placed.left, baseline(area)),
                placed.text,
                SMALL,
                Align::Left,
                color,
            );
            obstacles.push((placed.left, placed.left + width));
        }
    }
}

/// The strip of the service under that of a group.
fn draw_service(
    scene: &mut Scene<'_>,
    (path, strip, down): (&PathSeries, &Strip, &[Span]),
    series: &Series,
    time: &TimeAxis,
    area: Area,
) {
    let of_service = Strip {
        group: strip.group,
        down: down.to_vec(),
        brownouts: Vec::new(),
        unobserved: Vec::new(),
        service: None,
    };
    let at = (LEFT - 10.0, baseline(area));
    scene.text(at, "service", SMALL, Align::Right, GREY);
    draw_strip(scene, (&of_service, &series.pauses), time, area);
    write_lengths(scene, (path, &of_service), series, time, area);
}

fn draw_service_figures(scene: &mut Scene<'_>, service: &Service, baseline: f64) {
    let downtime = service_downtime(service);
    scene.text((DOWNTIME, baseline), downtime, SMALL, Align::Right, GREY);
    let availability = service_availability_in_chart(service);
    let at = (AVAILABILITY, baseline);
    scene.text(at, availability, SMALL, Align::Right, GREY);
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
    let bound = availability_in_chart(group);
    scene.text((AVAILABILITY, baseline), bound, SMALL, Align::Right, INK);
    let brownout = if group.brownout_us > 0 {
        seconds(group.brownout_us)
    } else {
        "0".to_owned()
    };
    scene.text((BROWNOUTS, baseline), brownout, SMALL, Align::Right, INK);
}
