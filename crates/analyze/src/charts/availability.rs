//! When each group of operations of each path was up: a strip each, with its downtime and availability.

use crate::charts::axis::TimeAxis;
use crate::charts::drawing::labels::{self, Label};
use crate::charts::drawing::scene::{Align, Area, Scene, Sign};
use crate::charts::drawing::style::{LARGE, MARGIN, PLOT_RIGHT, SMALL, STRIPS_LEFT as LEFT};
use crate::charts::frame::{self, box_sign};
use crate::charts::headline::{figures, outage_length};
use crate::charts::moments::{self, Over};
use crate::charts::roles::{self, Servers};
use crate::charts::words::ChartWords;
use crate::summary::series::{PathSeries, Series, Strip};
use crate::summary::{GroupSummary, Service, Span, Summary};
use crate::text::figures::{
    Downtime, availability_in_chart, in_chart, service_availability_in_chart,
};

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
    let (theme, words) = (scene.theme(), scene.words());
    let note = match series.paths.iter().any(is_probed) {
        true => words.availability_note_service,
        false => words.availability_note,
    };
    let top = frame::header(scene, words.availability, note, summary);
    if series.paths.iter().all(|path| path.strips.is_empty()) {
        return frame::nothing(scene, top, words.no_operation);
    }
    let servers = Servers::of(series);
    let lower = legend(scene, top + 22.0, series);
    let heads = top + 50.0 + lower;
    for (x, text) in [
        (DOWNTIME, words.downtime_column),
        (AVAILABILITY, words.availability_column),
        (BROWNOUTS, words.brownout_column),
    ] {
        scene.text((x, heads), text, SMALL, Align::Right, theme.grey);
    }

    let right = right_edge(scene, summary);
    let time = TimeAxis::new(series, LEFT, right);
    let (rows, bottom) = lay_out(scene, series, &time, heads + 12.0);
    scene.horizontal((LEFT, right), bottom, 1.0, theme.frame);
    let end = frame::time_labels(scene, &time, bottom);
    // Moments lie over what is up and under what is down: an outage as thin as their lines must be seen.
    let over = Over {
        time: &time,
        ends: (LEFT, right),
        rows: (heads - 14.0, bottom),
    };
    over.draw(scene, series, None);
    new_writers(scene, series, &time, &rows);
    for row in &rows {
        draw_row(scene, (summary, series), &time, row);
    }
    for path in &series.paths {
        if let Some(top) = below(&rows, path) {
            servers.draw(scene, path, &time, top);
        }
    }
    let end = servers.draw_key(scene, end);
    scene.set_height(end);
}

/// Draws the strip of a group, the service's under it, and their figures.
fn draw_row(
    scene: &mut Scene<'_>,
    (summary, series): (&Summary, &Series),
    time: &TimeAxis,
    (path, strip, y): &Row<'_>,
) {
    let (theme, words, y) = (scene.theme(), scene.words(), *y);
    let name = (words.group_name)(strip.group);
    let at = (LEFT - 10.0, y + 18.0);
    scene.text(at, name, SMALL, Align::Right, theme.ink);
    let area = Area::new(LEFT, y, time.right(), y + STRIP);
    draw_strip(scene, (strip, &series.pauses), time, area);
    draw_lost(scene, (path, strip), time, y);
    write_lengths(scene, (path, strip), series, time, area);
    let groups = figures(summary, path).map_or(&[][..], |path| &path.groups);
    let group = groups.iter().find(|group| group.group == strip.group);
    if let Some(group) = group {
        draw_figures(scene, group, y + 18.0);
    }
    if let Some(of_service) = &strip.service {
        let top = y + STRIP + BELOW;
        let area = Area::new(LEFT, top, time.right(), top + SERVICE);
        let of_service = Strip {
            group: strip.group,
            down: of_service.down.clone(),
            brownouts: Vec::new(),
            unobserved: of_service.unobserved.clone(),
            service: None,
        };
        draw_service(scene, (path, &of_service), series, time, area);
        if let Some(service) = group.and_then(|group| group.service.as_ref()) {
            draw_service_figures(scene, service, baseline(area));
        }
    }
}

