//! Charts of ordinary and of degenerate recordings: files, sizes, and colours where they belong.

mod lost;
mod many;
mod roles;
mod set;

use std::path::{Path, PathBuf};

use crate::support::chart_cases::{self as cases, Case};
use analyze::charts::{ChartError, ChartOptions, draw_all};
use analyze::summary::Span;
use analyze::summary::series::Mark;
use image::RgbImage;

const NAMES: [&str; 5] = [
    "response-time",
    "operations-per-second",
    "percentiles",
    "availability",
    "overview",
];

/// What is down, and the band behind data while it was.
const DOWN: [u8; 3] = [0xd5, 0x3e, 0x00];
const DOWN_BAND: [u8; 3] = [0xfb, 0xe0, 0xd4];
/// Pauses of the recorder, in a strip and behind data.
const PAUSED: [u8; 3] = [0x8d, 0x86, 0xae];
const PAUSED_BAND: [u8; 3] = [0xdc, 0xd8, 0xea];
const BROWNOUT: [u8; 3] = [0xe6, 0x9f, 0x00];

/// Left and right edge of the time axis, points, in charts of panels and in the availability chart.
const PANEL: (f64, f64) = (84.0, 1172.0);
const STRIPS: (f64, f64) = (128.0, 812.0);
/// Where legends and titles are over, points.
const BELOW_LEGENDS: f64 = 160.0;

fn draw(case: &Case, folder: &Path, options: &ChartOptions) -> Vec<PathBuf> {
    let (summary, series) = cases::make(case);
    draw_all(&summary, &series, folder, options)
        .unwrap_or_else(|error| panic!("{}: {error}", case.name))
}

fn case(name: &str) -> Case {
    cases::all()
        .into_iter()
        .find(|case| case.name == name)
        .unwrap()
}

fn open(path: &Path) -> RgbImage {
    image::open(path).unwrap().to_rgb8()
}

/// The pixels of a colour in the column of a moment, below the legends.
fn pixels_at(
    image: &RgbImage,
    case: &Case,
    seconds: f64,
    (left, right): (f64, f64),
    color: [u8; 3],
) -> usize {
    let share = seconds * 1e6 / case.duration_us as f64;
    let column = ((left + share * (right - left)) * 2.0) as u32;
    let rows = (BELOW_LEGENDS * 2.0) as u32..image.height();
    rows.filter(|row| image.get_pixel(column, *row).0 == color)
        .count()
}

fn pixels(image: &RgbImage, color: [u8; 3]) -> usize {
    image.pixels().filter(|pixel| pixel.0 == color).count()
}

#[test]
fn every_case_gives_charts_of_the_right_size() {
    for case in cases::all() {
        let folder = tempfile::tempdir().unwrap();
        let files = draw(&case, folder.path(), &ChartOptions::default());
        let expected: Vec<PathBuf> = NAMES
            .iter()
            // Without operations there is no downtime to give.
            .filter(|name| **name != "overview" || !case.name.contains("-paths"))
            .map(|name| folder.path().join(format!("{name}.png")))
            .collect();
        assert_eq!(files, expected, "{}", case.name);
        for file in &files {
            let (width, height) = image::image_dimensions(file).unwrap();
            let what = format!("{} {}: {width} x {height}", case.name, file.display());
            assert_eq!(width, 2400, "{what}");
            assert!(
                (400..=1800).contains(&height) && height.is_multiple_of(2),
                "{what}"
            );
        }
    }
}

#[test]
fn the_scale_changes_the_pixels_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let case = case("twenty-operations");
    let sizes = |scale| {
        let options = ChartOptions {
            scale,
            ..ChartOptions::default()
        };
        draw(&case, folder.path(), &options)
            .iter()
            .map(|file| image::image_dimensions(file).unwrap())
            .collect::<Vec<_>>()
    };
    let (once, twice) = (sizes(1.0), sizes(2.0));
    for ((width, height), doubled) in once.into_iter().zip(twice) {
        assert_eq!((2 * width, 2 * height), doubled);
    }
}

