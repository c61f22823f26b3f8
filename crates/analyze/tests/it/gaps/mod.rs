//! Outages of several hosts on the database server's clock.

mod command;

use crate::support::{HandMade, Made, START_US, reads_with_a_gap, us};
use analyze::gaps::{Axis, Gaps, HEADLINE_GROUPS};
use analyze::summary::{Group, Summary, Thresholds};
use recording::vocabulary::ErrorClass::{ReadOnly, Refused};
use recording::vocabulary::Path::{Direct, Proxy};

const AHEAD_US: i64 = 37_000_000;
const BEHIND_US: i64 = 1_250_000;

/// Reads are down from 10.0 to 15.0 s.
fn outage() -> HandMade {
    reads_with_a_gap()
        .failed("user_list", 10.2, 10.25, Refused)
        .failed("user_list", 14.7, 14.75, Refused)
}

/// The same, seen by a host whose clock is 37 s ahead.
fn ahead() -> HandMade {
    outage().on_host("bastion-1", "20261122T204337Z-0001", AHEAD_US)
}

/// The same, seen by a host whose clock is 1.25 s behind.
fn behind() -> HandMade {
    outage().on_host("bastion-2", "20261122T204258Z-0002", -BEHIND_US)
}

fn ahead_measured() -> HandMade {
    ahead()
        .measured(Direct, -1.0, -AHEAD_US, 60)
        .measured(Direct, 30.0, -AHEAD_US + 12, 90)
}

fn behind_measured() -> HandMade {
    behind().measured(Direct, -1.0, BEHIND_US, 1_500)
}

fn gaps(made: &[Made]) -> Gaps {
    let summaries: Vec<Summary> = made.iter().map(|made| made.analyze().summary).collect();
    Gaps::new(&summaries, &HEADLINE_GROUPS, Thresholds::default())
}

/// Start and end of every outage, microseconds after the true start.
fn spans(gaps: &Gaps) -> Vec<(i64, i64)> {
    let after = |time: recording::Timestamp| time.micros() - START_US;
    let outages = gaps.outages.iter();
    outages
        .map(|outage| (after(outage.span.start), after(outage.span.end)))
        .collect()
}

#[test]
fn the_same_outage_coincides_on_the_axis_to_the_microsecond() {
    let gaps = gaps(&[ahead_measured().write(), behind_measured().write()]);
    assert_eq!(spans(&gaps), [(us(10.0), us(15.0)); 2]);
    let hosts: Vec<_> = gaps.outages.iter().map(|outage| &outage.host).collect();
    assert_eq!(hosts, ["bastion-1", "bastion-2"]);
    let uncertainties: Vec<_> = gaps
        .outages
        .iter()
        .map(|outage| outage.uncertainty_us)
        .collect();
    assert_eq!(uncertainties, [Some(60), Some(1_500)]);
    let [together] = gaps.together.as_slice() else {
        panic!("{:?}", gaps.together)
    };
    assert_eq!((together.hosts, together.hosts_recording), (2, 2));
    assert_eq!(together.longest_downtime_us, us(5.0));
    assert_eq!(together.axis, Axis::Server);
    assert_eq!(gaps.recordings[0].offset_change_us, Some(12));
    assert_eq!(gaps.recordings[1].offset_change_us, None);
}

#[test]
fn without_offsets_each_stays_on_its_hosts_clock_and_is_marked() {
    let gaps = gaps(&[ahead().write(), behind().write()]);
    let on_host_clocks = |us: i64| (us + 10_000_000, us + 15_000_000);
    assert_eq!(
        spans(&gaps),
        [on_host_clocks(-BEHIND_US), on_host_clocks(AHEAD_US)]
    );
    assert!(gaps.outages.iter().all(|outage| outage.axis == Axis::Host));
    assert_eq!(gaps.together.len(), 2);
    let text = analyze::text::gaps_document(&gaps).text(false);
    assert_eq!(text.matches("host clock").count(), 7, "{text}");
    assert!(text.contains("no offset to the server's clock was measured"));
}

#[test]
fn the_direct_path_is_preferred_then_what_was_measured_before_the_start() {
    let proxy = ahead()
        .measured(Proxy, -1.0, -AHEAD_US + 500, 10)
        .measured(Direct, 30.0, -AHEAD_US + 700, 20)
        .write();
    assert_eq!(spans(&gaps(&[proxy])), [(us(10.0) + 500, us(15.0) + 500)]);
    let both = ahead()
        .measured(Proxy, -1.0, -AHEAD_US + 500, 10)
        .measured(Direct, -1.0, -AHEAD_US, 60)
        .write();
    assert_eq!(spans(&gaps(&[both])), [(us(10.0), us(15.0))]);
}

#[test]
fn an_offset_beyond_all_time_is_no_panic() {
    for (uncertainty_us, expected) in [(i64::MIN, 0), (i64::MAX, i64::MAX)] {
        let made = [i64::MAX, i64::MIN].map(|offset_us| {
            let made = outage().measured(Direct, -1.0, offset_us, uncertainty_us);
            made.write()
        });
        let gaps = gaps(&made);
        assert_eq!(gaps.outages[0].uncertainty_us, Some(expected));
        assert!(
            analyze::text::gaps_document(&gaps)
                .text(false)
                .contains("Outages")
        );
        assert!(serde_json::to_string(&gaps).is_ok());
    }
}