/// Where the strips of a path end.
fn below(rows: &[Row<'_>], path: &PathSeries) -> Option<f64> {
    let of_path = rows.iter().filter(|(of, _, _)| of.path == path.path);
    of_path.map(|(_, strip, y)| y + height(strip)).next_back()
}

/// Where strips end: left of the longest downtime.
fn right_edge(scene: &Scene<'_>, summary: &Summary) -> f64 {
    let words = scene.words();
    let groups = summary.paths.iter().flat_map(|path| &path.groups);
    let texts = groups.flat_map(|group| {
        let service = group.service.as_ref();
        let service = service.map(|service| service_downtime(words, service));
        service.into_iter().chain([group_downtime(words, group)])
    });
    let widths = texts.map(|text| scene.face().width(&text, SMALL));
    let widest = widths.fold(0.0, f64::max);
    RIGHT.min(DOWNTIME - widest - 12.0)
}

fn group_downtime(words: &ChartWords, group: &GroupSummary) -> String {
    in_chart(words.report, Downtime::of_group(group))
}

fn service_downtime(words: &ChartWords, service: &Service) -> String {
    in_chart(words.report, Downtime::of_service(service))
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
    let (theme, words) = (scene.theme(), scene.words());
    let mut rows = Vec::new();
    let mut y = top;
    for path in series.paths.iter().filter(|path| !path.strips.is_empty()) {
        scene.text(
            (MARGIN, y + 15.0),
            (words.path_name)(&path.path),
            LARGE,
            Align::Left,
            theme.path_text(&path.path),
        );
        y += 24.0;
        for strip in &path.strips {
            let right = time.at(series.end_us);
            scene.rectangle(Area::new(LEFT, y, right, y + STRIP), theme.up);
            let bottom = y + height(strip);
            if strip.service.is_some() {
                scene.rectangle(Area::new(LEFT, bottom - SERVICE, right, bottom), theme.up);
            }
            rows.push((path, strip, y));
            y = bottom + ROW - STRIP;
        }
        y += roles::height(path) + 6.0;
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
            let color = scene.theme().path_text(&path.path);
            moments::new_writer(scene, time.at(*time_us), ends, color);
        }
        let over = Over {
            time,
            ends: (LEFT, time.right()),
            rows: (first - 24.0, ends.1),
        };
        over.new_writer_labels(scene, series, path);
    }
}

/// Draws the legend, and returns how much more room it takes than one line.
fn legend(scene: &mut Scene<'_>, baseline: f64, series: &Series) -> f64 {
    let (theme, words) = (scene.theme(), scene.words());
    let any = |spans: fn(&Strip) -> &Vec<Span>| {
        series
            .paths
            .iter()
            .flat_map(|path| &path.strips)
            .any(|strip| !spans(strip).is_empty())
    };
    let mut entries = vec![
        (box_sign(theme.up), words.up.to_owned()),
        (box_sign(theme.down), words.is_down.to_owned()),
    ];
    if any(|strip| &strip.brownouts) {
        entries.push((box_sign(theme.brownout), words.brownout.to_owned()));
    }
    let is_unknown = |strip: &Strip| {
        let of_service = strip.service.iter();
        let of_service = of_service.flat_map(|service| &service.unobserved);
        strip.unobserved.iter().chain(of_service).next().is_some()
    };
    let mut strips = series.paths.iter().flat_map(|path| &path.strips);
    if strips.any(is_unknown) {
        let sign: Sign = Box::new(|scene, (x, y)| {
            frame::hatched(scene, Area::new(x - 7.0, y - 5.0, x + 7.0, y + 5.0));
        });
        entries.push((sign, words.no_data.to_owned()));
    }
    if series
        .paths
        .iter()
        .any(|path| !path.new_writers_us.is_empty())
    {
        let sign: Sign = Box::new(|scene, (x, y)| {
            let ink = scene.theme().ink;
            moments::new_writer(scene, x, (y - 7.0, y + 7.0), ink);
        });
        entries.push((sign, words.new_writer_on_its_path.to_owned()));
    }
    if series.paths.iter().any(|path| !path.lost.is_empty()) {
        let sign: Sign = Box::new(|scene, (x, y)| {
            for x in [x - 4.0, x, x + 4.0] {
                lost_line(scene, x, (y - LOST_RISE / 2.0, y + LOST_RISE / 2.0));
            }
        });
        entries.push((sign, words.acknowledged_then_lost.to_owned()));
    }
    entries.extend(moments::triggers_entry(words, series));
    entries.extend(frame::pauses_entry(words, series, theme.paused));
    entries.extend(roles::entries(scene, series));
    frame::legend(scene, baseline, MARGIN, entries)
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
    scene.vertical(x, rows, 1.5, scene.theme().lost);
}