#[test]
fn one_path_takes_one_panel() {
    let folder = tempfile::tempdir().unwrap();
    let height = |name| {
        let files = draw(&case(name), folder.path(), &ChartOptions::default());
        image::image_dimensions(&files[0]).unwrap().1
    };
    assert!(height("one-path") < height("failover"));
}

#[test]
fn the_outage_is_shaded_where_it_was_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let case = case("failover");
    let files = draw(&case, folder.path(), &ChartOptions::default());
    for file in &files[..2] {
        let image = open(file);
        // Direct was down from 20.4 to 32.7 s, the proxied path to 23.45 s.
        let [before, both, direct, after] = [10.3, 22.3, 28.3, 45.3]
            .map(|seconds| pixels_at(&image, &case, seconds, PANEL, DOWN_BAND));
        assert_eq!([before, after], [0, 0], "{}", file.display());
        assert!(
            direct > 40 && both > direct,
            "{}: {direct} {both}",
            file.display()
        );
    }
    let availability = open(&files[3]);
    let down = [10.3, 20.8, 31.0, 45.3]
        .map(|seconds| pixels_at(&availability, &case, seconds, STRIPS, DOWN));
    assert_eq!([down[0], down[3]], [0, 0]);
    // Strips are 52 pixels high. At 20.8 s all ten are down; at 31 s three are: the direct path's, its reads being back.
    assert_eq!([down[1], down[2]].map(|pixels| (pixels + 26) / 52), [10, 3]);
    assert!(pixels_at(&availability, &case, 25.2, STRIPS, BROWNOUT) > 80);
}

/// The recorder was paused from 25 to 28 s, while direct was down, and from 44 to 46 s, while nothing was.
#[test]
fn pauses_are_shaded_and_named() {
    let case = case("failover");
    let (mut summary, mut series) = cases::make(&case);
    let without = tempfile::tempdir().unwrap();
    let options = ChartOptions {
        svg: true,
        ..ChartOptions::default()
    };
    draw_all(&summary, &series, without.path(), &options).unwrap();
    let at = |seconds: f64| cases::START_US + (seconds * 1e6) as i64;
    series.pauses = vec![Span::new(at(25.0), at(28.0)), Span::new(at(44.0), at(46.0))];
    summary.pauses.clone_from(&series.pauses);
    for group in &mut summary.paths[0].groups {
        group.paused_us = 3_000_000;
    }
    let with = tempfile::tempdir().unwrap();
    draw_all(&summary, &series, with.path(), &options).unwrap();
    let named = "recorder paused";
    for name in ["response-time", "operations-per-second", "availability"] {
        let text = |folder: &Path| {
            let file = folder.join(name).with_extension("svg");
            std::fs::read_to_string(file).unwrap()
        };
        assert!(text(with.path()).contains(named) && !text(without.path()).contains(named));
    }
    for name in ["response-time.png", "operations-per-second.png"] {
        let image = open(&with.path().join(name));
        let shaded = [10.3, 26.3, 45.3, 50.3]
            .map(|seconds| pixels_at(&image, &case, seconds, PANEL, PAUSED_BAND));
        assert!(shaded[1] > 40 && shaded[2] > 40, "{name}: {shaded:?}");
        assert_eq!([shaded[0], shaded[3]], [0, 0], "{name}");
    }
    let text = std::fs::read_to_string(with.path().join("availability.svg")).unwrap();
    assert!(
        text.contains(">\n12.31 s (-0.12 s, paused 3.00 s)\n"),
        "{text}"
    );
    // The longer figure takes room from the strips. In an outage a pause is 18 of 52 pixels high, elsewhere all.
    let image = open(&with.path().join("availability.png"));
    let colors = [PAUSED, DOWN].map(|color| {
        let rows = (BELOW_LEGENDS * 2.0) as u32..image.height();
        let columns = (STRIPS.0 * 2.0) as u32..(STRIPS.1 * 2.0) as u32;
        let counts = columns.map(|column| {
            rows.clone()
                .filter(|row| image.get_pixel(column, *row).0 == color)
                .count()
        });
        counts.max().unwrap()
    });
    assert!(
        colors[0] >= 10 * 50,
        "ten strips outside outages: {colors:?}"
    );
    assert!(colors[1] > 0, "{colors:?}");
}

