//! Documents made by hand.

use super::*;
use crate::text::document::Section;
use crate::text::language::english::ENGLISH;
use crate::text::table::item;

fn document() -> Document {
    let mut rows = Table::new(&[("", Side::Left); 3], 0);
    rows.row(vec![
        "direct".into(),
        Cell::new("down 3 s", Tone::Bad),
        "once".into(),
    ]);
    rows.row(vec!["".into(), "fresh client 2 s".into(), "".into()]);
    let mut table = Table::new(&[("path", Side::Left), ("count", Side::Right)], 1);
    table.row(vec!["direct".into(), "1,250".into()]);
    table.note("a|b\nc".to_owned());
    table.row(vec!["direct".into(), Cell::new("7", Tone::Bad)]);
    let captioned = Table::new(&[("x", Side::Left)], 0).captioned("of nothing".to_owned());
    let sections = vec![
        Section::of("top", "", vec![item("Host", "# a_b"), item("State", "-")]),
        Section::new(
            "verdict",
            "Verdict (#1)",
            vec![
                Block::Rows(rows),
                Block::Sentence("- lost".to_owned(), Tone::Bad),
            ],
        ),
        Section::new("charts", "Charts", vec![Block::Charts]),
        Section::new("tables", "Tables", vec![table.into(), captioned.into()]),
        Section::of(
            "notes",
            "Notes",
            Block::Prose(vec!["-: none".to_owned(), "1. x".to_owned()]),
        ),
    ];
    Document::new(&ENGLISH, "A_report", sections).with_headline("direct: down".to_owned())
}

#[test]
fn every_kind_of_block() {
    insta::assert_snapshot!(render(&document(), &[]), @r"
    # A\_report

    - **Host**: # a\_b
    - **State**: -

    ## Verdict (#1)

    - **direct**: **down 3 s**, once
      - fresh client 2 s

    **\- lost**

    ## Tables

    | path | count |
    | :--- | ---: |
    | direct \[1\] | 1,250 |
    | direct | **7** |

    - \[1\] a\|b c

    **of nothing**

    ## Notes

    - \-: none
    - 1\. x
    ");
}

#[test]
fn charts_are_images_that_link_to_their_svg() {
    let charts = [ChartFiles {
        name: "percentiles".to_owned(),
        png: "a b/percentiles.png".to_owned(),
        svg: "a b/percentiles.svg".to_owned(),
    }];
    let text = render(&document(), &charts);
    let expected = "## Charts\n\n[![Percentiles of the response time. direct: down](a%20b/percentiles.png)](a%20b/percentiles.svg)\n\n## Tables\n";
    assert!(text.contains(expected), "{text}");
}

/// Cells that a row has: pipes that are not escaped end one.
fn cells(line: &str) -> usize {
    let escaped = line.replace("\\\\", "").replace("\\|", "");
    escaped.matches('|').count().saturating_sub(1)
}

#[test]
fn every_row_of_a_table_has_its_cells() {
    let text = render(&document(), &[]);
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
    assert_eq!(rows.len(), 4, "{text}");
    assert!(rows.iter().all(|row| cells(row) == 2), "{text}");
}
