//! Both downtimes in the charts: a strip under that of each group that was probed, and the moment from which a fresh client was served.

use analyze::charts::{ChartOptions, draw_all};
use image::RgbImage;

use super::figures::both;

const DOWN: [u8; 3] = [0xd5, 0x3e, 0x00];
const SERVED: [u8; 3] = [0x7a, 0x6a, 0x00];

/// Columns, of two pixels a point, in which `color` is between the two moments of a recording of 60 s.
fn columns(
    image: &RgbImage,
    (left, right): (f64, f64),
    seconds: (f64, f64),
    rows: std::ops::Range<u32>,
    color: [u8; 3],
) -> usize {
    let at = |seconds: f64| ((left + seconds / 60.0 * (right - left)) * 2.0) as u32;
    let has_one = |column: &u32| {
        rows.clone()
            .any(|row| image.get_pixel(*column, row).0 == color)
    };
    (at(seconds.0)..at(seconds.1)).filter(has_one).count()
}

#[test]
fn the_charts_show_both() {
    let analysis = both().analyze();
    let folder = tempfile::tempdir().unwrap();
    let options = ChartOptions {
        svg: true,
        ..ChartOptions::default()
    };
    draw_all(&analysis.summary, &analysis.series, folder.path(), &options).unwrap();
    let text = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let availability = text("availability.svg");
    // Writes of each path, and nothing else, were probed.
    assert_eq!(
        availability.matches(">\nservice\n<").count(),
        2,
        "{availability}"
    );
    for figure in ["4.06 s (-0.11 s)", "1.06 s (-0.11 s)"] {
        assert!(availability.contains(figure), "{figure}");
    }
    assert!(text("response-time.svg").contains("fresh client served"));
    assert!(!text("operations-per-second.svg").contains("fresh client served"));

    let response = image::open(folder.path().join("response-time.png")).unwrap();
    let response = response.to_rgb8();
    let height = response.height();
    // The direct path is above: its fresh client was served at 14.012 s, that of the proxy at 11.012 s.
    let panel = (84.0, 1172.0);
    let upper = 260..height / 2;
    let lower = height / 2 + 60..height;
    for (rows, served, not) in [
        (upper, (13.9, 14.2), (10.5, 11.5)),
        (lower, (10.9, 11.2), (13.5, 14.5)),
    ] {
        assert!(columns(&response, panel, served, rows.clone(), SERVED) > 0);
        assert_eq!(columns(&response, panel, not, rows, SERVED), 0);
    }
    let availability = image::open(folder.path().join("availability.png")).unwrap();
    let availability = availability.to_rgb8();
    // In some row the outage ends with the service's, before the application's.
    let strips = (128.0, 812.0);
    let rows = 0..availability.height();
    let ends_at = |row: u32, end: f64| {
        let row = row..row + 1;
        columns(
            &availability,
            strips,
            (end - 0.6, end - 0.2),
            row.clone(),
            DOWN,
        ) > 0
            && columns(&availability, strips, (end + 0.2, end + 0.6), row, DOWN) == 0
    };
    for end in [14.0, 16.0, 11.0, 13.0] {
        assert!(rows.clone().any(|row| ends_at(row, end)), "{end}");
    }
}
