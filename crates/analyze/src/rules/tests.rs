use proptest::prelude::*;

use super::*;
use crate::figures::{Bounded, Figure, Orientation};
use crate::summary::Unit;

fn said(text: &str) -> String {
    Rule::new(None, text).unwrap_err().to_string()
}

#[test]
fn what_is_no_rule_is_said_with_its_place() {
    let missing = "a figure is missing here, such as proxy.writer.downtime";
    assert_eq!(said(""), format!("{missing}\n  \n  ^"));
    insta::assert_snapshot!(said("  <= 5s"), @r"
    a figure is missing here, such as proxy.writer.downtime
        <= 5s
        ^
    ");
    insta::assert_snapshot!(said("lost"), @r"
    a comparison is missing here: <=, <, >=, >, == or !=
      lost
          ^
    ");
    insta::assert_snapshot!(said("lost = 0"), @r"
    a comparison is missing here: <=, <, >=, >, == or !=
      lost = 0
           ^
    ");
    insta::assert_snapshot!(said("lost =="), @r"
    a value is missing here, such as 5s, 99.95%, 200/s or 0
      lost ==
             ^
    ");
    insta::assert_snapshot!(said("lost == none"), @r"
    a value is missing here, such as 5s, 99.95%, 200/s or 0
      lost == none
              ^
    ");
    insta::assert_snapshot!(said("lost == 1. or absent"), @r"
    a value is missing here, such as 5s, 99.95%, 200/s or 0
      lost == 1. or absent
              ^
    ");
    insta::assert_snapshot!(said("lost == 0 or missing"), @r"
    only a unit or `or absent` may stand here
      lost == 0 or missing
                ^
    ");
    insta::assert_snapshot!(said("lost == 0 && torn == 0"), @r"
    only a unit or `or absent` may stand here
      lost == 0 && torn == 0
                ^
    ");
    insta::assert_snapshot!(said("proxy.writer.downtime <= 5sec"), @r"
    `sec` is no unit; write us, ms, s, m, h, % or /s
      proxy.writer.downtime <= 5sec
                                ^
    ");
    insta::assert_snapshot!(said("proxy.writer.downtime <= 5 s or"), @r"
    only a unit or `or absent` may stand here
      proxy.writer.downtime <= 5 s or
                                   ^
    ");
    insta::assert_snapshot!(said("停机\u{1b}[2J <= 5s"), @r"
    there is no figure `停机 [2J`; `analyze assert --figures RUN` lists all
      停机 [2J <= 5s
      ^
    ");
}

#[test]
fn a_unit_that_does_not_fit_is_said() {
    insta::assert_snapshot!(said("proxy.writer.downtime <= 5"), @r"
    the figure is a time; write a value such as 5s, 50ms or 2m
      proxy.writer.downtime <= 5
                               ^
    ");
    insta::assert_snapshot!(said("proxy.writer.downtime <= 5%"), @r"
    `%` is a unit of fractions, and the figure is a time; write a value such as 5s, 50ms or 2m
      proxy.writer.downtime <= 5%
                               ^
    ");
    insta::assert_snapshot!(said("lost == 0s"), @r"
    `s` is a unit of times, and the figure is a count; write a value such as 0
      lost == 0s
              ^
    ");
    insta::assert_snapshot!(said("direct.success_rate >= 99.95"), @r"
    the figure is a fraction, at most 1; write a value such as 99.95% or 0.9995
      direct.success_rate >= 99.95
                             ^
    ");
    insta::assert_snapshot!(said("direct.tps >= 200ms"), @r"
    `ms` is a unit of times, and the figure is a rate per second; write a value such as 200/s or 200
      direct.tps >= 200ms
                    ^
    ");
    insta::assert_snapshot!(said(&format!("lost <= {}", "9".repeat(400))), @r"
    the number is too large
      lost <= 9999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999
              ^
    ");
}

#[test]
fn a_figure_that_does_not_exist_names_the_near_ones() {
    insta::assert_snapshot!(said("proxy.writer.downtme <= 5s"), @r"
    there is no figure `proxy.writer.downtme`; near it: proxy.writer.downtime, proxy.write.downtime, proxy.writer.downtime_max
      proxy.writer.downtme <= 5s
      ^
    ");
    insta::assert_snapshot!(said("writer.downtime <= 5s"), @r"
    there is no figure `writer.downtime`; near it: direct.writer.downtime, proxy.writer.downtime, direct.writer.downtime_max
      writer.downtime <= 5s
      ^
    ");
    insta::assert_snapshot!(said("  proxy.reader.downtime <= 5s"), @r"
    there is no figure `proxy.reader.downtime`; near it: proxy.read.downtime, proxy.writer.downtime, proxy.all.downtime
        proxy.reader.downtime <= 5s
        ^
    ");
    insta::assert_snapshot!(said("whatever <= 5s"), @r"
    there is no figure `whatever`; `analyze assert --figures RUN` lists all
      whatever <= 5s
      ^
    ");
    // Groups have no response times, and types no downtime.
    insta::assert_snapshot!(said("proxy.writer.p99 <= 5s"), @r"
    there is no figure `proxy.writer.p99`; near it: proxy.write.p99, proxy.write.p90, proxy.write.p95
      proxy.writer.p99 <= 5s
      ^
    ");
}

/// Every unit is that of the figure, as near to the decimal number as a quotient is.
#[test]
fn values_are_in_the_unit_of_their_figure() {
    for (text, limit) in [
        ("proxy.writer.downtime <= 5s", 5e6),
        ("proxy.writer.downtime<=5.000001 s", 5_000_001.0),
        ("proxy.writer.downtime <= 0", 0.0),
        ("proxy.writer.own_share > -1.5s", -1_500_000.0),
        ("direct.read.p99_steady <= 50ms", 50_000.0),
        ("direct.read.p50 <= 250us", 250.0),
        ("paused < 2m", 120e6),
        ("paused < 0.5h", 1_800e6),
        ("direct.success_rate >= 99.95%", 1_999.0 / 2_000.0),
        ("direct.success_rate >= 99.9%", 999.0 / 1_000.0),
        ("direct.success_rate >= 0.9995", 1_999.0 / 2_000.0),
        ("direct.success_rate >= 100%", 1.0),
        ("direct.tps >= 200/s", 200.0),
        ("direct.tps >= 0.5", 0.5),
        ("lost != 12", 12.0),
        ("direct.place_order.p99 <= 1s or absent", 1e6),
    ] {
        let rule = Rule::new(None, text).unwrap();
        assert_eq!(rule.limit, limit, "{text}");
        assert_eq!(rule.expression.or_absent, text.ends_with("absent"));
    }
}

fn verdict(rule: &str, value: Option<(f64, Option<f64>, Option<f64>)>) -> Verdict {
    let rule = Rule::new(None, rule).unwrap();
    let figure = Figure {
        name: rule.expression.figure.clone(),
        unit: Unit::Us,
        orientation: Orientation::LowerIsBetter,
        value: value.map(|(value, least, most)| Bounded { value, least, most }),
    };
    Judged::new(&rule, &[figure]).verdict
}

/// The whole of it has to be so: 4.8 to 5.1 s is neither at most 5 s nor more than 5 s.
#[test]
fn the_whole_of_a_figure_has_to_be_as_the_rule_has_it() {
    use Verdict::{Broken, Holds, Undecided};
    let between = Some((5.1e6, Some(4.8e6), Some(5.1e6)));
    let at_least = Some((5.1e6, Some(4.8e6), None));
    let at_most = Some((5.1e6, None, Some(5.1e6)));
    let unsure = Some((5.1e6, None, None));
    let exact = Some((5e6, Some(5e6), Some(5e6)));
    for (rule, verdicts) in [
        ("<= 4s", [Broken, Broken, Undecided, Undecided, Broken]),
        ("<= 5s", [Undecided, Undecided, Undecided, Undecided, Holds]),
        ("<= 5.1s", [Holds, Undecided, Holds, Undecided, Holds]),
        (
            "< 5.1s",
            [Undecided, Undecided, Undecided, Undecided, Holds],
        ),
        ("< 4.8s", [Broken, Broken, Undecided, Undecided, Broken]),
        ("< 5s", [Undecided, Undecided, Undecided, Undecided, Broken]),
        (">= 4.8s", [Holds, Holds, Undecided, Undecided, Holds]),
        (">= 5s", [Undecided, Undecided, Undecided, Undecided, Holds]),
        (">= 6s", [Broken, Undecided, Broken, Undecided, Broken]),
        (
            "> 4.8s",
            [Undecided, Undecided, Undecided, Undecided, Holds],
        ),
        ("> 5.1s", [Broken, Undecided, Broken, Undecided, Broken]),
        ("== 5s", [Undecided, Undecided, Undecided, Undecided, Holds]),
        ("== 4s", [Broken, Broken, Undecided, Undecided, Broken]),
        (
            "!= 5s",
            [Undecided, Undecided, Undecided, Undecided, Broken],
        ),
        ("!= 4s", [Holds, Holds, Undecided, Undecided, Holds]),
        ("!= 6s", [Holds, Undecided, Holds, Undecided, Holds]),
    ] {
        let rule = format!("proxy.writer.downtime {rule}");
        let found = [between, at_least, at_most, unsure, exact].map(|value| verdict(&rule, value));
        assert_eq!(found, verdicts, "{rule}");
    }
}

#[test]
fn what_cannot_be_given_fails_unless_the_rule_allows_it() {
    let rule = "proxy.writer.downtime <= 5s";
    assert_eq!(verdict(rule, None), Verdict::Absent);
    let rule = "proxy.writer.downtime <= 5s or absent";
    assert_eq!(verdict(rule, None), Verdict::AbsentAllowed);
    // What is there has to hold all the same.
    let down = Some((9e6, Some(9e6), Some(9e6)));
    assert_eq!(verdict(rule, down), Verdict::Broken);
    assert!(!Verdict::Absent.is_pass() && !Verdict::Undecided.is_pass());
}

#[test]
fn a_file_of_rules() {
    let text = "
        [[rule]]
        name = \"writes\"
        rule = \"proxy.writer.downtime <= 5s\"
        [[rule]]
        rule = 'lost == 0'
    ";
    let rules = parse_file(text).unwrap();
    let names: Vec<_> = rules.iter().map(|rule| rule.name.as_deref()).collect();
    assert_eq!(names, [Some("writes"), None]);
    assert_eq!(rules[1].expression.to_string(), "lost == 0");
    let said = |text: &str| parse_file(text).unwrap_err().to_string();
    insta::assert_snapshot!(said(""), @r#"
    it holds no rule; write [[rule]], and below it rule = "lost == 0"
    "#);
    insta::assert_snapshot!(said("[[rule]]\nname = 'x'\n"), @r"
    line 1: missing field `rule`
    ");
    insta::assert_snapshot!(said("[[rule]]\nrule = 'lost == 0'\nlimit = 5\n"), @r"
    line 3: unknown field `limit`, expected `name` or `rule`
    ");
    insta::assert_snapshot!(said("[[rule]]\nrule = 'lost == 0'\n\n[[rule]]\nrule = 'lst == 0'"), @r"
    rule 2: there is no figure `lst`; near it: lost
      lst == 0
      ^
    ");
    insta::assert_snapshot!(said("rule: lost == 0"), @r"
    line 1: key with no value, expected `=`
    ");
}

fn expressions() -> impl Strategy<Value = Expression> {
    let comparisons = prop::sample::select(Comparison::ALL.to_vec());
    let units = prop::sample::select(LiteralUnit::ALL.to_vec());
    let parts = (
        "[a-z0-9_.-]{1,20}",
        comparisons,
        "-?[0-9]{1,9}(\\.[0-9]{1,9})?",
        units,
    );
    (parts, any::<bool>()).prop_map(
        |((figure, comparison, digits, unit), or_absent)| Expression {
            figure,
            comparison,
            literal: Literal { digits, unit },
            or_absent,
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read(expression in expressions()) {
        let text = expression.to_string();
        let parsed = grammar::parse(&text).map(|parsed| parsed.expression);
        prop_assert_eq!(parsed, Ok(expression));
    }

    #[test]
    fn garbage_never_panics(text in ".{0,60}") {
        if let Err(mistake) = Rule::new(None, &text) {
            prop_assert_eq!(mistake.to_string().lines().count(), 3);
        }
        let _ = parse_file(&text);
    }

    /// Pieces of rules in any order.
    #[test]
    fn nearly_rules_never_panic(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "lost", "proxy.writer.downtime", " ", "<=", "==", "=", "5", "s", "%", "/s", ".", "-", "or", "absent", "é", "\t", "延",
            ]),
            0..12,
        )
    ) {
        if let Err(mistake) = Rule::new(None, &pieces.concat()) {
            prop_assert_eq!(mistake.to_string().lines().count(), 3);
        }
    }
}