#[test]
fn without_an_outage_nothing_is_shaded() {
    let folder = tempfile::tempdir().unwrap();
    let files = draw(&case("no-outage"), folder.path(), &ChartOptions::default());
    for file in &files[..2] {
        assert_eq!(pixels(&open(file), DOWN_BAND), 0, "{}", file.display());
    }
    // The legend's box is all that is red.
    assert!(pixels(&open(&files[3]), DOWN) < 1_000);
}

#[test]
fn the_shortest_outage_is_seen_among_a_million_operations() {
    let folder = tempfile::tempdir().unwrap();
    let case = case("a-million");
    let files = draw(&case, folder.path(), &ChartOptions::default());
    // Direct was down for 12.3 s of 1000, the proxied path for 0.4 s: less than half a pixel of these strips.
    let availability = open(&files[3]);
    let strips = (pixels_at(&availability, &case, 400.2, STRIPS, DOWN) + 26) / 52;
    assert!(strips >= 8, "{strips} strips are down");
    assert!(std::fs::metadata(&files[0]).unwrap().len() < 3_000_000);
}

#[test]
fn ten_episodes_are_ten_marks() {
    let folder = tempfile::tempdir().unwrap();
    let files = draw(
        &case("ten-episodes"),
        folder.path(),
        &ChartOptions::default(),
    );
    let image = open(&files[3]);
    // Along the middle of the first strip: runs of red, whose white or dark figures never stand in a run this narrow.
    let rows = (BELOW_LEGENDS * 2.0) as u32..image.height();
    let row = rows.into_iter().find(|row| {
        let red = (256..1624)
            .filter(|column| image.get_pixel(*column, *row).0 == DOWN)
            .count();
        red > 20
    });
    let row = row.unwrap() + 2;
    let red: Vec<bool> = (256..1624)
        .map(|column| image.get_pixel(column, row).0 == DOWN)
        .collect();
    assert_eq!(
        red.windows(2).filter(|pair| !pair[0] && pair[1]).count(),
        10
    );
}

#[test]
fn an_svg_says_what_the_png_shows() {
    let folder = tempfile::tempdir().unwrap();
    let options = ChartOptions {
        svg: true,
        ..ChartOptions::default()
    };
    let files = draw(&case("failover"), folder.path(), &options);
    assert_eq!(files.len(), 10);
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "svg"))
    {
        let svg = std::fs::read_to_string(file).unwrap();
        assert!(
            svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"),
            "{}",
            file.display()
        );
        assert!(svg.contains("20261122T204300Z-7f3a"));
        if file.ends_with("overview.svg") {
            continue;
        }
        for text in [
            "direct: writes down 12.31 s (-0.12 s)",
            "proxy: writes down 3.10 s",
        ] {
            assert!(svg.contains(text), "{} lacks {text}", file.display());
        }
        let has_time = !file.ends_with("percentiles.svg");
        assert_eq!(
            svg.contains("failover triggered 0:20.0"),
            has_time,
            "{}",
            file.display()
        );
    }
}

