//! Temporary: charts to look at.
use super::case;
use crate::support::chart_cases as cases;
use analyze::charts::{ChartOptions, Theme, draw_set};
use analyze::summary::series::ClassSeries;

#[test]
fn look() {
    let Some(out) = std::env::var_os("CHARTS_LOOK") else {
        return;
    };
    let out = std::path::PathBuf::from(out);
    for (theme, name) in [(Theme::Light, "l"), (Theme::Dark, "d")] {
        let options = ChartOptions {
            theme,
            ..ChartOptions::default()
        };
        let direct: Vec<f64> = (0..20).map(|i| 4.0 + f64::from(i * 7 % 11) * 0.5).collect();
        let proxy: Vec<f64> = (0..20).map(|i| 1.0 + f64::from(i * 5 % 7) * 0.4).collect();
        let analysis = crate::campaign::failovers(&direct, &proxy)
            .write()
            .analyze();
        draw_set(
            &analysis.summary,
            &analysis.series,
            &out.join(format!("twenty-{name}")),
            &options,
        )
        .unwrap();
        for case in cases::all() {
            let (summary, series) = cases::make(&case);
            draw_set(
                &summary,
                &series,
                &out.join(format!("{}-{name}", case.name)),
                &options,
            )
            .unwrap();
        }
        let (mut summary, mut series) = cases::make(&case("open-at-the-end"));
        summary.recording.host =
            "a-very-long-host-name-of-a-cluster.of.some.company.in.eu-west-1.example.com "
                .repeat(3);
        summary.recording.run_id = "x".repeat(100);
        let lost = series.paths[0].failures[0];
        series.pauses = vec![analyze::summary::Span::new(
            series.start_us + 10_000_000,
            series.start_us + 12_000_000,
        )];
        for path in &mut series.paths {
            path.lost = vec![analyze::summary::series::LostPoint {
                end_us: lost.end_us,
                response_us: 4000,
                operation_type: recording::vocabulary::OperationType::Write,
            }];
            path.errors_over_time = (0..11)
                .map(|class: usize| {
                    let mut counts = vec![0; 60];
                    counts[50] = 40 - class as u64;
                    counts[51 + class % 7] = class as u64;
                    ClassSeries {
                        class: format!("starting_or_stopping_{class}"),
                        counts,
                    }
                })
                .collect();
        }
        draw_set(
            &summary,
            &series,
            &out.join(format!("all-{name}")),
            &options,
        )
        .unwrap();
    }
}
