//! The charts of several failovers, of failures and for a slide, and what holds for the whole set.

use std::path::Path;
use std::process::Command;

use analyze::charts::{Campaign, ChartError, ChartOptions, Files, Theme, draw_set, svg_all};
use analyze::summary::series::{ClassSeries, Series};
use analyze::summary::{Group, Summary};
use analyze::text::Language;

use super::{BELOW_LEGENDS, PANEL, case, open, pixels};
use crate::campaign::ten_failovers;
use crate::support::chart_cases as cases;
use crate::support::reads_with_a_gap;

fn with_svg() -> ChartOptions {
    ChartOptions {
        svg: true,
        ..ChartOptions::default()
    }
}

fn drawn(summary: &Summary, series: &Series, folder: &Path, options: &ChartOptions) -> Files {
    draw_set(summary, series, folder, options).unwrap()
}

fn text(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name).with_extension("svg")).unwrap()
}

#[test]
fn a_campaign_is_drawn_pair_by_pair() {
    let analysis = ten_failovers().write().analyze();
    let folder = tempfile::tempdir().unwrap();
    let files = drawn(
        &analysis.summary,
        &analysis.series,
        folder.path(),
        &with_svg(),
    );
    assert_eq!(files.left_out, []);
    let svg = text(folder.path(), "campaign");
    for said in [
        "failover 10",
        // The eighth, on both paths.
        "9.00 s (-",
        "2.20 s (-",
        "direct median of 10",
        "5.75 s, 95 % interval ",
        "2.05 s, 95 % interval ",
        "direct - proxy: median 3.50 s",
        "The proxy was shorter in 9 of 10.",
    ] {
        assert!(svg.contains(said), "{said}: {svg}");
    }
    let label = |number: usize| number.to_string();
    let campaign = Campaign::of_summary(&analysis.summary, label).unwrap();
    assert_eq!((campaign.group, campaign.pairs.len()), (Group::Writer, 10));
    let dots = &campaign.pairs[7];
    let downtimes = [dots.direct, dots.proxy].map(|dot| dot.unwrap().downtime_us);
    assert_eq!(
        (dots.label.as_str(), downtimes),
        ("8", [9_000_000, 2_200_000])
    );
}

#[test]
fn the_parts_of_each_downtime_stand_beside_it() {
    let analysis = ten_failovers().write().analyze();
    let folder = tempfile::tempdir().unwrap();
    drawn(
        &analysis.summary,
        &analysis.series,
        folder.path(),
        &with_svg(),
    );
    let svg = text(folder.path(), "downtime-parts");
    assert_eq!(svg.matches(">\ndirect writes\n").count(), 10);
    for number in 1..=10 {
        assert!(svg.contains(&format!(">\nfailover {number}\n")));
    }
    // The first failure ended 0.1 s after the last success, on each path each time.
    assert_eq!(svg.matches(">\n0.10 s\n").count(), 20);
    // Of 9 s, 8.9 are left: in the bar and in its column.
    assert_eq!(svg.matches(">\n8.90 s\n").count(), 2);
    assert!(svg.contains("first failure") && !svg.contains("new address"));
    assert!(svg.contains(">\n9.00 s (-"));
}

/// A chart of an earlier recording would be taken for one of this.
#[test]
fn what_is_not_drawn_is_removed() {
    let analysis = ten_failovers().write().analyze();
    let folder = tempfile::tempdir().unwrap();
    drawn(
        &analysis.summary,
        &analysis.series,
        folder.path(),
        &with_svg(),
    );
    std::fs::write(folder.path().join("notes.svg"), "mine").unwrap();
    let (summary, series) = cases::make(&case("no-outage"));
    let options = ChartOptions::default();
    let files = drawn(&summary, &series, folder.path(), &options);
    let names = files.left_out.iter().map(|(name, _)| *name);
    assert!(
        names.eq(["errors", "downtime-parts", "campaign"]),
        "{files:?}"
    );
    let mut found: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.ends_with("notes.svg"))
        .collect();
    found.sort();
    let mut written = files.written;
    written.sort();
    assert_eq!(found, written);
    assert!(folder.path().join("notes.svg").exists());
}