/// The three charts over time, as text, of a case with these marks.
fn texts_with_marks(marks: &[(f64, &str)]) -> [String; 3] {
    let (summary, mut series) = cases::make(&case("failover"));
    series.marks = marks
        .iter()
        .map(|(at, text)| Mark {
            time_us: series.start_us + (at * 1e6) as i64,
            text: (*text).to_owned(),
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let options = ChartOptions {
        svg: true,
        ..ChartOptions::default()
    };
    draw_all(&summary, &series, folder.path(), &options).unwrap();
    ["response-time", "operations-per-second", "availability"]
        .map(|name| std::fs::read_to_string(folder.path().join(format!("{name}.svg"))).unwrap())
}

/// In the charts of panels each path has its own; in the last one each path's strips.
#[test]
fn a_new_writer_is_shown_where_its_path_first_saw_it() {
    let [response, throughput, availability] = texts_with_marks(&[]);
    for svg in [response, throughput] {
        for text in [
            ">\nnew writer 0:26.5\n",
            ">\nnew writer 0:21.9\n",
            ">\nnew writer first seen on direct\n",
            ">\nnew writer first seen on proxy\n",
        ] {
            assert_eq!(svg.matches(text).count(), 1, "{text}");
        }
    }
    assert!(availability.contains(">\nnew writer 0:26.5\n"));
    assert!(availability.contains(">\nnew writer 0:21.9\n"));
    assert!(availability.contains(">\nnew writer first seen on that path\n"));
}

/// Ten steps of a fault within half a second, and a text longer than a line: each has its number, and none is cut.
#[test]
fn marks_have_a_number_at_their_line_and_their_text_below() {
    let long = "deploy 2026.11.22-rc3 of the shop with the new price lists, asked for by the on-call engineer of the night shift \
                after the third complaint about slow checkouts, in the hope that it helps before the campaign of the morning begins";
    let steps: Vec<String> = (1..=10)
        .map(|step| format!("lab crash: step {step} of the fault, in full"))
        .collect();
    let mut marks: Vec<(f64, &str)> = (0..)
        .map(|step| 20.0 + f64::from(step) * 0.05)
        .zip(steps.iter().map(String::as_str))
        .collect();
    marks.push((50.0, long));
    let [response, throughput, _] = texts_with_marks(&marks);
    for svg in [response, throughput] {
        for step in &steps {
            assert!(svg.contains(&format!("{step}\n")), "{step}");
        }
        let words = long.split(' ').all(|word| svg.contains(word));
        assert!(words && !svg.contains('…'));
        // On each of the two panels.
        assert_eq!(svg.matches(">\n1-10\n").count(), 2);
    }
    // More than a handful stand in the report, with these numbers.
    marks.extend([(51.0, "one more"), (52.0, "the thirteenth")]);
    let [response, throughput, _] = texts_with_marks(&marks);
    for svg in [response, throughput] {
        assert!(svg.contains(">\nmarks 1 to 13: the events of the report have their texts\n"));
        assert!(!svg.contains(&steps[0]) && svg.contains(">\n1-10\n"));
    }
    let [alone, ..] = texts_with_marks(&[(30.0, "网络演练")]);
    assert!(alone.contains("marks · boxes stand for characters that need --font FILE"));
    assert!(alone.contains("网络演练"));
    let [none, ..] = texts_with_marks(&[]);
    assert!(!none.contains("marks"));
}

#[test]
fn hostile_names_are_cut_and_escaped() {
    let folder = tempfile::tempdir().unwrap();
    let (mut summary, series) = cases::make(&case("twenty-operations"));
    summary.recording.host = "<b>&\"数据库\"".repeat(50);
    summary.recording.run_id = "x".repeat(500);
    let options = ChartOptions {
        svg: true,
        ..ChartOptions::default()
    };
    let files = draw_all(&summary, &series, folder.path(), &options).unwrap();
    let svg = std::fs::read_to_string(&files[1]).unwrap();
    assert!(
        !svg.contains("<b>") && svg.contains("boxes stand for characters that need --font FILE")
    );
    assert!(svg.contains("xxx…"));
}

#[test]
fn mistakes_get_one_line_that_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let (summary, series) = cases::make(&case("twenty-operations"));
    let fails = |folder: &Path, options: &ChartOptions| {
        draw_all(&summary, &series, folder, options).unwrap_err()
    };
    let with_font = |font: &Path| ChartOptions {
        font: Some(font.to_owned()),
        ..ChartOptions::default()
    };

    let text = folder.path().join("text.ttf");
    std::fs::write(&text, "not a font").unwrap();
    let error = fails(folder.path(), &with_font(&text));
    assert!(
        error
            .to_string()
            .contains("text.ttf is not a TrueType or OpenType font"),
        "{error}"
    );
    let error = fails(
        folder.path(),
        &with_font(&folder.path().join("missing.ttf")),
    );
    assert!(
        matches!(error, ChartError::FontUnreadable { .. }) && !error.to_string().contains('\n'),
        "{error}"
    );

    for scale in [0.0, -1.0, 100.0, f64::NAN] {
        let error = fails(
            folder.path(),
            &ChartOptions {
                scale,
                ..ChartOptions::default()
            },
        );
        assert!(
            error.to_string().contains("give 0.5 to 8 pixels per point"),
            "{error}"
        );
    }
    // A file stands where the folder should be.
    let error = fails(&text, &ChartOptions::default());
    assert!(matches!(error, ChartError::Folder { .. }), "{error}");
    // A folder stands where the file should be.
    std::fs::create_dir(folder.path().join("response-time.png")).unwrap();
    let error = fails(folder.path(), &ChartOptions::default());
    assert!(error.to_string().contains("response-time.png"), "{error}");
}

#[test]
fn a_font_of_ones_own_is_used() {
    let own = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap())
        .join("fonts/DejaVuSans-subset.ttf");
    let folder = tempfile::tempdir().unwrap();
    let case = case("failover");
    let [embedded, given] = [None, Some(own)].map(|font| {
        let files = draw(
            &case,
            folder.path(),
            &ChartOptions {
                font,
                ..ChartOptions::default()
            },
        );
        std::fs::read(&files[3]).unwrap()
    });
    assert_eq!(
        embedded, given,
        "the same font from a file draws the same chart"
    );
}

