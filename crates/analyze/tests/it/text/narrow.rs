//! The report on a terminal that is narrower than its tables.

use std::path::PathBuf;

use analyze::summary::Thresholds;
use analyze::text::{Language, document};
use analyze::zone::Zone;

use crate::support::{self, fits::assert_fits};

const GOLDEN: [&str; 4] = [
    "v1-lab-two-downtimes",
    "v1-lab-lost-commits",
    "v1-lab-pgbench",
    "v1-made-words",
];

#[test]
fn no_line_is_wider_than_the_terminal_and_no_word_is_lost() {
    let crate_folder = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap());
    for name in GOLDEN {
        let folder = crate_folder.join("../../data/golden").join(name);
        let summary = support::analyze(&folder, Thresholds::default()).summary;
        let english = document(&summary, Language::En, Zone::default());
        for columns in [80, 100, 160] {
            assert_fits(name, &english, columns);
        }
        let wide = english.text_within(false, Some(100_000));
        assert_eq!(wide, english.text(false));
    }
}

#[test]
fn a_table_goes_on_below_with_the_columns_that_name_a_row() {
    let crate_folder = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap());
    let folder = crate_folder.join("../../data/golden/v1-lab-two-downtimes");
    let summary = support::analyze(&folder, Thresholds::default()).summary;
    let report = document(&summary, Language::En, Zone::default()).text_within(false, Some(80));
    let start = report.find("\nFailovers\n").unwrap();
    let end = report.find("\nEvents\n").unwrap();
    insta::assert_snapshot!(report[start..end].trim_matches('\n'), @r"
    Failovers
           triggered                                                         to last
      no.  (UTC)         path    group           downtime  service downtime  success
        1  12:21:28.895  direct  writer  5.14 s (-0.32 s)  4.11 s (-0.11 s)  0.031 s
                         proxy   writer  1.14 s (-0.08 s)  1.11 s (-0.21 s)  0.000 s

                                              to                         to       to
           triggered                       first   to new   to new    fresh    first
      no.  (UTC)         path    group   failure  address   writer   client  success
        1  12:21:28.895  direct  writer  0.071 s  4.001 s  0.015 s  0.000 s  1.051 s
                         proxy   writer  0.151 s        -        -        -  0.985 s

           triggered                        to full
      no.  (UTC)         path    group   throughput
        1  12:21:28.895  direct  writer     7.000 s
                         proxy   writer     0.000 s
    ");
}
