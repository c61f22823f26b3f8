//! Writes that were acknowledged and lost, on the time line.

use analyze::charts::{ChartOptions, draw_all};

use super::{STRIPS, open};
use crate::support::audited::{audit, last_orders, orders_with_a_gap};
use image::RgbImage;
use recording::vocabulary::FindingKind::Lost;
use recording::vocabulary::Outcome;
use recording::vocabulary::Path::Direct;

const LOST: [u8; 3] = [0x3b, 0x1f, 0x8f];

fn columns_of(image: &RgbImage, (left, right): (f64, f64), seconds: (f64, f64)) -> usize {
    let at = |seconds: f64| ((left + seconds / 30.0 * (right - left)) * 2.0) as u32;
    let rows = 300..image.height();
    let has_one = |column: &u32| {
        rows.clone()
            .any(|row| image.get_pixel(*column, row).0 == LOST)
    };
    (at(seconds.0)..at(seconds.1)).filter(has_one).count()
}

#[test]
fn lost_writes_are_marked_where_they_were_acknowledged() {
    let made = orders_with_a_gap()
        .steady("user_list", 0.15, 0.1, 298, 0.005)
        .write();
    let draw = || {
        let analysis = made.analyze();
        let folder = tempfile::tempdir().unwrap();
        let options = ChartOptions {
            svg: true,
            ..ChartOptions::default()
        };
        draw_all(&analysis.summary, &analysis.series, folder.path(), &options).unwrap();
        folder
    };
    let without = draw();
    audit(&made, &[(Direct, 270)])
        .found(Direct, Lost, ("create_order", Outcome::Ok), last_orders())
        .write();
    let with = draw();
    for (name, said) in [
        ("availability", "acknowledged, then lost or torn"),
        ("response-time", "20 ok, then lost or torn"),
    ] {
        let text = |folder: &std::path::Path| {
            std::fs::read_to_string(folder.join(name).with_extension("svg")).unwrap()
        };
        assert!(text(with.path()).contains(said), "{name}");
        assert!(!text(without.path()).contains(said), "{name}");
        assert!(text(with.path()).contains(", 20 writes lost"), "{name}");
    }
    let chart = |folder: &std::path::Path, name: &str| open(&folder.join(name));
    let availability = chart(with.path(), "availability.png");
    // 20 lines of 1.5 points, 2.3 points apart.
    assert!(columns_of(&availability, STRIPS, (8.05, 10.1)) >= 40);
    assert_eq!(columns_of(&availability, STRIPS, (0.0, 8.0)), 0);
    assert_eq!(columns_of(&availability, STRIPS, (10.2, 30.0)), 0);
    let response = chart(with.path(), "response-time.png");
    assert!(columns_of(&response, super::PANEL, (8.05, 10.1)) >= 40);
    assert_eq!(columns_of(&response, super::PANEL, (10.3, 30.0)), 0);
    for name in ["availability.png", "response-time.png"] {
        let image = chart(without.path(), name);
        assert_eq!(columns_of(&image, STRIPS, (0.0, 30.0)), 0, "{name}");
    }
}