/// The text of a case's availability chart, its summary changed.
fn availability_text(change: impl Fn(&mut analyze::summary::Summary)) -> String {
    let (mut summary, series) = cases::make(&case("no-outage"));
    change(&mut summary);
    let folder = tempfile::tempdir().unwrap();
    let options = ChartOptions {
        svg: true,
        ..ChartOptions::default()
    };
    draw_all(&summary, &series, folder.path(), &options).unwrap();
    std::fs::read_to_string(folder.path().join("availability.svg")).unwrap()
}

#[test]
fn bounds_are_drawn_as_bounds() {
    let exact = availability_text(|_| ());
    assert!(exact.contains("direct: no outage of reads or writes"));
    assert!(!exact.contains("≤") && !exact.contains("at least") && !exact.contains("INCOMPLETE"));
    let bound = availability_text(|summary| {
        for path in &mut summary.paths {
            path.headline.as_mut().unwrap().at_least = true;
            for group in &mut path.groups {
                (group.downtime_us, group.at_least) = (Some(0), true);
                group.availability = Some(1.0);
            }
        }
    });
    assert!(bound.contains("down at least 0.00 s\n"), "{bound}");
    assert!(bound.contains(">\nat least 0.00 s\n") && bound.contains(">\n≤ 100.000 %\n"));
    assert!(!bound.contains("no outage of reads or writes"));
}

#[test]
fn what_is_missing_is_in_the_caption() {
    let partial = availability_text(|summary| summary.recording.is_partial = true);
    assert!(partial.contains("INCOMPLETE: operations are missing"));
    let dropped = availability_text(|summary| {
        summary.recording.is_partial = true;
        let rows = &mut summary.recording.dropped_rows;
        rows.insert("operations".to_owned(), 7);
        rows.insert("events".to_owned(), 2);
    });
    assert!(dropped.contains("INCOMPLETE: 9 x row lost ·"));
}
