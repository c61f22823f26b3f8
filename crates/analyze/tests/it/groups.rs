//! Groups, episodes, blips and brownouts: the rest of the section "Downtime" of `docs/definitions.md`.

use crate::support::{HandMade, group, outages, reads_with_a_gap};
use analyze::summary::Group;
use recording::vocabulary::ErrorClass::{ConnectionLost, ReadOnly, Refused};

#[test]
fn a_reader_that_refuses_writes_is_down_for_writers_and_up_for_all() {
    let made = |refused: fn(HandMade) -> HandMade| {
        let made = HandMade::new(30.0)
            .steady("user_list", 0.1, 0.1, 299, 0.005)
            .steady("update_login", 0.5, 0.5, 20, 0.005)
            .steady("update_login", 20.0, 0.5, 20, 0.005);
        let made = refused(made.failed_with("update_login", (10.5, 10.51), ReadOnly, "25006"));
        let made = refused(made.failed_with("update_login", (15.0, 15.01), ReadOnly, "25006"));
        refused(made.failed_with("place_order", (19.5, 19.51), ReadOnly, "25006")).direct()
    };
    // On the connection of the recording's first operation: the name may have led to the new writer ever since.
    let used = made(|refused| refused);
    assert_eq!(outages(&used, Group::Writer), [(10.0, 20.0, 10.0)]);
    let path = made(HandMade::anew);
    assert_eq!(outages(&path, Group::Writer), [(10.0, 20.0, 0.99)]);
    assert_eq!(outages(&path, Group::Write), [(10.0, 20.0, 5.49)]);
    assert_eq!(outages(&path, Group::All), []);
    assert!(
        group(&path, Group::All).blips.is_empty(),
        "the server answered"
    );
    assert_eq!(outages(&path, Group::Read), []);
    let headline = path.headline.unwrap();
    assert_eq!(
        (headline.group, headline.downtime_us),
        (Group::Writer, Some(10_000_000))
    );
}

#[test]
fn one_piece_of_evidence_is_enough_where_all_is_down() {
    // The median gap of transactions is 2 s: alone, one failure in a gap of 7 s would be a blip.
    let base = || {
        HandMade::new(30.0)
            .steady("place_order", 2.0, 2.0, 5, 0.005)
            .steady("place_order", 17.0, 2.0, 6, 0.005)
            .failed("place_order", 12.0, 12.1, Refused)
    };
    assert_eq!(outages(&base().direct(), Group::Transaction), []);
    let with_reads = base()
        .steady("user_list", 0.1, 0.1, 100, 0.005)
        .steady("user_list", 15.0, 0.1, 150, 0.005)
        .failed("user_list", 10.2, 10.25, Refused)
        .direct();
    assert_eq!(outages(&with_reads, Group::All), [(10.0, 15.0, 3.1)]);
    let (start, end, _) = outages(&with_reads, Group::Transaction)[0];
    assert_eq!((start, end), (10.0, 17.0));
}

#[test]
fn a_group_without_operations_in_an_outage_is_unobserved() {
    let path = reads_with_a_gap()
        .steady("place_order", 3.0, 3.0, 3, 0.005)
        .steady("place_order", 18.0, 3.0, 3, 0.005)
        .failed("user_list", 10.2, 10.25, ConnectionLost)
        .failed("user_list", 14.7, 14.75, Refused)
        .direct();
    let transactions = group(&path, Group::Transaction);
    assert!(transactions.unobserved);
    assert_eq!(transactions.downtime_us, None);
    assert_eq!(transactions.availability, Some(1.0), "printed as `at most`");
    assert!(!group(&path, Group::Read).unobserved);
    assert_eq!(path.headline.unwrap().group, Group::Read);
}

#[test]
fn the_success_that_closes_an_outage_tells_nothing_of_it() {
    // No order failed; the one that ends the outage, 5 ms old, says nothing of what was before.
    let path = HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 100, 0.005)
        .steady("place_order", 3.0, 6.0, 5, 0.005)
        .steady("user_list", 15.1, 0.1, 140, 0.005)
        .failed("user_list", 10.2, 10.25, ConnectionLost)
        .failed("user_list", 14.7, 14.75, Refused)
        .direct();
    assert_eq!(outages(&path, Group::All), [(10.0, 15.0, 0.45)]);
    let transactions = group(&path, Group::Transaction);
    assert!(transactions.unobserved);
    assert_eq!(transactions.downtime_us, None);
}