/// Eleven classes on one path, from 30 to 31 s one failure of the most frequent.
fn with_errors() -> (Summary, Series) {
    let (summary, mut series) = cases::make(&case("failover"));
    for path in &mut series.paths {
        path.errors_over_time = (0..11)
            .map(|class: usize| {
                let mut counts = vec![0; 60];
                counts[21] = 40 - class as u64;
                counts[30] = u64::from(class == 0);
                ClassSeries {
                    class: format!("class_{class}"),
                    counts,
                }
            })
            .collect();
    }
    (summary, series)
}

#[test]
fn failures_are_stacked_by_class_where_they_ended() {
    let (summary, series) = with_errors();
    let folder = tempfile::tempdir().unwrap();
    drawn(&summary, &series, folder.path(), &with_svg());
    let svg = text(folder.path(), "errors");
    // 32 + 31 + 30 of those without a colour.
    for said in ["41 × class_0", "33 × class_7", "93 × 3 other classes"] {
        assert!(svg.contains(&format!(">\n{said}\n")), "{said}");
    }
    assert!(!svg.contains("class_8"));
    let image = open(&folder.path().join("errors.png"));
    // The colours of the most frequent class, and of the others.
    let column = |seconds: f64, color: [u8; 3]| {
        let x = ((PANEL.0 + seconds / 60.0 * (PANEL.1 - PANEL.0)) * 2.0) as u32;
        let rows = (BELOW_LEGENDS * 2.0) as u32 + 40..image.height();
        rows.filter(|row| image.get_pixel(x, *row).0 == color)
            .count()
    };
    let (first, others) = ([0xbb, 0x33, 0x00], [0x70, 0x78, 0x80]);
    assert!(column(21.3, others) > column(21.3, first) && column(21.3, first) > 20);
    assert!((2..30).contains(&column(30.3, first)));
    assert_eq!((column(30.3, others), column(40.3, first)), (0, 0));
}

/// Every kind of sign at once: no entry lies over another, nor over the panel's name.
#[test]
fn a_long_legend_takes_several_lines() {
    let (summary, series) = with_errors();
    let [_, svg] = svg_all(&summary, &series, &ChartOptions::default())
        .unwrap()
        .into_iter()
        .filter(|(name, _)| ["response-time", "errors"].contains(name))
        .map(|(_, svg)| svg)
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    let at = |text: &str| {
        let end = svg.find(&format!(">\n{text}\n")).unwrap();
        let tag = &svg[svg[..end].rfind("<text").unwrap()..end];
        let number = |name: &str| {
            let from = tag.find(&format!(" {name}=\"")).unwrap() + name.len() + 3;
            tag[from..]
                .split('"')
                .next()
                .unwrap()
                .parse::<f64>()
                .unwrap()
        };
        (number("x"), number("y"))
    };
    let name = at("direct");
    let first = at("41 × class_0");
    let last = at("new writer first seen on direct");
    // On the line of the panel's name stands what its values are; the legend has the lines below, the last one lowest.
    let axis = at("failures in 1 s");
    assert!(
        (axis.1 - name.1).abs() < 10.0 && axis.0 > name.0,
        "{name:?} {axis:?}"
    );
    assert!(first.1 >= axis.1 + 35.0, "{first:?} {axis:?}");
    assert!(last.1 >= first.1 + 35.0);
    // Moments stand below it.
    assert!(at("new writer 0:26.5").1 > last.1);
}

#[test]
fn the_overview_is_one_slide_with_the_headline_as_its_title() {
    let (summary, series) = cases::make(&case("failover"));
    let folder = tempfile::tempdir().unwrap();
    drawn(&summary, &series, folder.path(), &with_svg());
    let size = image::image_dimensions(folder.path().join("overview.png")).unwrap();
    assert_eq!(size, (2400, 1350));
    let svg = text(folder.path(), "overview");
    let title = "Writes down 12.31 s (-0.12 s) direct and 3.10 s (-0.12 s) through the proxy";
    assert!(svg.contains(&format!(">\n{title}\n")), "{svg}");
    assert!(svg.contains(&format!("aria-label=\"{title}\"")));
    // Of reads: half of these.
    assert!(svg.contains(">\n6.16 s (-0.12 s)\n") && svg.contains(">\n1.55 s (-0.12 s)\n"));
}

