use super::*;

fn label(edges: (f64, f64), weight: i64) -> Label {
    Label {
        edges,
        long: "writes down 12.3 s".to_owned(),
        short: "12.3 s".to_owned(),
        weight,
    }
}

/// Places labels of marks 4 points wide; fails where two of them overlap.
fn texts(at: &[f64], right: f64) -> Vec<String> {
    let face = Typeface::load(None).unwrap();
    let labels: Vec<Label> = at
        .iter()
        .map(|x| label((x - 2.0, x + 2.0), *x as i64))
        .collect();
    let row = Row {
        face: &face,
        em: 12.0,
        ends: (0.0, right),
        obstacles: vec![],
    };
    let placed = row.place(&labels);
    for (index, one) in placed.iter().enumerate() {
        let end = one.left + face.width(&one.text, 12.0);
        assert!(one.left >= 0.0 && end <= right && !one.inside);
        for other in &placed[index + 1..] {
            assert!(end <= other.left || other.left + face.width(&other.text, 12.0) <= one.left);
        }
    }
    placed.into_iter().map(|placed| placed.text).collect()
}

#[test]
fn labels_grow_short_before_any_is_left_out() {
    assert_eq!(texts(&[200.0, 600.0], 1000.0), ["writes down 12.3 s"; 2]);
    assert_eq!(texts(&[20.0, 80.0, 140.0], 1000.0), ["12.3 s"; 3]);
    assert_eq!(texts(&[300.0, 305.0, 310.0, 400.0], 1000.0).len(), 3);
    assert_eq!(texts(&[5.0], 10.0).len(), 0);
}

#[test]
fn a_label_stands_inside_or_next_to_it_and_never_over_an_obstacle() {
    let face = Typeface::load(None).unwrap();
    let place = |edges, obstacles: &[(f64, f64)]| {
        let row = Row {
            face: &face,
            em: 12.0,
            ends: (0.0, 1000.0),
            obstacles: obstacles.to_vec(),
        };
        row.place(&[label(edges, 0)]).pop()
    };
    assert!(place((400.0, 700.0), &[]).unwrap().inside);
    assert!(place((400.0, 420.0), &[]).unwrap().left > 420.0);
    assert!(place((970.0, 990.0), &[]).unwrap().left < 970.0);
    assert!(place((400.0, 420.0), &[(430.0, 431.0)]).unwrap().left < 400.0);
    let left_of_trigger = place((400.0, 420.0), &[(430.0, 431.0), (396.0, 397.0)]).unwrap();
    assert!(left_of_trigger.left + face.width(&left_of_trigger.text, 12.0) < 396.0);
    assert_eq!(
        place(
            (400.0, 420.0),
            &[
                (430.0, 431.0),
                (300.0, 399.0),
                (200.0, 299.0),
                (20.0, 290.0)
            ]
        ),
        None
    );
}