#[test]
fn a_group_that_was_down_all_through_an_outage_is_not_unobserved() {
    // Reads are refused from 10 to 15 s. No write runs meanwhile, and then the reader refuses writes until 20 s: the writes'
    // own outage covers the whole outage of all.
    let path = reads_with_a_gap()
        .failed("user_list", 10.2, 10.25, ConnectionLost)
        .failed("user_list", 14.7, 14.75, Refused)
        .steady("update_login", 0.5, 0.5, 19, 0.005)
        .failed_with("update_login", (15.5, 15.51), ReadOnly, "25006")
        .failed_with("update_login", (19.5, 19.51), ReadOnly, "25006")
        .steady("update_login", 20.0, 0.5, 20, 0.005)
        .direct();
    let writes = group(&path, Group::Write);
    assert_eq!(outages(&path, Group::Write).len(), 1);
    assert_eq!(writes.downtime_us, Some(10_500_000));
    assert!(!writes.unobserved);
    let headline = path.headline.unwrap();
    assert_eq!(
        (headline.downtime_us, headline.at_least),
        (Some(10_500_000), false)
    );
}

#[test]
fn brownouts_are_gaps_in_which_operations_waited() {
    // Median 5 ms: a read of 300 ms waited, but it is below the floor of 500 ms.
    let path = HandMade::new(20.0)
        .steady("user_list", 0.1, 0.1, 100, 0.005)
        .ok("user_list", 10.01, 10.31)
        .steady("user_list", 10.41, 0.1, 90, 0.005)
        .direct();
    let reads = group(&path, Group::Read);
    assert_eq!(outages(&path, Group::Read), []);
    assert_eq!(reads.brownouts.len(), 1);
    assert_eq!(reads.brownout_us, 300_000);
    assert_eq!(reads.downtime_us, Some(0));
}

#[test]
fn a_short_gap_in_which_no_operation_waited_is_no_brownout() {
    let path = HandMade::new(20.0)
        .steady("user_list", 0.1, 0.1, 100, 0.005)
        .steady("user_list", 10.4, 0.1, 90, 0.005)
        .direct();
    assert!(group(&path, Group::Read).brownouts.is_empty());
}

#[test]
fn outages_less_than_a_second_of_health_apart_are_one_episode() {
    let apart = |health: f64| {
        HandMade::new(40.0)
            .steady("user_list", 0.1, 0.1, 100, 0.005)
            .failed("user_list", 10.2, 10.3, Refused)
            .failed("user_list", 11.2, 11.3, Refused)
            .ok("user_list", 11.995, 12.0)
            .ok("user_list", 11.995 + health, 12.0 + health)
            .failed("user_list", 13.5, 13.6, Refused)
            .failed("user_list", 14.5, 14.6, Refused)
            .steady("user_list", 16.0, 0.1, 240, 0.005)
            .direct()
    };
    let one = apart(0.999_999);
    let reads = group(&one, Group::Read);
    assert_eq!((reads.outages.len(), reads.episodes.len()), (2, 1));
    let episode = &reads.episodes[0];
    assert_eq!((episode.outages, episode.span.length_us()), (2, 6_000_000));
    assert_eq!(
        episode.downtime_us,
        2_000_000 + 3_000_001,
        "the sum, without the health between"
    );
    let two = apart(1.0);
    assert_eq!(group(&two, Group::Read).episodes.len(), 2);
}

#[test]
fn unknown_outcomes_are_evidence_and_rejections_are_successes() {
    let path = HandMade::new(30.0)
        .steady("user_list", 0.1, 0.1, 299, 0.005)
        .steady("place_order", 1.0, 1.0, 10, 0.005)
        .unknown("place_order", 10.2, 10.3, ConnectionLost)
        .anew()
        .unknown("place_order", 11.2, 11.3, ConnectionLost)
        .anew()
        .rejected(14.99, 15.0)
        .steady("place_order", 16.0, 1.0, 14, 0.005)
        .direct();
    assert_eq!(outages(&path, Group::Transaction), [(10.0, 15.0, 3.9)]);
    let transactions = path
        .types
        .iter()
        .find(|rates| rates.name == "transaction")
        .unwrap();
    assert_eq!(
        (transactions.rates.unknown, transactions.rates.rejected),
        (2, 1)
    );
    assert_eq!(transactions.rates.successes, 25);
}

#[test]
fn a_failure_outside_every_outage_is_a_blip() {
    let path = HandMade::new(20.0)
        .steady("user_list", 0.1, 0.1, 199, 0.005)
        .failed("user_list", 5.01, 5.05, ConnectionLost)
        .direct();
    let reads = group(&path, Group::Read);
    assert_eq!((reads.outages.len(), reads.blips.len()), (0, 1));
    assert_eq!(reads.downtime_us, Some(0));
    assert_eq!(reads.blips[0].class.as_str(), "connection_lost");
}
