use super::headline::headline;
use crate::summary::{Group, GroupSummary, Outage, Span};

#[test]
fn union_joins_what_touches() {
    let joined = Span::union(
        [
            Span::new(5, 7),
            Span::new(0, 2),
            Span::new(1, 3),
            Span::new(3, 4),
        ]
        .into_iter(),
    );
    assert_eq!(joined, [Span::new(0, 4), Span::new(5, 7)]);
}

#[test]
fn an_unobserved_group_is_worse_than_a_healthy_one() {
    let group = |group, downtime_us: Option<i64>| GroupSummary {
        group,
        downtime_us,
        resolution_us: 0,
        paused_us: 0,
        at_least: false,
        unobserved: downtime_us.is_none(),
        unobserved_spans: Vec::new(),
        availability: None,
        outages: Vec::new(),
        episodes: Vec::new(),
        blips: Vec::new(),
        brownouts: Vec::new(),
        brownout_us: 0,
        service: None,
    };
    let of =
        |read, writer| headline(&[group(Group::Read, read), group(Group::Writer, writer)]).unwrap();
    assert_eq!(of(Some(0), None).group, Group::Writer);
    // It stands beside the headline, and makes no bound of it.
    let beside = of(Some(5), None);
    assert_eq!(
        (beside.group, beside.at_least, beside.other_unobserved),
        (Group::Read, false, Some(Group::Writer))
    );
    assert_eq!(of(Some(0), None).other_unobserved, None);
    assert_eq!(of(Some(5), Some(6)).group, Group::Writer);
}

#[test]
fn a_short_open_outage_does_not_hide_a_long_one() {
    // Reads were down for a moment when the recording began, writes for long in the middle of it.
    let outage = |start: i64, end: i64, open_at_start, open_at_end| Outage {
        span: Span::new(start, end),
        downtime_us: end - start,
        resolution_us: 0,
        paused_us: 0,
        open_at_start,
        open_at_end,
        first_failure: None,
        evidence: 2,
        errors: Vec::new(),
    };
    let group = |group, outage: Outage| GroupSummary {
        group,
        downtime_us: Some(outage.downtime_us),
        resolution_us: 0,
        paused_us: 0,
        at_least: outage.open_at_start || outage.open_at_end,
        unobserved: false,
        unobserved_spans: Vec::new(),
        availability: None,
        outages: vec![outage],
        episodes: Vec::new(),
        blips: Vec::new(),
        brownouts: Vec::new(),
        brownout_us: 0,
        service: None,
    };
    let writer = group(Group::Writer, outage(50, 62, false, false));
    let at_start = group(Group::Read, outage(0, 1, true, false));
    let found = headline(&[at_start, writer.clone()]).unwrap();
    assert_eq!(
        (found.group, found.downtime_us, found.at_least),
        (Group::Writer, Some(12), false)
    );
    assert!(!found.other_open);
    // Open at the end, the reads may yet become the worse: the writes' figure is what it is, and no verdict can be built on it.
    let at_end = group(Group::Read, outage(99, 100, false, true));
    let found = headline(&[at_end, writer]).unwrap();
    assert_eq!(
        (found.group, found.downtime_us, found.at_least),
        (Group::Writer, Some(12), false)
    );
    assert!(found.other_open);
}