#[test]
fn every_case_is_drawn_dark_and_in_chinese() {
    for case in cases::all() {
        let (summary, series) = cases::make(&case);
        let options = ChartOptions {
            theme: Theme::Dark,
            language: Language::Zh,
            zone: Some("Asia/Shanghai".parse().unwrap()),
            ..ChartOptions::default()
        };
        let charts = svg_all(&summary, &series, &options).unwrap();
        assert!(charts.len() >= 4, "{}", case.name);
        for (name, svg) in charts {
            assert!(svg.starts_with("<svg role=\"img\" aria-label=\""), "{name}");
            assert!(
                svg.contains("#161A1F") && !svg.contains("#FFFFFF"),
                "{name}"
            );
            assert!(svg.contains("指标定义"), "{name}");
            assert!(
                svg.contains("2026-11-23 04:43:00 Asia/Shanghai, UTC+8"),
                "{name}"
            );
            for english in ["started", "recorded", "failover", "down ", "time since"] {
                assert!(!svg.contains(english), "{} {name}: {english}", case.name);
            }
        }
    }
}

#[test]
fn a_dark_chart_is_dark() {
    let (summary, series) = cases::make(&case("failover"));
    let folder = tempfile::tempdir().unwrap();
    let options = ChartOptions {
        theme: Theme::Dark,
        ..ChartOptions::default()
    };
    for file in drawn(&summary, &series, folder.path(), &options).written {
        let image = open(&file);
        assert_eq!(image.get_pixel(0, 0).0, [0x16, 0x1a, 0x1f]);
        assert_eq!(pixels(&image, [0xff, 0xff, 0xff]), 0, "{}", file.display());
    }
}

#[test]
fn the_time_of_day_stands_at_the_axis_where_a_zone_was_asked_for() {
    let (summary, series) = cases::make(&case("failover"));
    let response = |zone: Option<&str>| {
        let options = ChartOptions {
            zone: zone.map(|zone| zone.parse().unwrap()),
            ..ChartOptions::default()
        };
        svg_all(&summary, &series, &options).unwrap().remove(0).1
    };
    let without = response(None);
    assert!(without.contains("started 2026-11-22 20:43:00 UTC ·"));
    assert!(!without.contains(">\n20:43:05\n"));
    let utc = response(Some("UTC"));
    assert!(utc.contains(">\n20:43:05\n") && utc.contains("the time of day, UTC\n"));
    let dublin = response(Some("America/New_York"));
    assert!(dublin.contains("started 2026-11-22 15:43:00 America/New_York, UTC-5 ·"));
    assert!(dublin.contains(">\n15:44:00\n"));
}

#[test]
fn chinese_needs_a_font_that_has_it() {
    let (summary, series) = cases::make(&case("failover"));
    let folder = tempfile::tempdir().unwrap();
    let options = ChartOptions {
        language: Language::Zh,
        ..ChartOptions::default()
    };
    let error = draw_set(&summary, &series, folder.path(), &options).unwrap_err();
    assert!(matches!(error, ChartError::NoGlyphs { .. }) && error.is_usage());
    let said = error.to_string();
    assert!(
        said.contains("the built-in font") && said.contains("fonts-noto-cjk"),
        "{said}"
    );
    assert!(!said.contains('\n'));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_user_is_told_what_was_not_drawn_and_what_is_wrong() {
    let made = reads_with_a_gap().write();
    let folder = tempfile::tempdir().unwrap();
    let charts = |more: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_analyze"))
            .arg("charts")
            .arg(&made.folder)
            .args(["--out", folder.path().to_str().unwrap()])
            .args(more)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), said)
    };
    let (code, said) = charts(&["--theme", "dark", "--timezone", "europe/dublin"]);
    assert_eq!((code, said.lines().count()), (Some(0), 1), "{said}");
    assert!(said.contains("not drawn, as there is nothing to show: errors (no operation failed)"));
    let (code, said) = charts(&["--lang", "zh"]);
    assert_eq!((code, said.lines().count()), (Some(2), 1), "{said}");
    let (code, said) = charts(&["--timezone", "Asia/Shangai"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("near names: Asia/Shanghai"), "{said}");
}