/// Draws what is not plainly up in the strip of a group: outages over pauses over brownouts over unobserved time. The lower edge of
/// a pause lies over the outage that it is in.
fn draw_strip(
    scene: &mut Scene<'_>,
    (strip, pauses): (&Strip, &[Span]),
    time: &TimeAxis,
    area: Area,
) {
    let theme = scene.theme();
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
        frame::hatched(scene, area);
        if area.width() > 16.0 {
            scene.text(
                (area.left.midpoint(area.right), baseline(area)),
                "-",
                LARGE,
                Align::Centre,
                theme.ink,
            );
        }
    }
    for span in &strip.brownouts {
        scene.rectangle(part(span), theme.brownout);
    }
    for span in pauses {
        scene.rectangle(part(span), theme.paused);
    }
    for span in &strip.down {
        scene.rectangle(part(span), theme.down);
    }
    for span in pauses {
        let top = area.bottom - PAUSE_IN_OUTAGE;
        scene.rectangle(Area { top, ..part(span) }, theme.paused);
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
    let (theme, words) = (scene.theme(), scene.words());
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
        let (long, short) = outage_length(words, span, series);
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
            let color = if placed.inside {
                theme.on_down
            } else {
                theme.ink
            };
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
    (path, of_service): (&PathSeries, &Strip),
    series: &Series,
    time: &TimeAxis,
    area: Area,
) {
    let (theme, words) = (scene.theme(), scene.words());
    let at = (LEFT - 10.0, baseline(area));
    scene.text(at, words.service, SMALL, Align::Right, theme.grey);
    draw_strip(scene, (of_service, &series.pauses), time, area);
    write_lengths(scene, (path, of_service), series, time, area);
}

fn draw_service_figures(scene: &mut Scene<'_>, service: &Service, baseline: f64) {
    let (grey, words) = (scene.theme().grey, scene.words());
    let downtime = service_downtime(words, service);
    scene.text((DOWNTIME, baseline), downtime, SMALL, Align::Right, grey);
    let availability = service_availability_in_chart(words.report, service);
    let at = (AVAILABILITY, baseline);
    scene.text(at, availability, SMALL, Align::Right, grey);
}

fn draw_figures(scene: &mut Scene<'_>, group: &GroupSummary, baseline: f64) {
    let (ink, words) = (scene.theme().ink, scene.words());
    let brownout = match group.brownout_us {
        0 => "0".to_owned(),
        us => words.seconds(us),
    };
    for (x, text) in [
        (DOWNTIME, group_downtime(words, group)),
        (AVAILABILITY, availability_in_chart(words.report, group)),
        (BROWNOUTS, brownout),
    ] {
        scene.text((x, baseline), text, SMALL, Align::Right, ink);
    }
}
