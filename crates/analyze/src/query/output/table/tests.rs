use polars::prelude::*;

use super::*;

fn table(frame: &DataFrame, width: Option<usize>) -> String {
    let mut written = Vec::new();
    let mut table = TextTable::new(&mut written, width);
    table.begin(frame.schema()).unwrap();
    table.add(frame).unwrap();
    table.end().unwrap();
    String::from_utf8(written).unwrap()
}

fn frame() -> DataFrame {
    df!(
        "path" => ["direct", "\u{5927}\u{1b}[2J\nx"],
        "n" => [Some(1_234_i64), None],
        "share" => [0.5, 0.000_012_5],
        "error_message" => ["x".repeat(70), "short".to_owned()],
    )
    .unwrap()
}

#[test]
fn a_table_for_a_pipe_is_whole() {
    insta::assert_snapshot!(table(&frame(), None), @r"
    path         n        share  error_message
    direct    1234          0.5  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    大 [2J x     -  1.250000e-5  short
    (2 rows)
    ");
}

#[test]
fn a_table_for_a_terminal_says_what_it_leaves_out() {
    insta::assert_snapshot!(table(&frame(), Some(90)), @r"
    path         n        share  error_message
    direct    1234          0.5  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...
    大 [2J x     -  1.250000e-5  short
    (2 rows)
    (texts that end in ... are cut: --format csv has them whole)
    ");
    insta::assert_snapshot!(table(&frame(), Some(24)), @r"
    path         n
    direct    1234
    大 [2J x     -
    (2 rows)
    (cut to the terminal's width; without the columns share, error_message: --format csv has all)
    ");
    insta::assert_snapshot!(table(&frame(), Some(5)), @r"
    path
    di...
    大...
    (2 rows)
    (cut to the terminal's width; without the columns n, share, error_message: --format csv has all)
    (texts that end in ... are cut: --format csv has them whole)
    ");
    let mut texts = frame();
    texts = texts.select(["path", "error_message"]).unwrap();
    let text = table(&texts, Some(30));
    assert!(
        text.contains("\ndirect    xxxxxxxxxxxxxxxxx...\n"),
        "{text}"
    );
    for width in 4..100 {
        let text = table(&frame(), Some(width));
        let rows = text.lines().take(3);
        assert!(
            rows.clone().all(|line| line.width() <= width),
            "{width}\n{text}"
        );
    }
}

#[test]
fn a_thousand_rows_are_enough() {
    let numbers = |rows: i64| {
        DataFrame::new_infer_height(vec![Column::new("n".into(), (0..rows).collect::<Vec<_>>())])
            .unwrap()
    };
    let text = table(&numbers(1_000), None);
    assert!(text.ends_with("\n999\n(1,000 rows)\n"), "{text}");
    let text = table(&numbers(1_001), None);
    assert!(
        text.contains("\n999\n(the first 1,000 rows; there are more: "),
        "{text}"
    );
    assert_eq!(table(&numbers(0), None), "n\n(0 rows)\n");
}
